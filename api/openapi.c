/* SPDX-License-Identifier: BSD-2-Clause */
#include "handlers.h"

#define CONTENT_TYPE "application/yaml" /* RFC 9512 */

/* FNV-1a (Fowler, Noll, Vo): its start and its prime. */
#define HASH_START 14695981039346656037u
#define HASH_PRIME 1099511628211u

/* The linker's names for the file that it was given; see CMakeLists.txt. */
extern const char _binary_openapi_yaml_start[], _binary_openapi_yaml_end[];

static size_t document_length(void)
{
	/* cppcheck-suppress comparePointers ; they are the two ends of one object */
	return (size_t)(_binary_openapi_yaml_end - _binary_openapi_yaml_start);
}

/* Equal documents have equal tags. */
static uint64_t document_tag(void)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < document_length(); i++)
		hash = (hash ^ (unsigned char)_binary_openapi_yaml_start[i]) * HASH_PRIME;
	return hash;
}

void openapi_get(const struct route_call *call, struct response *ret_response)
{
	struct text text = {0};

	(void)call;
	text_add_bytes(&text, _binary_openapi_yaml_start, document_length());
	response_set(ret_response, MHD_HTTP_OK, CONTENT_TYPE, text);
	response_add_etag(ret_response, "entity tag", document_tag());
}
