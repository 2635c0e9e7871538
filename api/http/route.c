/* SPDX-License-Identifier: BSD-2-Clause */
#include "route.h"

#include <string.h>

static bool segment_matches(const char *pattern, size_t length, const char *segment)
{
	if (*pattern == '{')
		return *segment != '\0';
	return strlen(segment) == length && memcmp(pattern, segment, length) == 0;
}

/* ret_names: written even if the pattern turns out not to match. */
static bool pattern_matches(const char *pattern, const struct path *path,
			    const char *ret_names[ROUTE_NAMES_MAX])
{
	size_t name_count = 0;

	for (size_t i = 0; i < path->segment_count; i++) {
		size_t length;

		if (*pattern++ != '/')
			return false;
		length = strcspn(pattern, "/");
		if (!segment_matches(pattern, length, path->segments[i]))
			return false;
		if (*pattern == '{')
			ret_names[name_count++] = path->segments[i];
		pattern += length;
	}
	return *pattern == '\0';
}

static bool method_matches(const char *wanted, const char *method)
{
	return strcmp(wanted, method) == 0 || (strcmp(wanted, MHD_HTTP_METHOD_GET) == 0 &&
					       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0);
}

static void allow_method(char allow[ROUTE_ALLOW_BYTES], const char *method)
{
	strncat(allow, method, ROUTE_ALLOW_BYTES - strlen(allow) - 1);
	strncat(allow, ", ", ROUTE_ALLOW_BYTES - strlen(allow) - 1);
	if (strcmp(method, MHD_HTTP_METHOD_GET) == 0)
		allow_method(allow, MHD_HTTP_METHOD_HEAD);
}

static bool match_path(const struct routes *routes, const char *method, struct route_match *match)
{
	for (size_t i = 0; i < routes->count; i++) {
		const struct route *route = &routes->routes[i];

		if (!pattern_matches(route->pattern, &match->path, match->names))
			continue;
		allow_method(match->allow, route->method);
		if (method_matches(route->method, method))
			match->route = route;
	}
	if (!match->allow[0])
		return false;
	strncat(match->allow, MHD_HTTP_METHOD_OPTIONS,
		sizeof(match->allow) - strlen(match->allow) - 1);
	return true;
}

enum route_result route_find(const struct routes *routes, const char *method, const char *path,
			     struct route_match *ret_match, struct error *error)
{
	ret_match->route = NULL;
	ret_match->allow[0] = '\0';
	if (path_parse(path, &ret_match->path, error))
		return error->kind == ERROR_SYNTAX ? ROUTE_MALFORMED_PATH : ROUTE_UNKNOWN_PATH;
	if (!match_path(routes, method, ret_match)) {
		error_set(error, ERROR_NOT_FOUND, "there is no path '%s'", path);
		return ROUTE_UNKNOWN_PATH;
	}
	if (ret_match->route)
		return ROUTE_FOUND;
	return strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0 ? ROUTE_OPTIONS : ROUTE_WRONG_METHOD;
}
