/* SPDX-License-Identifier: BSD-2-Clause */
#include "origin.h"

#include "address.h"

#include <string.h>

#define HTTP	   "http://"
#define HTTPS	   "https://"
#define HOST_BYTES 64 /* longer ones are no address */
#define DIGITS	   "0123456789"

static const char *skip_prefix(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncasecmp(text, prefix, length) == 0 ? text + length : NULL;
}

bool origin_is_own(const char *origin, const char *host, bool is_tls)
{
	const char *rest = skip_prefix(origin, HTTPS);

	if (!rest && !is_tls)
		rest = skip_prefix(origin, HTTP);
	return rest && host && strcasecmp(rest, host) == 0;
}

/* Cuts ":7007" off, if it is there, and brackets. False: it is malformed. */
static bool take_name(const char *host, char ret_name[HOST_BYTES])
{
	bool is_bracketed = *host == '[';
	size_t length = is_bracketed ? strcspn(++host, "]") : strcspn(host, ":");
	const char *rest = host + length;

	if (length == 0 || length >= HOST_BYTES || (is_bracketed && *rest++ != ']'))
		return false;
	memcpy(ret_name, host, length);
	ret_name[length] = '\0';
	return !*rest || (*rest == ':' && rest[1 + strspn(rest + 1, DIGITS)] == '\0');
}

bool origin_host_is_loopback(const char *host)
{
	struct carom_address address;
	char name[HOST_BYTES];

	if (!take_name(host, name))
		return false;
	return strcasecmp(name, "localhost") == 0 ||
	       (address_parse(name, &address) && address_is_loopback(&address));
}
