/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guards the API and is read by ourselves. An input's first line is a Host header, its second
 * an Origin, and the rest a token file.
 *
 * A file is refused with errors, or gives roles that can be given; nothing but the very text of a
 * host passes for its origin, and no text for loopback that could be another's name.
 */
#include "fuzz.h"
#include "origin.h"
#include "tokens.h"

#include <strings.h>

static void expect_grant(const struct grant *grant)
{
	if (grant && (grant->role < ROLE_READER || grant->role > ROLE_ADMIN || !grant->name[0]))
		fuzz_fail("'%s' has the role %d", grant->name, (int)grant->role);
}

static void try_tokens(const char *text)
{
	struct error_list errors = {0};
	struct tokens *tokens = tokens_parse(text, strlen(text), &errors);

	if (!tokens == error_list_is_empty(&errors))
		fuzz_fail("%s, and %zu faults", tokens ? "accepted" : "refused", errors.count);
	if (tokens) {
		expect_grant(tokens_find(tokens, text));
		expect_grant(tokens_find_subject(tokens, text));
		if (tokens_find_subject(tokens, ""))
			fuzz_fail("a certificate without a name has a role");
	}
	tokens_free(tokens);
	error_list_done(&errors);
}

static void try_origin(const char *host, const char *origin)
{
	size_t host_length = strlen(host), origin_length = strlen(origin);
	bool ends_in_host = origin_length > host_length &&
			    strcasecmp(origin + origin_length - host_length, host) == 0;

	if (origin_is_own(origin, host, false) && !ends_in_host)
		fuzz_fail("'%s' passes for '%s'", origin, host);
	if (origin_is_own(origin, host, true) && !origin_is_own(origin, host, false))
		fuzz_fail("'%s' is '%s' by TLS only", origin, host);
	if (origin_host_is_loopback(host) && strncasecmp(host, "localhost", 9) != 0 &&
	    strncmp(host, "127.", 4) != 0 && strncmp(host, "[", 1) != 0)
		fuzz_fail("'%s' passes for loopback", host);
}

/* The text up to the next line's end, which is made its own; what is left of *rest. */
static char *take_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	*rest = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = calloc(length + 1, 1), *rest = text;
	char *host, *origin;

	memcpy(text, bytes, length);
	host = take_line(&rest);
	origin = take_line(&rest);
	try_origin(host, origin);
	try_tokens(rest);
	free(text);
	return 0;
}
