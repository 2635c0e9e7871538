/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether it is clear what a request is: where it ends, whom it is for, and what each header says.
 * Of a header that comes twice we would take the one, and a proxy before us the other; so could one
 * request hide in another (RFC 9112, section 11.2). Bytes that may not be in a header belong here,
 * too. After a refusal it is not clear where the next request begins: the connection closes.
 */
#include "request_parts.h"

#include <string.h>

#define CHUNKED	     "chunked"
#define CONTINUE     "100-continue"
#define SINGLE_COUNT (sizeof(single_headers) / sizeof(single_headers[0]))

static const char *const single_headers[] = {
	MHD_HTTP_HEADER_HOST,
	MHD_HTTP_HEADER_CONTENT_LENGTH,
	MHD_HTTP_HEADER_TRANSFER_ENCODING,
	MHD_HTTP_HEADER_CONTENT_TYPE,
	MHD_HTTP_HEADER_CONTENT_ENCODING,
	MHD_HTTP_HEADER_AUTHORIZATION,
	MHD_HTTP_HEADER_ORIGIN,
	MHD_HTTP_HEADER_EXPECT,
	MHD_HTTP_HEADER_IF_MATCH,
	MHD_HTTP_HEADER_IF_NONE_MATCH,
	MHD_HTTP_HEADER_IF_UNMODIFIED_SINCE,
	REQUEST_LAST_EVENT_ID,
};

/* context: a count for each of single_headers. */
static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	unsigned *counts = context;

	(void)kind, (void)value;
	for (size_t i = 0; i < SINGLE_COUNT; i++)
		counts[i] += strcasecmp(name, single_headers[i]) == 0;
	return MHD_YES;
}

static bool check_single(struct request *request)
{
	unsigned counts[SINGLE_COUNT] = {0};

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, counts);
	for (size_t i = 0; i < SINGLE_COUNT; i++) {
		if (counts[i] <= 1)
			continue;
		response_set_problem(&request->response, PROBLEM_BAD_REQUEST,
				     "%s is sent %u times; expected once at most",
				     single_headers[i], counts[i]);
		return false;
	}
	return true;
}

static bool is_http_1_1(const char *version)
{
	return strcmp(version, MHD_HTTP_VERSION_1_1) == 0;
}

static bool check_end(struct request *request, const char *version)
{
	const char *encoding = request_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);

	if (!encoding)
		return true;
	if (!is_http_1_1(version))
		response_set_problem(&request->response, PROBLEM_BAD_REQUEST,
				     "%s has no Transfer-Encoding; expected HTTP/1.1", version);
	else if (request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH))
		response_set_problem(
			&request->response, PROBLEM_BAD_REQUEST,
			"both Content-Length and Transfer-Encoding are sent; expected one");
	else if (strcasecmp(encoding, CHUNKED) != 0)
		response_set_problem(&request->response, PROBLEM_UNSUPPORTED,
				     "Transfer-Encoding is '%s'; expected " CHUNKED, encoding);
	return request->response.status == 0;
}

static bool check_host(struct request *request, const char *version)
{
	if (!is_http_1_1(version) || request_header(request, MHD_HTTP_HEADER_HOST))
		return true;
	response_set_problem(&request->response, PROBLEM_BAD_REQUEST,
			     "Host is missing, without which there is no request by HTTP/1.1");
	return false;
}

static bool check_expectation(struct request *request)
{
	const char *expectation = request_header(request, MHD_HTTP_HEADER_EXPECT);

	if (!expectation || strcasecmp(expectation, CONTINUE) == 0)
		return true;
	response_set_problem(&request->response, PROBLEM_EXPECTATION,
			     "Expect is '%s'; expected " CONTINUE ", or none", expectation);
	return false;
}

bool request_check_framing(struct request *request, const char *version)
{
	request->is_misframed = !check_single(request) || !check_end(request, version) ||
				!check_host(request, version) || !check_expectation(request);
	return !request->is_misframed;
}
