/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding of what locates something: addresses, prefixes, paths, and what the API listens on.
 *
 * Beyond the spelling, it is checked that the thing can serve its purpose: a packet can be sent to
 * a host's address, and a flow's hash can fill a prefix.
 *
 * It owns no state; decoding calls it, on its caller's thread.
 */
#include "config_parts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define PORT_DIGITS_MAX	  5
#define PORT_MAX	  65535
#define OUTER_BITS6_MIN	  96 /* the flow's hash fills 32 bits */
#define LISTEN_SPELLING	  "'unix:/PATH', 'IPV4:PORT' or '[IPV6]:PORT'"
#define ENDPOINT_TEXT_MAX (ADDRESS_TEXT_BYTES + 8) /* "[" address "]:" port */

/* Why no packet can be sent to it, or NULL. */
static const char *unfit_reason(const struct carom_address *address)
{
	if (address_is_zero(address))
		return "the unspecified address";
	if (address_is_loopback(address))
		return "a loopback address";
	if (address_is_multicast(address))
		return "a multicast address";
	if (address_is_link_local(address))
		return "a link-local address";
	if (address_is_broadcast(address))
		return "the broadcast address";
	return NULL;
}

static int refuse_address(const struct json_place *place, const char *text)
{
	char quote[JSON_QUOTE_BYTES], ipv4[ADDRESS_TEXT_BYTES];
	struct carom_address address;

	json_quote(text, quote);
	if (inet_pton(AF_INET6, text, &address) == 1 && address_is_ipv4(&address))
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is an IPv4-mapped IPv6 address; write it as IPv4: '%s'",
				   quote, address_format(&address, ipv4));
	return json_refuse(place, ERROR_INVALID, " '%s' is not an IP address", quote);
}

int config_decode_host(const struct json_place *place, const json_t *json,
		       struct carom_address *ret_address)
{
	struct carom_address address;
	const char *text, *reason;

	if (json_decode_string(place, json, &text))
		return -1;
	if (!address_parse(text, &address))
		return refuse_address(place, text);
	reason = unfit_reason(&address);
	if (reason)
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is %s; expected the unicast address of a host", text,
				   reason);
	*ret_address = address;
	return 0;
}

static int check_source_prefix(const struct json_place *place, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_BYTES];
	const char *reason = unfit_reason(&prefix->address);

	prefix_format(prefix, text);
	if (reason)
		return json_refuse(place, ERROR_INVALID,
				   " '%s' begins with %s; expected unicast addresses", text,
				   reason);
	if (address_family(&prefix->address) == CAROM_IPV6 && prefix->bits < OUTER_BITS6_MIN)
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is too wide; expected /%d to /128, as a flow's hash"
				   " fills 32 bits at most",
				   text, OUTER_BITS6_MIN);
	return 0;
}

int config_decode_source_prefix(const struct json_place *place, const json_t *json,
				enum carom_family family, struct prefix *ret_prefix)
{
	bool is_ipv4 = family == CAROM_IPV4;
	char quote[JSON_QUOTE_BYTES];
	struct prefix prefix;
	const char *text;

	if (json_decode_string(place, json, &text))
		return -1;
	if (!prefix_parse(text, &prefix) || address_family(&prefix.address) != family)
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is not an %s prefix with host bits of zero, like '%s'",
				   json_quote(text, quote), is_ipv4 ? "IPv4" : "IPv6",
				   is_ipv4 ? "10.255.0.0/16" : "2001:db8::/96");
	if (check_source_prefix(place, &prefix))
		return -1;
	*ret_prefix = prefix;
	return 0;
}

int config_check_path(const struct json_place *place, const char *path)
{
	char quote[JSON_QUOTE_BYTES];

	if (path[0] != '/')
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is not absolute; expected a path that begins with '/'",
				   json_quote(path, quote));
	if (strlen(path) >= CONFIG_PATH_BYTES)
		return json_refuse(place, ERROR_INVALID,
				   " '%s' has %zu bytes; expected a path of at most %d",
				   json_quote(path, quote), strlen(path), CONFIG_PATH_BYTES - 1);
	return 0;
}

static int decode_unix_listen(const struct json_place *place, const char *path,
			      struct config_listen *ret_listen)
{
	if (config_check_path(place, path))
		return -1;
	*ret_listen = (struct config_listen){.is_unix = true};
	strcpy(ret_listen->path, path); /* NOLINT: its length is checked */
	return 0;
}

static bool parse_port(const char *text, uint16_t *ret_port)
{
	size_t length = strspn(text, "0123456789");
	unsigned long port;

	if (length == 0 || length > PORT_DIGITS_MAX || text[length] != '\0' || text[0] == '0')
		return false;
	port = strtoul(text, NULL, 10);
	if (port > PORT_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

/* "127.0.0.1:7007" or "[::1]:7007": the brackets are IPv6's. */
static bool parse_endpoint(const char *text, struct config_listen *ret_listen)
{
	struct config_listen listen = {0};
	bool is_bracketed = text[0] == '[';
	char host[ENDPOINT_TEXT_MAX];
	char *colon;
	size_t length = strlen(text);

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length + 1);
	colon = strrchr(host, ':');
	if (!colon || !parse_port(colon + 1, &listen.port))
		return false;
	if (is_bracketed && colon[-1] != ']')
		return false;
	colon[is_bracketed ? -1 : 0] = '\0';
	if (!address_parse(host + is_bracketed, &listen.address))
		return false;
	if (is_bracketed == address_is_ipv4(&listen.address))
		return false;
	*ret_listen = listen;
	return true;
}

int config_decode_listen(const struct json_place *place, const json_t *json,
			 struct config_listen *ret_listen)
{
	char quote[JSON_QUOTE_BYTES];
	struct config_listen listen;
	const char *text;

	if (json_decode_string(place, json, &text))
		return -1;
	if (strncmp(text, CONFIG_UNIX_SCHEME, strlen(CONFIG_UNIX_SCHEME)) == 0)
		return decode_unix_listen(place, text + strlen(CONFIG_UNIX_SCHEME), ret_listen);
	if (!parse_endpoint(text, &listen))
		return json_refuse(place, ERROR_INVALID,
				   " '%s' cannot be listened on; expected " LISTEN_SPELLING,
				   json_quote(text, quote));
	*ret_listen = listen;
	return 0;
}
