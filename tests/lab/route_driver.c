/* SPDX-License-Identifier: BSD-2-Clause */
/* The API's table of routes, for rest_openapi: a JSON array of {"method", "path", "role",
 * "body_bytes_max", "takes_patch", "parameters": [{"name", "kind", "minimum", "maximum"}]}. */
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>

static const char *kind_name(enum parameter_kind kind)
{
	switch (kind) {
	case PARAMETER_NUMBER: return "number";
	case PARAMETER_BOOLEAN: return "boolean";
	case PARAMETER_TEXT: return "text";
	case PARAMETER_ADDRESS: return "address";
	}
	return "unknown";
}

static json_t *parameters_to_json(const struct parameter *parameters)
{
	json_t *array = json_array();

	for (size_t i = 0; parameters && parameters[i].name; i++)
		json_array_append_new(array,
				      json_pack("{s:s, s:s, s:I, s:I}", "name", parameters[i].name,
						"kind", kind_name(parameters[i].kind), "minimum",
						(json_int_t)parameters[i].minimum, "maximum",
						(json_int_t)parameters[i].maximum));
	return array;
}

static json_t *route_to_json(const struct route *route)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:b, s:o}", "method", route->method, "path",
			 route->pattern, "role", role_name(route->role), "body_bytes_max",
			 (json_int_t)route->body_bytes_max, "takes_patch", route->takes_patch,
			 "parameters", parameters_to_json(route->parameters));
}

int main(void)
{
	size_t count;
	const struct route *routes = routes_table(&count);
	json_t *array = json_array();
	int failed;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, route_to_json(&routes[i]));
	failed = json_dumpf(array, stdout, JSON_COMPACT) || putchar('\n') == EOF;
	json_decref(array);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
