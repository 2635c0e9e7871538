/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kit in http/ needs of the config and of the commands. Called by caromd as it starts. */
#include "api.h"

#include "json_parse.h"
#include "routes.h"
#include "view.h"

#include <inttypes.h>
#include <stdio.h>

_Static_assert(LISTEN_PATH_BYTES == CONFIG_PATH_BYTES, "a path is copied whole");

static bool listens_on_tcp(const struct config_api *api)
{
	for (size_t i = 0; i < api->listen_count; i++)
		if (!api->listens[i].is_unix)
			return true;
	return false;
}

struct access *api_guard(const struct config_api *api, const struct opener *opener,
			 struct error_list *errors)
{
	const struct access_options options = {
		.tls =
			{
				.certificate = api->tls.certificate,
				.key = api->tls.key,
				.client_ca = api->tls.client_ca,
			},
		.tokens = api->tokens,
		.socket_group = api->socket_group,
		.socket_mode = api->socket_mode,
		.has_tcp = listens_on_tcp(api),
	};

	return access_new(&options, opener, errors);
}

static struct listen_address address_of(const struct config_listen *listen)
{
	struct listen_address address = {
		.is_unix = listen->is_unix,
		.address = listen->address,
		.port = listen->port,
	};

	memcpy(address.path, listen->path, sizeof(address.path));
	return address;
}

static void set_remark(void *commands, char ret_remark[AUDIT_REMARK_BYTES])
{
	snprintf(ret_remark, AUDIT_REMARK_BYTES, ", revision %" PRIu64,
		 commands_revision(commands));
}

static void end_waits(void *commands)
{
	commands_end_waits(commands);
}

struct server *api_serve(const struct api_options *options, struct error *error)
{
	struct listen_address addresses[CONFIG_LISTENS_MAX];
	struct server_options server = {
		.loop = options->loop,
		.access = options->access,
		.routes =
			{
				.context = options->commands,
				.load = json_parse,
				.view_free = view_free,
				.remark = set_remark,
				.stop = end_waits,
			},
		.addresses = addresses,
		.address_count = options->api->listen_count,
	};

	server.routes.routes = routes_table(&server.routes.count);
	for (size_t i = 0; i < server.address_count; i++)
		addresses[i] = address_of(&options->api->listens[i]);
	return server_new(&server, error);
}
