/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The types of values that are written as text: names, addresses, prefixes, paths, listeners.
 *
 * Beyond the spelling, a value must serve its purpose: a packet can be sent to a host's address, a
 * flow's hash can fill a prefix, a path fits a socket's address.
 *
 * It owns no state; it runs on its caller's thread.
 */
#include "config_parts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_DIGITS_MAX	  5
#define PORT_MAX	  65535
#define OUTER_BITS6_MIN	  96 /* the flow's hash fills 32 bits */
#define UNIX_SCHEME	  "unix:"
#define LISTEN_SPELLING	  "'unix:/PATH', 'IPV4:PORT' or '[IPV6]:PORT'"
#define ENDPOINT_TEXT_MAX (ADDRESS_TEXT_BYTES + 8) /* "[" address "]:" port */
#define LISTEN_TEXT_BYTES (CONFIG_PATH_BYTES + 8)  /* "unix:" and a path is the longest */
#define MODE_TEXT_BYTES	  16
#define MODE_DIGITS	  "01234567"
#define MODE_LENGTH_MAX	  4
#define MODE_MAX	  0777
#define OWNER_READ_WRITE  0600
#define GROUP_CHARACTERS  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* ---- texts that are kept as they are ---- */

static int decode_text(const struct json_place *place, const json_t *json,
		       const struct config_key *key, void *owner)
{
	const char *text;

	if (json_decode_string(place, json, &text) || key->type->check_text(place, text))
		return -1;
	strcpy(config_member(key, owner), text); /* NOLINT: its type checks its length */
	return 0;
}

static json_t *print_text(const struct config_key *key, const void *owner)
{
	return json_string(config_const_member(key, owner));
}

static bool equal_texts(const struct config_key *key, const void *left, const void *right)
{
	return strcmp(config_const_member(key, left), config_const_member(key, right)) == 0;
}

#define TEXT(words, check, rule)                                                                   \
	.name = words, .decode = decode_text, .print = print_text, .equal = equal_texts,           \
	.check_text = check, .schema = rule

static int check_name(const struct json_place *place, const char *text)
{
	char quote[JSON_QUOTE_BYTES];

	if (json_name_is_valid(text))
		return 0;
	return json_refuse(place, ERROR_INVALID,
			   " '%s' is not a name; expected " JSON_NAME_SPELLING,
			   json_quote(text, quote));
}

const struct config_type config_type_name = {
	TEXT("name", check_name,
	     "{'type': 'string', 'pattern': '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'}"),
	.is_definition = true};

/* As the kernel wants it, and without control characters. */
static bool interface_is_valid(const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *at = name; *at; at++)
		if (*at == '/' || *at == ':' || isspace((unsigned char)*at) ||
		    iscntrl((unsigned char)*at))
			return false;
	return name[0] && strlen(name) < CONFIG_INTERFACE_BYTES;
}

static int check_interface(const struct json_place *place, const char *text)
{
	char quote[JSON_QUOTE_BYTES];

	if (interface_is_valid(text))
		return 0;
	return json_refuse(place, ERROR_INVALID,
			   " '%s' is not an interface's name; expected 1 to %d bytes without '/',"
			   " ':' or white space",
			   json_quote(text, quote), CONFIG_INTERFACE_BYTES - 1);
}

const struct config_type config_type_interface = {
	TEXT("interface name", check_interface,
	     "{'type': 'string', 'pattern': "
	     "'^(?!\\\\.{1,2}$)[^/:\\\\s\\\\u0000-\\\\u001f\\\\u007f]{1,15}$'}")};

static int check_seed(const struct json_place *place, const char *text)
{
	if (text[0] && strlen(text) < CONFIG_SEED_BYTES)
		return 0;
	return json_refuse(place, ERROR_INVALID, " has %zu bytes; expected 1 to %d", strlen(text),
			   CONFIG_SEED_BYTES - 1);
}

const struct config_type config_type_seed = {
	TEXT("text", check_seed, "{'type': 'string', 'minLength': 1}"), .is_byte_string = true};

static int check_path(const struct json_place *place, const char *path)
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

const struct config_type config_type_path = {
	TEXT("path", check_path, "{'type': 'string', 'pattern': '^/'}"), .is_byte_string = true};

static int check_path_or_none(const struct json_place *place, const char *path)
{
	return path[0] ? check_path(place, path) : 0;
}

const struct config_type config_type_path_or_none = {
	TEXT("path or empty", check_path_or_none, "{'type': 'string', 'pattern': '^(/|$)'}"),
	.is_byte_string = true};

/* Only this host can tell whether there is such a group: see listen_socket.h. */
static int check_group(const struct json_place *place, const char *text)
{
	size_t length = strspn(text, GROUP_CHARACTERS);
	char quote[JSON_QUOTE_BYTES];

	if (length > 0 && !text[length] && text[0] != '-' && length < CONFIG_GROUP_BYTES)
		return 0;
	return json_refuse(place, ERROR_INVALID,
			   " '%s' is not a group's name; expected 1 to %d of A-Z, a-z, 0-9, '.',"
			   " '_' and '-', not '-' first",
			   json_quote(text, quote), CONFIG_GROUP_BYTES - 1);
}

const struct config_type config_type_group = {
	TEXT("group name", check_group,
	     "{'type': 'string', 'pattern': '^[A-Za-z0-9._][A-Za-z0-9._-]{0,31}$'}")};

/* ---- addresses ---- */

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

static int decode_host(const struct json_place *place, const json_t *json,
		       const struct config_key *key, void *owner)
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
	*(struct carom_address *)config_member(key, owner) = address;
	return 0;
}

static json_t *print_host(const struct config_key *key, const void *owner)
{
	char text[ADDRESS_TEXT_BYTES];

	return json_string_nocheck(address_format(config_const_member(key, owner), text));
}

static bool equal_hosts(const struct config_key *key, const void *left, const void *right)
{
	return address_equal(config_const_member(key, left), config_const_member(key, right));
}

const struct config_type config_type_host = {
	.name = "address",
	.decode = decode_host,
	.print = print_host,
	.equal = equal_hosts,
	.schema = "{'description': 'The unicast IPv4 or IPv6 address of a host; not IPv4-mapped.', "
		  "'type': 'string', 'pattern': "
		  "'^([0-9]{1,3}(\\\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$'}",
	.is_definition = true};

/* ---- prefixes ---- */

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

static int decode_prefix(const struct json_place *place, const json_t *json,
			 const struct config_key *key, void *owner)
{
	bool is_ipv4 = key->type == &config_type_prefix4;
	char quote[JSON_QUOTE_BYTES];
	struct prefix prefix;
	const char *text;

	if (json_decode_string(place, json, &text))
		return -1;
	if (!prefix_parse(text, &prefix) || address_is_ipv4(&prefix.address) != is_ipv4)
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is not an %s prefix with host bits of zero, like '%s'",
				   json_quote(text, quote), is_ipv4 ? "IPv4" : "IPv6",
				   is_ipv4 ? "10.255.0.0/16" : "2001:db8::/96");
	if (check_source_prefix(place, &prefix))
		return -1;
	*(struct prefix *)config_member(key, owner) = prefix;
	return 0;
}

static json_t *print_prefix(const struct config_key *key, const void *owner)
{
	char text[PREFIX_TEXT_BYTES];

	return json_string_nocheck(prefix_format(config_const_member(key, owner), text));
}

static bool equal_prefixes(const struct config_key *key, const void *left, const void *right)
{
	const struct prefix *left_prefix = config_const_member(key, left);
	const struct prefix *right_prefix = config_const_member(key, right);

	return left_prefix->bits == right_prefix->bits &&
	       address_equal(&left_prefix->address, &right_prefix->address);
}

#define PREFIX(words, rule)                                                                        \
	.name = words, .decode = decode_prefix, .print = print_prefix, .equal = equal_prefixes,    \
	.schema = rule

const struct config_type config_type_prefix4 = {
	PREFIX("IPv4 prefix", "{'type': 'string', 'pattern': '^[0-9.]+(/(3[0-2]|[12]?[0-9]))?$'}")};

const struct config_type config_type_prefix6 = {
	PREFIX("IPv6 prefix", "{'type': 'string', 'pattern': "
			      "'^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(/(9[6-9]|1[01][0-9]|12[0-8]))?$'}")};

/* ---- listeners ---- */

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

static int parse_listen(const struct json_place *place, const char *text,
			struct config_listen *ret_listen)
{
	char quote[JSON_QUOTE_BYTES];
	const char *path = text + strlen(UNIX_SCHEME);

	if (strncmp(text, UNIX_SCHEME, strlen(UNIX_SCHEME)) == 0) {
		if (check_path(place, path))
			return -1;
		*ret_listen = (struct config_listen){.is_unix = true};
		strcpy(ret_listen->path, path); /* NOLINT: its length is checked */
		return 0;
	}
	if (parse_endpoint(text, ret_listen))
		return 0;
	return json_refuse(place, ERROR_INVALID,
			   " '%s' cannot be listened on; expected " LISTEN_SPELLING,
			   json_quote(text, quote));
}

static int decode_listen(const struct json_place *place, const json_t *json,
			 const struct config_key *key, void *owner)
{
	const char *text;

	if (json_decode_string(place, json, &text))
		return -1;
	return parse_listen(place, text, config_member(key, owner));
}

static json_t *print_listen(const struct config_key *key, const void *owner)
{
	const struct config_listen *listen = config_const_member(key, owner);
	bool is_ipv4 = address_is_ipv4(&listen->address);
	char address[ADDRESS_TEXT_BYTES], text[LISTEN_TEXT_BYTES];

	if (listen->is_unix)
		snprintf(text, sizeof(text), UNIX_SCHEME "%s", listen->path);
	else
		snprintf(text, sizeof(text), is_ipv4 ? "%s:%u" : "[%s]:%u",
			 address_format(&listen->address, address), listen->port);
	return json_string(text);
}

static bool equal_listens(const struct config_key *key, const void *left, const void *right)
{
	const struct config_listen *one = config_const_member(key, left);
	const struct config_listen *other = config_const_member(key, right);

	return one->is_unix == other->is_unix && strcmp(one->path, other->path) == 0 &&
	       address_equal(&one->address, &other->address) && one->port == other->port;
}

const struct config_type config_type_listen = {
	.name = "listener",
	.decode = decode_listen,
	.print = print_listen,
	.equal = equal_listens,
	.schema = "{'type': 'string', 'anyOf': [{'pattern': '^unix:/', 'maxLength': 112}, "
		  "{'pattern': "
		  "'^([0-9]{1,3}(\\\\.[0-9]{1,3}){3}|\\\\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\\\\]):[1-9]"
		  "[0-9]{0,4}$'}]}"};

/* ---- the mode of a socket, in octal digits ---- */

static int decode_socket_mode(const struct json_place *place, const json_t *json,
			      const struct config_key *key, void *owner)
{
	char quote[JSON_QUOTE_BYTES];
	unsigned long mode;
	const char *text;
	size_t length;

	if (json_decode_string(place, json, &text))
		return -1;
	length = strspn(text, MODE_DIGITS);
	mode = strtoul(text, NULL, 8);
	if (text[length] || length < 3 || length > MODE_LENGTH_MAX || mode > MODE_MAX ||
	    (mode & OWNER_READ_WRITE) != OWNER_READ_WRITE)
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is not a socket's mode; expected octal digits from"
				   " '0600' to '0777'",
				   json_quote(text, quote));
	config_store_number(key, owner, (uint32_t)mode);
	return 0;
}

static json_t *print_socket_mode(const struct config_key *key, const void *owner)
{
	char text[MODE_TEXT_BYTES];

	snprintf(text, sizeof(text), "%04o", config_load_number(key, owner));
	return json_string(text);
}

const struct config_type config_type_socket_mode = {
	.name = "octal mode",
	.decode = decode_socket_mode,
	.print = print_socket_mode,
	.equal = config_equal_numbers,
	.schema = "{'type': 'string', 'pattern': '^0?[67][0-7][0-7]$'}"};
