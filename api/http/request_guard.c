/* SPDX-License-Identifier: BSD-2-Clause */
/* Who a request comes from, whether that may ask this, and the record of what was asked. */
#include "request_parts.h"

#include "origin.h"

#define REALM "Bearer realm=\"carom\""

/* ---- browsers ---- */

/* Where everybody is admin, a page of the World Wide Web must not be somebody. */
static bool needs_loopback_host(const struct request *request)
{
	const struct peer *peer = &request->client->peer;

	return !peer->is_unix && !peer->session && access_is_open(request->common->access);
}

static bool check_host(struct request *request)
{
	const char *host = request_header(request, MHD_HTTP_HEADER_HOST);

	if (!host || !needs_loopback_host(request) || origin_host_is_loopback(host))
		return true;
	response_set_problem(&request->response, PROBLEM_MISDIRECTED,
			     "Host is '%s'; without api.tokens it has to be localhost or a loopback"
			     " address, lest another site's page speak for this host's users",
			     host);
	return false;
}

static bool check_origin(struct request *request)
{
	const char *origin = request_header(request, MHD_HTTP_HEADER_ORIGIN);
	const char *host = request_header(request, MHD_HTTP_HEADER_HOST);

	if (!origin || origin_is_own(origin, host, request->client->peer.session))
		return true;
	response_set_problem(&request->response, PROBLEM_FORBIDDEN,
			     "Origin is '%s': a page that did not come from here asks for this",
			     origin);
	return false;
}

/* ---- roles ---- */

/* Of a route that says none, nobody has thought. */
static enum role needed_role(const struct route *route)
{
	return route->role == ROLE_UNSET ? ROLE_ADMIN : route->role;
}

static void set_unauthenticated(struct request *request, bool has_token, const char *reason)
{
	response_set_problem(&request->response, PROBLEM_UNAUTHENTICATED, "%s", reason);
	response_add_header(&request->response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "%s",
			    has_token ? REALM ", error=\"invalid_token\"" : REALM);
}

static bool check_role(struct request *request)
{
	const char *authorization = request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	enum role needed = needed_role(request->match.route);
	struct caller *caller = &request->caller;
	struct error error = {0};

	if (needed == ROLE_ANYBODY)
		return true;
	if (access_identify(request->common->access, &request->client->peer, authorization, caller,
			    &error)) {
		set_unauthenticated(request, authorization, error.message);
		return false;
	}
	request->is_known = true;
	if (caller->role >= needed)
		return true;
	response_set_problem(&request->response, PROBLEM_FORBIDDEN,
			     "%s has the role '%s'; this needs the role '%s'", caller->name,
			     role_name(caller->role), role_name(needed));
	return false;
}

bool request_check_caller(struct request *request)
{
	return check_host(request) && check_origin(request) && check_role(request);
}

/* ---- the record ---- */

void request_audit(struct request *request, const struct audit_outcome *outcome)
{
	const struct route *route = request->match.route;

	if (!route || !(route->write || route->copies_packets) || request->is_audited)
		return;
	request->is_audited = true;
	audit_log(&request->common->audit_gate, &request->audit_subject,
		  request->is_known ? request->caller.name : NULL, outcome,
		  uv_now(request->common->loop));
}
