/* SPDX-License-Identifier: BSD-2-Clause */
/* caromd's command line. */
#include "api.h"
#include "config.h"
#include "daemon.h"
#include "dataplane.h"
#include "folder.h"
#include "host.h"
#include "log.h"
#include "privileges.h"

#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/carom/carom.json"

enum action { ACTION_RUN, ACTION_CHECK, ACTION_DETACH, ACTION_HELP, ACTION_VERSION, ACTION_WRONG };

struct arguments {
	enum action action;
	const char *config_path;
};

static const char usage[] =
	"usage: caromd [--config FILE] [--check | --detach] [--verbose]\n"
	"\n"
	"Runs the load balancer in the foreground. SIGTERM stops caromd and leaves the data\n"
	"plane running; SIGHUP reads FILE again and takes its vips, and reads certificates\n"
	"and tokens again.\n"
	"\n"
	"  -c, --config FILE  the JSON config (default: " DEFAULT_CONFIG ")\n"
	"      --check        check the config, print every fault, and exit\n"
	"      --detach       take the XDP programs off all interfaces, remove the pins, and exit\n"
	"  -v, --verbose      log what libbpf and libxdp say, too\n"
	"      --version      print the version, and exit\n"
	"  -h, --help         print this, and exit\n";

/* Of --check and --detach. */
static enum action choose(enum action chosen, enum action wanted)
{
	if (chosen == ACTION_RUN || chosen == wanted)
		return wanted;
	fputs("caromd: --check and --detach exclude each other\n", stderr);
	return ACTION_WRONG;
}

static struct arguments parse_arguments(int count, char **values)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"detach", no_argument, NULL, 'd'},
		{"verbose", no_argument, NULL, 'v'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct arguments arguments = {.config_path = DEFAULT_CONFIG};
	int option;

	while ((option = getopt_long(count, values, "c:vh", options, NULL)) != -1) {
		switch (option) {
		case 'c': arguments.config_path = optarg; break;
		case 'k': arguments.action = choose(arguments.action, ACTION_CHECK); break;
		case 'd': arguments.action = choose(arguments.action, ACTION_DETACH); break;
		case 'v': log_set_level(LOG_LEVEL_DEBUG); break;
		case 'V': arguments.action = ACTION_VERSION; return arguments;
		case 'h': arguments.action = ACTION_HELP; return arguments;
		default: arguments.action = ACTION_WRONG; return arguments;
		}
	}
	if (optind < count) {
		fprintf(stderr, "caromd: unexpected argument '%s'\n", values[optind]);
		arguments.action = ACTION_WRONG;
	}
	return arguments;
}

/* What the file says, and what it names. */
struct setup {
	struct privileges_user user;
	struct config *config;
	struct access *access; /* NULL under --detach, which needs none */
};

static void setup_done(struct setup *setup)
{
	access_free(setup->access);
	config_unref(setup->config);
}

/* A config may be meant for another host. */
static void warn_of_interfaces(const struct config_node *node)
{
	for (size_t i = 0; i < node->interface_count; i++) {
		if (if_nametoindex(node->interfaces[i].name) == 0)
			log_line(LOG_LEVEL_WARNING,
				 "interface '%s' does not exist in this network namespace",
				 node->interfaces[i].name);
	}
}

/* What a start would refuse. A folder that cannot be looked at yet may be made by then. */
static void check_folders(const struct setup *setup, struct error_list *errors)
{
	const struct config_node *node = &setup->config->node;
	int folder =
		node->state_dir[0] ? open(node->state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct error error = {0};

	if (dataplane_check_folder(node->bpf_dir, &error))
		error_list_append(errors, &error);
	if (folder < 0)
		return;
	if (folder_check(folder, node->state_dir, &setup->user, &error))
		error_list_append(errors, &error);
	close(folder);
}

/* An opener's open. */
static int open_file(void *context, const char *path)
{
	(void)context;
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* Goes on beyond errors, to tell those of what the config names along with its own. Returns 0; -1:
 * it has told them. */
static int setup_load(struct setup *ret_setup, const struct arguments *arguments)
{
	const char *path = arguments->config_path;
	struct error_list errors = {0};
	json_t *json = json_parse_file(path, &errors);
	struct setup setup = {
		.user = privileges_user(),
		.config = json ? config_from_faulty_json(json, &errors) : NULL,
	};
	const struct opener opener = {open_file, NULL, setup.user.uid};

	json_decref(json);
	if (setup.config && arguments->action != ACTION_DETACH)
		setup.access = api_guard(&setup.config->api, &opener, &errors);
	if (setup.config && arguments->action == ACTION_CHECK)
		check_folders(&setup, &errors);
	if (!error_list_is_empty(&errors)) {
		log_line(LOG_LEVEL_ERROR, "%s cannot be used:", path);
		log_errors(LOG_LEVEL_ERROR, &errors);
	}
	if (setup.config && arguments->action == ACTION_CHECK)
		warn_of_interfaces(&setup.config->node);
	if (error_list_is_empty(&errors)) {
		*ret_setup = setup;
		return 0;
	}
	error_list_done(&errors);
	setup_done(&setup);
	return -1;
}

static int fail(const struct error *error)
{
	log_line(LOG_LEVEL_ERROR, "%s", error->message);
	return EXIT_FAILURE;
}

static int report_good(const struct config *config, const char *path)
{
	size_t backend_count = 0;

	for (size_t i = 0; i < config->vip_count; i++)
		backend_count += config->vips[i]->backend_count;
	printf("%s: good: %zu vips, %zu backends\n", path, config->vip_count, backend_count);
	return EXIT_SUCCESS;
}

static int detach(const struct config *config)
{
	struct error error = {0};
	size_t count = 0;

	if (host_check_capabilities(&error) ||
	    dataplane_detach_all(config->node.bpf_dir, &count, &error))
		return fail(&error);
	printf("%s: taken off %zu interfaces\n", config->node.bpf_dir, count);
	return EXIT_SUCCESS;
}

static int run(const struct setup *setup, const char *path)
{
	struct error error = {0};

	host_raise_file_limit();
	return daemon_run(setup->config, setup->access, path, &setup->user, &error) ? fail(&error)
										    : EXIT_SUCCESS;
}

static int act(const struct arguments *arguments)
{
	struct setup setup;
	int status;

	if (setup_load(&setup, arguments))
		return EXIT_FAILURE;
	if (arguments->action == ACTION_CHECK)
		status = report_good(setup.config, arguments->config_path);
	else if (arguments->action == ACTION_DETACH)
		status = detach(setup.config);
	else
		status = run(&setup, arguments->config_path);
	setup_done(&setup);
	return status;
}

int main(int count, char **values)
{
	struct arguments arguments = parse_arguments(count, values);

	switch (arguments.action) {
	case ACTION_RUN:
	case ACTION_CHECK:
	case ACTION_DETACH: return act(&arguments);
	case ACTION_HELP: fputs(usage, stdout); return EXIT_SUCCESS;
	case ACTION_VERSION: puts("caromd " CAROM_VERSION); return EXIT_SUCCESS;
	case ACTION_WRONG: fputs(usage, stderr); return 2;
	}
	return EXIT_FAILURE;
}
