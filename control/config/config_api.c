/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The API: where it listens, and what guards it. Like the node, only the file sets it and only a
 * restart changes it; what the named files say may change with each reload.
 *
 * It is decoded over its defaults, so that a key which is absent means its default and not what
 * happens to run. Beyond loopback there are others than this host's users, so nothing listens there
 * without encryption and without knowing who comes.
 *
 * It owns no state; it runs on its caller's thread.
 */
#include "config_parts.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_SOCKET	    "/run/carom/api.sock"
#define DEFAULT_SOCKET_MODE 0660
#define MODE_DIGITS	    "01234567"
#define MODE_LENGTH_MAX	    4
#define MODE_MAX	    0777
#define OWNER_READ_WRITE    0600
#define GROUP_CHARACTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* ---- where it listens ---- */

static bool listen_equal(const struct config_listen *left, const struct config_listen *right)
{
	return left->is_unix == right->is_unix && strcmp(left->path, right->path) == 0 &&
	       address_equal(&left->address, &right->address) && left->port == right->port;
}

static int add_listen(const struct json_place *place, struct config_api *api,
		      const struct config_listen *listen, const char *text)
{
	char quote[JSON_QUOTE_BYTES];

	for (size_t index = 0; index < api->listen_count; index++)
		if (listen_equal(&api->listens[index], listen))
			return json_refuse(place, ERROR_CONFLICT, " '%s' is given twice",
					   json_quote(text, quote));
	api->listens[api->listen_count++] = *listen;
	return 0;
}

static int decode_listens(const struct json_place *place, const json_t *json, void *target)
{
	struct config_api *api = target;
	const json_t *element;
	size_t index;
	int failed = 0;

	if (json_check_array(place, json, CONFIG_LISTENS_MAX))
		return -1;
	api->listen_count = 0;
	json_array_foreach(json, index, element)
	{
		struct json_place item = json_place_element(place, index);
		struct config_listen listen;

		if (config_decode_listen(&item, element, &listen))
			failed = -1;
		else
			failed |= add_listen(&item, api, &listen, json_string_value(element));
	}
	return failed;
}

/* ---- Unix sockets ---- */

static int decode_socket_mode(const struct json_place *place, const json_t *json, void *target)
{
	struct config_api *api = target;
	char quote[JSON_QUOTE_BYTES];
	const char *text;
	size_t length;
	unsigned long mode;

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
	api->socket_mode = (uint32_t)mode;
	return 0;
}

/* That there is such a group, only this host can tell: see listen_socket.h. */
static int decode_socket_group(const struct json_place *place, const json_t *json, void *target)
{
	struct config_api *api = target;
	char quote[JSON_QUOTE_BYTES];
	const char *text;
	size_t length;

	if (json_decode_string(place, json, &text))
		return -1;
	length = strspn(text, GROUP_CHARACTERS);
	if (length == 0 || text[length] || text[0] == '-' || length >= CONFIG_GROUP_BYTES)
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is not a group's name; expected 1 to %d of A-Z, a-z,"
				   " 0-9, '.', '_' and '-', not '-' first",
				   json_quote(text, quote), CONFIG_GROUP_BYTES - 1);
	strcpy(api->socket_group, text); /* NOLINT: its length is checked */
	return 0;
}

/* ---- files ---- */

static int decode_path(const struct json_place *place, const json_t *json,
		       char ret_path[CONFIG_PATH_BYTES])
{
	const char *path;

	if (json_decode_string(place, json, &path) || config_check_path(place, path))
		return -1;
	strcpy(ret_path, path); /* NOLINT: its length is checked */
	return 0;
}

static int decode_certificate(const struct json_place *place, const json_t *json, void *target)
{
	struct config_tls *tls = target;

	return decode_path(place, json, tls->certificate);
}

static int decode_key(const struct json_place *place, const json_t *json, void *target)
{
	struct config_tls *tls = target;

	return decode_path(place, json, tls->key);
}

static int decode_client_ca(const struct json_place *place, const json_t *json, void *target)
{
	struct config_tls *tls = target;

	return decode_path(place, json, tls->client_ca);
}

static const struct json_field tls_fields[] = {
	{"certificate", true, decode_certificate},
	{"key", true, decode_key},
	{"client_ca", false, decode_client_ca},
	{NULL, false, NULL},
};

static int decode_tls(const struct json_place *place, const json_t *json, void *target)
{
	struct config_api *api = target;

	if (json_decode_object(place, json, tls_fields, &api->tls) == 0)
		return 0;
	api->tls = (struct config_tls){0};
	return -1;
}

static int decode_tokens(const struct json_place *place, const json_t *json, void *target)
{
	struct config_api *api = target;

	return decode_path(place, json, api->tokens);
}

/* ---- all of it ---- */

static const struct json_field api_fields[] = {
	{"listen", false, decode_listens},
	{"socket_mode", false, decode_socket_mode},
	{"socket_group", false, decode_socket_group},
	{"tls", false, decode_tls},
	{"tokens", false, decode_tokens},
	{NULL, false, NULL},
};

/* What is missing for an address that others than this host's users reach, or NULL. Keys that are
 * there and have faults are not missing. */
static const char *missing_guard(const json_t *json)
{
	const json_t *tls = json_object_get(json, "tls");
	bool knows_clients = json_object_get(json, "tokens") || json_object_get(tls, "client_ca");

	if (!tls)
		return knows_clients ? "api.tls" : "api.tls, and api.tokens or api.tls.client_ca";
	return knows_clients ? NULL : "api.tokens or api.tls.client_ca";
}

/* Whether others than this host's users reach it. What has faults, they do not. */
static bool is_exposed(const json_t *listen)
{
	struct error_list ignored = {0};
	struct json_place place = json_place_document(&ignored);
	struct config_listen decoded;
	int failed = config_decode_listen(&place, listen, &decoded);

	error_list_done(&ignored);
	return !failed && !decoded.is_unix && !address_is_loopback(&decoded.address);
}

/* Of the JSON, so that other faults hide none of these. */
static int check_guard(const struct json_place *place, const json_t *json)
{
	const json_t *listens = json_object_get(json, "listen");
	struct json_place listen = json_place_member(place, "listen");
	const char *missing = missing_guard(json);
	char quote[JSON_QUOTE_BYTES];
	int failed = 0;

	for (size_t index = 0; missing && index < json_array_size(listens); index++) {
		const json_t *element = json_array_get(listens, index);
		struct json_place item = json_place_element(&listen, index);

		if (is_exposed(element))
			failed =
				json_refuse(&item, ERROR_INVALID,
					    " '%s' is not on loopback; what listens there needs %s",
					    json_quote(json_string_value(element), quote), missing);
	}
	return failed;
}

void config_api_set_default(struct config_api *ret_api)
{
	*ret_api = (struct config_api){
		.listens = {{.is_unix = true, .path = DEFAULT_SOCKET}},
		.listen_count = 1,
		.socket_mode = DEFAULT_SOCKET_MODE,
	};
}

int config_decode_api(const struct json_place *place, const json_t *json, void *target)
{
	struct config *config = target;
	int failed;

	config_api_set_default(&config->api);
	failed = json_decode_object(place, json, api_fields, &config->api);
	failed |= check_guard(place, json);
	return failed;
}
