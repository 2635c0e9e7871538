/* SPDX-License-Identifier: BSD-2-Clause */
/* The API's real table of routes: what each method and path leads to. */
#include "handlers.h"
#include "routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum route_result find(const char *method, const char *path, struct route_match *ret_match,
			      struct error *error)
{
	struct routes routes = {0};

	routes.routes = routes_table(&routes.count);
	return route_find(&routes, method, path, ret_match, error);
}

static void expect_found(const char *method, const char *path, const char *pattern,
			 const char *first_name, const char *second_name)
{
	struct route_match match;
	struct error error = {0};

	if (find(method, path, &match, &error) != ROUTE_FOUND)
		fail_msg("%s %s: not found: %s", method, path, error.message);
	assert_string_equal(match.route->pattern, pattern);
	if (strcmp(method, "HEAD") != 0)
		assert_string_equal(match.route->method, method);
	if (first_name)
		assert_string_equal(match.names[0], first_name);
	if (second_name)
		assert_string_equal(match.names[1], second_name);
}

static void expect_no_path(const char *path)
{
	struct route_match match;
	struct error error = {0};

	if (find("GET", path, &match, &error) != ROUTE_UNKNOWN_PATH)
		fail_msg("'%s' leads to %s; expected nowhere", path, match.route->pattern);
}

static void expect_allow(const char *path, const char *expected)
{
	struct route_match match;
	struct error error = {0};

	assert_int_equal(find("TRACE", path, &match, &error), ROUTE_WRONG_METHOD);
	assert_string_equal(match.allow, expected);
	assert_int_equal(find("OPTIONS", path, &match, &error), ROUTE_OPTIONS);
	assert_string_equal(match.allow, expected);
}

static void test_found(void **state)
{
	(void)state;
	expect_found("GET", "/v1/config", "/v1/config", NULL, NULL);
	expect_found("HEAD", "/v1/config", "/v1/config", NULL, NULL);
	expect_found("PUT", "/v1/config", "/v1/config", NULL, NULL);
	expect_found("GET", "/v1/vips", "/v1/vips", NULL, NULL);
	expect_found("DELETE", "/v1/vips/web", "/v1/vips/{vip}", "web", NULL);
	expect_found("PUT", "/v1/vips/a%2Fb", "/v1/vips/{vip}", "a/b", NULL);
	expect_found("GET", "/v1/vips/vips/backends", "/v1/vips/{vip}/backends", "vips", NULL);
	expect_found("PUT", "/v1/vips/web/backends/backends", "/v1/vips/{vip}/backends/{backend}",
		     "web", "backends");
	expect_found("POST", "/v1/vips/web/backends/web-1/drain",
		     "/v1/vips/{vip}/backends/{backend}/drain", "web", "web-1");
	expect_found("GET", "/v1/status", "/v1/status", NULL, NULL);
	expect_found("GET", "/v1/stats", "/v1/stats", NULL, NULL);
	expect_found("GET", "/v1/drops", "/v1/drops", NULL, NULL);
	expect_found("HEAD", "/metrics", "/metrics", NULL, NULL);
	expect_found("GET", "/healthz", "/healthz", NULL, NULL);
	expect_found("GET", "/readyz", "/readyz", NULL, NULL);
}

static void test_unknown_path(void **state)
{
	(void)state;
	expect_no_path("/");
	expect_no_path("/v1");
	expect_no_path("/v1/configs");
	expect_no_path("/v1/confi");
	expect_no_path("/V1/config");
	expect_no_path("/v1/config/");
	expect_no_path("/v1/vips/");
	expect_no_path("/v1/vips//backends");
	expect_no_path("/v1/vips/web/backends/");
	expect_no_path("/v1/vips/web/backends/web-1/garbage");
	expect_no_path("/metrics/x");
	expect_no_path("//metrics");
}

static void test_allow(void **state)
{
	(void)state;
	expect_allow("/v1/config", "GET, HEAD, PUT, PATCH, OPTIONS");
	expect_allow("/v1/vips", "GET, HEAD, OPTIONS");
	expect_allow("/v1/vips/web", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
	expect_allow("/v1/vips/web/backends", "GET, HEAD, PUT, OPTIONS");
	expect_allow("/v1/vips/web/backends/web-1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
	expect_allow("/v1/vips/web/backends/web-1/drain", "POST, OPTIONS");
	expect_allow("/v1/revisions/7", "GET, HEAD, OPTIONS");
	expect_allow("/v1/revisions/7/restore", "POST, OPTIONS");
	expect_allow("/healthz", "GET, HEAD, OPTIONS");
}

static void test_malformed_path(void **state)
{
	struct route_match match;
	struct error error = {0};

	(void)state;
	assert_int_equal(find("GET", "/v1/vips/%", &match, &error), ROUTE_MALFORMED_PATH);
}

static bool has_parameter(const struct route *route, const char *name)
{
	const struct parameter *parameters = route->parameters;

	for (size_t i = 0; parameters && parameters[i].name; i++)
		if (strcmp(parameters[i].name, name) == 0)
			return true;
	return false;
}

static size_t count_parameters(const struct route *route)
{
	size_t count = 0;

	while (route->parameters && route->parameters[count].name)
		count++;
	return count;
}

/* Each row of the table reads, writes or streams; GET takes no body; the parameters that handlers
 * ask for are there. */
static void test_table_is_sound(void **state)
{
	size_t count;
	const struct route *routes = routes_table(&count);

	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		const struct route *route = &routes[i];

		if (!!route->read + route->changes + !!route->stream != 1)
			fail_msg("%s %s", route->method, route->pattern);
		if (strcmp(route->method, "GET") == 0 && route->body_bytes_max)
			fail_msg("%s %s takes a body", route->method, route->pattern);
		if (route->changes != (route->start == write_start) ||
		    route->changes != (route->use != NULL))
			fail_msg("%s %s has no write", route->method, route->pattern);
		if (route->changes && !has_parameter(route, "dry_run"))
			fail_msg("%s %s cannot be tried out", route->method, route->pattern);
		if (route->start == desired_await_config &&
		    !(has_parameter(route, HANDLERS_REVISION) &&
		      has_parameter(route, HANDLERS_WAIT_MS)))
			fail_msg("%s %s cannot be watched", route->method, route->pattern);
		assert_true(count_parameters(route) <= PARAMETERS_MAX);
	}
}

/* Only probes and the API's description need no role; what changes something needs more than a
 * reader's. */
static void test_each_route_has_a_role(void **state)
{
	size_t count;
	const struct route *routes = routes_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct route *route = &routes[i];
		bool is_public = strcmp(route->pattern, "/healthz") == 0 ||
				 strcmp(route->pattern, "/readyz") == 0 ||
				 strcmp(route->pattern, "/openapi.yaml") == 0;

		if (route->role == ROLE_UNSET || (route->role == ROLE_ANYBODY) != is_public ||
		    (route->changes && route->role < ROLE_OPERATOR) ||
		    (route->role == ROLE_OPERATOR && !strstr(route->pattern, "/backends") &&
		     !strstr(route->pattern, "/capture")))
			fail_msg("%s %s is for the role '%s'", route->method, route->pattern,
				 role_name(route->role));
	}
}

static void expect_role(const char *method, const char *path, enum role expected)
{
	struct route_match match;
	struct error error = {0};

	assert_int_equal(find(method, path, &match, &error), ROUTE_FOUND);
	assert_string_equal(role_name(match.route->role), role_name(expected));
}

static void test_who_may_what(void **state)
{
	(void)state;
	expect_role("GET", "/v1/config", ROLE_READER);
	expect_role("HEAD", "/metrics", ROLE_READER);
	expect_role("POST", "/v1/vips/web/backends/web-1/drain", ROLE_OPERATOR);
	expect_role("PUT", "/v1/vips/web/backends", ROLE_OPERATOR);
	expect_role("DELETE", "/v1/vips/web/backends/web-1", ROLE_OPERATOR);
	expect_role("PUT", "/v1/vips/web", ROLE_ADMIN);
	expect_role("DELETE", "/v1/vips/web", ROLE_ADMIN);
	expect_role("PUT", "/v1/config", ROLE_ADMIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),	       cmocka_unit_test(test_unknown_path),
		cmocka_unit_test(test_allow),	       cmocka_unit_test(test_malformed_path),
		cmocka_unit_test(test_table_is_sound), cmocka_unit_test(test_each_route_has_a_role),
		cmocka_unit_test(test_who_may_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
