/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data plane, engine, commands and API around one event loop.
 *
 * Up: maps; the engine, which publishes a first generation as soon as next hops are known; the API,
 * which can fail without harm; last the program on the interfaces, so that no packet meets empty
 * tables. Down: the API, then commands and engine; programs and maps stay.
 */
#include "daemon.h"

#include "api.h"
#include "commands_setup.h"
#include "dataplane.h"
#include "engine.h"
#include "flow_key.h"
#include "folder.h"
#include "host.h"
#include "keeper.h"
#include "log.h"
#include "privileges.h"
#include "revisions.h"
#include "store.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { SIGNAL_TERMINATE, SIGNAL_INTERRUPT, SIGNAL_RELOAD, SIGNAL_COUNT };

struct daemon {
	struct config *config; /* the first desired state: as stored, or else as in the file */
	struct access *access; /* borrowed */
	const char *config_path;
	struct privileges_user user; /* to run as once it is started */
	struct keeper *keeper;	     /* NULL: the user does not change */
	struct store *store;
	struct revisions *history;
	uv_loop_t loop;
	uv_signal_t signals[SIGNAL_COUNT];
	uint64_t flow_key[2];
	struct dataplane *dataplane;
	struct engine *engine;
	struct engine_observer observer;
	bool has_published; /* a first generation */
	struct commands *commands;
	struct server *server;
	struct error error; /* why it could not start */
	bool stopping;
};

static enum attach_mode attach_mode(enum config_attach_mode mode)
{
	switch (mode) {
	case CONFIG_MODE_AUTO: return ATTACH_AUTO;
	case CONFIG_MODE_NATIVE: return ATTACH_NATIVE;
	case CONFIG_MODE_GENERIC: return ATTACH_GENERIC;
	}
	return ATTACH_AUTO;
}

/* ---- down ---- */

static void close_commands(void *context)
{
	struct daemon *daemon = context;

	if (daemon->keeper)
		keeper_remove_sockets(daemon->keeper);
	commands_stop(daemon->commands);
	engine_stop(daemon->engine);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
}

static void stop(struct daemon *daemon)
{
	if (daemon->stopping)
		return;
	daemon->stopping = true;
	if (daemon->server)
		server_stop(daemon->server, close_commands, daemon);
	else
		close_commands(daemon);
}

static void on_stop_signal(uv_signal_t *handle, int signal)
{
	log_line(LOG_LEVEL_INFO, "stopping on signal %d; the data plane goes on", signal);
	stop(handle->data);
}

/* ---- reload ---- */

static void log_refusal(const struct daemon *daemon, const struct error_list *errors)
{
	log_line(LOG_LEVEL_ERROR, "%s is not taken over:", daemon->config_path);
	log_errors(LOG_LEVEL_ERROR, errors);
}

static void on_reloaded(void *context, const struct commands_result *result)
{
	const struct daemon *daemon = context;

	if (result->errors)
		log_refusal(daemon, result->errors);
	else
		log_line(LOG_LEVEL_INFO, "%s is in force as revision %llu", daemon->config_path,
			 (unsigned long long)result->revision);
}

/* An opener's open. Without a keeper, the user is the one that opened them at the start. */
static int open_again(void *context, const char *path)
{
	const struct daemon *daemon = context;

	return daemon->keeper ? keeper_open(daemon->keeper, path)
			      : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static void reload_access(struct daemon *daemon, const struct opener *opener)
{
	struct error_list errors = {0};

	if (!access_has_files(daemon->access))
		return;
	if (access_reload(daemon->access, opener, &errors)) {
		log_line(LOG_LEVEL_ERROR, "api: certificates and tokens stay as they were:");
		log_errors(LOG_LEVEL_ERROR, &errors);
	} else {
		log_line(LOG_LEVEL_INFO, "api: certificates and tokens are read again");
	}
	error_list_done(&errors);
}

static void on_reload_signal(uv_signal_t *handle, int signal)
{
	struct daemon *daemon = handle->data;
	const struct commands_write write = {
		.author = "SIGHUP",
		.reply = {on_reloaded, daemon},
	};
	const struct opener opener = {open_again, daemon, daemon->user.uid};
	struct error_list errors = {0};
	json_t *json;

	(void)signal;
	reload_access(daemon, &opener);
	json = json_parse_opened(daemon->config_path, &opener, &errors);
	if (json)
		commands_put_config(daemon->commands, json, &write);
	else
		log_refusal(daemon, &errors);
	json_decref(json);
	error_list_done(&errors);
}

/* ---- up ---- */

/* An interface that was bare before this start is bare again after it failed. One whose program was
 * replaced goes on by the new one, whose maps are kept for the next start. */
static void undo_attach(struct daemon *daemon, const struct attachment *attachments, size_t count)
{
	struct error error = {0};
	bool replaced = false;

	for (size_t i = 0; i < count; i++) {
		replaced |= attachments[i].replaced;
		if (!attachments[i].replaced &&
		    dataplane_detach(daemon->dataplane, attachments[i].interface, &error))
			log_line(LOG_LEVEL_ERROR, "%s", error.message);
	}
	if (replaced && dataplane_keep(daemon->dataplane, &error))
		log_line(LOG_LEVEL_ERROR, "%s", error.message);
}

static int attach(struct daemon *daemon, const struct config_interface *interface,
		  struct attachment *ret_attachment)
{
	if (dataplane_attach(daemon->dataplane, interface->name, attach_mode(interface->mode),
			     ret_attachment, &daemon->error))
		return -1;
	log_line(LOG_LEVEL_INFO, "interface '%s': %s in %s mode%s: %s", interface->name,
		 ret_attachment->replaced ? "replaced" : "attached",
		 attach_mode_name(ret_attachment->mode),
		 ret_attachment->dispatcher ? " through a dispatcher" : "", ret_attachment->reason);
	return 0;
}

static int attach_all(struct daemon *daemon)
{
	const struct config_node *node = &daemon->config->node;
	struct attachment attachments[CONFIG_INTERFACES_MAX];
	size_t count = 0;

	while (count < node->interface_count &&
	       attach(daemon, &node->interfaces[count], &attachments[count]) == 0)
		count++;
	if (count == node->interface_count &&
	    dataplane_keep(daemon->dataplane, &daemon->error) == 0)
		return engine_set_attachments(daemon->engine, attachments, count, &daemon->error);
	undo_attach(daemon, attachments, count);
	return -1;
}

static int listen_api(struct daemon *daemon)
{
	const struct api_options options = {
		.loop = &daemon->loop,
		.commands = daemon->commands,
		.access = daemon->access,
		.api = &daemon->config->api,
	};

	daemon->server = api_serve(&options, &daemon->error);
	if (daemon->server && daemon->keeper)
		keeper_note_sockets(daemon->keeper);
	return daemon->server ? 0 : -1;
}

/* An engine_observer's notify: what follows on the first generation, or on having none. */
static void on_engine_event(void *context, enum engine_event event, const struct error *reason)
{
	struct daemon *daemon = context;

	if (daemon->has_published || (event != ENGINE_PUBLISHED && event != ENGINE_GIVEN_UP))
		return;
	daemon->has_published = event == ENGINE_PUBLISHED;
	if (reason)
		daemon->error = *reason;
	else if (listen_api(daemon) == 0 && attach_all(daemon) == 0 &&
		 privileges_drop(&daemon->user, &daemon->error) == 0)
		log_line(LOG_LEVEL_INFO, "ready: %zu vips on %zu interfaces",
			 daemon->config->vip_count, daemon->config->node.interface_count);
	if (daemon->error.kind)
		stop(daemon);
}

static void start_signals(struct daemon *daemon)
{
	static const struct {
		int number;
		uv_signal_cb handler;
	} signals[SIGNAL_COUNT] = {
		[SIGNAL_TERMINATE] = {SIGTERM, on_stop_signal},
		[SIGNAL_INTERRUPT] = {SIGINT, on_stop_signal},
		[SIGNAL_RELOAD] = {SIGHUP, on_reload_signal},
	};

	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		uv_signal_start(&daemon->signals[i], signals[i].handler, signals[i].number);
	}
}

/* What means nothing here must not end it: a kill by the wrong number, or a socket's end. */
static void ignore_signals(void)
{
	static const int numbers[] = {SIGPIPE, SIGUSR1,	  SIGUSR2, SIGALRM,
				      SIGIO,   SIGVTALRM, SIGPROF, SIGCHLD};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_IGN);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		signal(number, SIG_IGN);
}

/* refusal: why the pinned maps are not adopted; NULL: they may be. */
static int open_dataplane(struct daemon *daemon, const char *refusal)
{
	const struct config_node *node = &daemon->config->node;
	struct dataplane_options options = {
		.bpf_dir = node->bpf_dir,
		.limits =
			{
				.vips = node->limits.vips,
				.backends = node->limits.backends,
				.slots = node->limits.slots,
				.flows = node->limits.flows,
				.flow_inserts_per_s = node->limits.flow_inserts_per_s,
				.flow_idle_timeout_s = node->flow_idle_timeout_ms / 1000,
			},
		.hash_key = {daemon->flow_key[0], daemon->flow_key[1]},
		.refusal = refusal,
	};

	daemon->dataplane = dataplane_new(&options, &daemon->error);
	return daemon->dataplane ? 0 : -1;
}

static int open_engine(struct daemon *daemon)
{
	struct engine_options options = {
		.loop = &daemon->loop,
		.dataplane = daemon->dataplane,
		.config = daemon->config,
		.store = daemon->store,
		.history = daemon->history,
	};

	daemon->engine = engine_new(&options, &daemon->error);
	return daemon->engine ? 0 : -1;
}

/* After the engine, to which nothing happens before the loop runs. */
static int open_commands(struct daemon *daemon)
{
	daemon->commands = commands_new(daemon->engine, daemon->dataplane, &daemon->error);
	if (!daemon->commands)
		return -1;
	daemon->observer.notify = on_engine_event;
	daemon->observer.context = daemon;
	engine_observe(daemon->engine, &daemon->observer);
	return 0;
}

/* The stored vips win over the file's, which only begin the first start. */
static int use_stored(struct daemon *daemon, const struct revision *stored)
{
	const char *folder = daemon->config->node.state_dir;
	struct error_list errors = {0};

	if (config_check(stored->config, &errors)) {
		error_set(&daemon->error, ERROR_CONFLICT,
			  "revision %llu in node.state_dir '%s' does not go with this config; the "
			  "first fault: %s",
			  (unsigned long long)stored->number, folder, errors.items[0].message);
		error_list_done(&errors);
		return -1;
	}
	log_line(LOG_LEVEL_INFO, "revision %llu is taken from '%s'",
		 (unsigned long long)stored->number, folder);
	config_unref(daemon->config);
	daemon->config = config_ref(stored->config);
	return 0;
}

static int open_store(struct daemon *daemon)
{
	const char *folder = daemon->config->node.state_dir;
	const struct revision *stored;
	int result;

	daemon->history = revisions_new(REVISIONS_KEPT, REVISIONS_BYTES_MAX);
	if (!daemon->history)
		return error_set(&daemon->error, ERROR_SYSTEM, "out of memory");
	if (!folder[0])
		return 0;
	daemon->store = store_new(folder, &daemon->error);
	if (!daemon->store ||
	    folder_check(store_folder(daemon->store), folder, &daemon->user, &daemon->error) ||
	    folder_give(store_folder(daemon->store), folder, &daemon->user, &daemon->error))
		return -1;
	/* So the user's files lead to nothing that is root's alone. */
	privileges_files_as_user(&daemon->user);
	result = store_load(daemon->store, daemon->config, daemon->history, &daemon->error);
	privileges_files_as_root(&daemon->user);
	if (result)
		return -1;
	stored = revisions_newest(daemon->history);
	return stored ? use_stored(daemon, stored) : 0;
}

/* What cannot be adopted is replaced: packets go on by it until the program is exchanged. */
static int open_parts(struct daemon *daemon)
{
	struct error refusal;

	if (flow_key_find(&daemon->config->node, daemon->flow_key, &daemon->error) ||
	    open_dataplane(daemon, NULL))
		return -1;
	if (open_engine(daemon) == 0)
		return 0;
	if (daemon->error.kind != ERROR_CONFLICT)
		return -1;
	refusal = daemon->error;
	log_line(LOG_LEVEL_WARNING, "%s; it is replaced", refusal.message);
	daemon->error = (struct error){0};
	dataplane_free(daemon->dataplane);
	return open_dataplane(daemon, refusal.message) ? -1 : open_engine(daemon);
}

static int start_keeper(struct daemon *daemon)
{
	const struct config_api *api = &daemon->config->api;
	struct keeper_paths paths = {
		.files = {daemon->config_path, api->tls.certificate, api->tls.key,
			  api->tls.client_ca, api->tokens},
		.file_count = 5,
	};

	if (!daemon->user.changes)
		return 0;
	for (size_t i = 0; i < api->listen_count; i++)
		if (api->listens[i].is_unix)
			paths.sockets[paths.socket_count++] = api->listens[i].path;
	daemon->keeper = keeper_new(&paths, &daemon->error);
	return daemon->keeper ? 0 : -1;
}

static void run(struct daemon *daemon)
{
	if (uv_loop_init(&daemon->loop)) {
		error_set(&daemon->error, ERROR_SYSTEM, "cannot make the event loop");
		return;
	}
	config_ref(daemon->config);
	if (open_store(daemon) == 0 && open_parts(daemon) == 0 && open_commands(daemon) == 0) {
		start_signals(daemon);
		uv_run(&daemon->loop, UV_RUN_DEFAULT);
	}
	commands_free(daemon->commands);
	engine_free(daemon->engine);
	dataplane_free(daemon->dataplane);
	revisions_free(daemon->history);
	store_free(daemon->store);
	config_unref(daemon->config);
	uv_loop_close(&daemon->loop);
}

int daemon_run(struct config *config, struct access *access, const char *config_path,
	       const struct privileges_user *user, struct error *ret_error)
{
	struct daemon daemon = {
		.config = config,
		.access = access,
		.config_path = config_path,
		.user = *user,
	};

	ignore_signals();
	if (host_check_capabilities(ret_error) || privileges_check_user(user, ret_error))
		return -1;
	/* Before there are threads: jansson's hash tables share one seed. */
	json_object_seed(0);
	if (start_keeper(&daemon) == 0 && privileges_start_pool(&daemon.user, &daemon.error) == 0)
		run(&daemon);
	keeper_free(daemon.keeper);
	if (!daemon.error.kind)
		return 0;
	*ret_error = daemon.error;
	return -1;
}
