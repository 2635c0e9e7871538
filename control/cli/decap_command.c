/* SPDX-License-Identifier: BSD-2-Clause */
#include "decap_command.h"

#include "decap.h"
#include "host.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_BPF_DIR "/sys/fs/bpf/carom-decap"
#define EXIT_USAGE	2

const char decap_command_usage[] =
	"usage: carom decap attach INTERFACE --allow PREFIX… [--mode auto|native|generic]\n"
	"       carom decap detach INTERFACE\n"
	"       carom decap status INTERFACE\n"
	"\n"
	"On a backend: unwraps IP-in-IP packets of both families that come from the outer source\n"
	"addresses in PREFIX (repeat --allow for more), and hands them to the kernel.\n"
	"\n"
	"  --allow PREFIX   an address or a prefix of a balancer: 10.0.0.7, 2001:db8:1::/64\n"
	"  --mode MODE      native if the driver can, else generic (auto, the default), or one\n"
	"  --bpf-dir DIR    where maps are pinned (default: " DEFAULT_BPF_DIR ")\n";

struct decap_arguments {
	const char *verb;
	const char *interface;
	const char *bpf_dir;
	enum attach_mode mode;
	struct prefix allowed[CAROM_DECAP_PREFIXES_MAX];
	size_t allowed_count;
};

static int fail_usage(const char *what, const char *found)
{
	fprintf(stderr, "carom decap: %s '%s'\n\n%s", what, found, decap_command_usage);
	return EXIT_USAGE;
}

static int fail(const struct error *error)
{
	fprintf(stderr, "carom decap: %s\n", error->message);
	return EXIT_FAILURE;
}

static int add_prefix(struct decap_arguments *arguments, const char *text)
{
	if (arguments->allowed_count == CAROM_DECAP_PREFIXES_MAX)
		return fail_usage("the allow-list is full at", text);
	if (!prefix_parse(text, &arguments->allowed[arguments->allowed_count]))
		return fail_usage("--allow takes an address or a prefix without host bits, not",
				  text);
	arguments->allowed_count++;
	return 0;
}

static int set_mode(struct decap_arguments *arguments, const char *text)
{
	static const enum attach_mode modes[] = {ATTACH_AUTO, ATTACH_NATIVE, ATTACH_GENERIC};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(text, attach_mode_name(modes[i])) == 0) {
			arguments->mode = modes[i];
			return 0;
		}
	}
	return fail_usage("--mode takes auto, native or generic, not", text);
}

static int parse_option(struct decap_arguments *arguments, int option)
{
	switch (option) {
	case 'a': return add_prefix(arguments, optarg);
	case 'm': return set_mode(arguments, optarg);
	case 'b': arguments->bpf_dir = optarg; return 0;
	default: fputs(decap_command_usage, stderr); return EXIT_USAGE;
	}
}

static int parse(int count, char **values, struct decap_arguments *arguments)
{
	static const struct option options[] = {
		{"allow", required_argument, NULL, 'a'},
		{"mode", required_argument, NULL, 'm'},
		{"bpf-dir", required_argument, NULL, 'b'},
		{NULL, 0, NULL, 0},
	};
	int option, status;

	while ((option = getopt_long(count, values, "", options, NULL)) != -1) {
		status = parse_option(arguments, option);
		if (status)
			return status;
	}
	if (count - optind != 2) {
		fputs(decap_command_usage, stderr);
		return EXIT_USAGE;
	}
	arguments->verb = values[optind];
	arguments->interface = values[optind + 1];
	return 0;
}

static int attach(const struct decap_arguments *arguments)
{
	struct decap_options options = {
		.interface = arguments->interface,
		.bpf_dir = arguments->bpf_dir,
		.mode = arguments->mode,
		.allowed = arguments->allowed,
		.allowed_count = arguments->allowed_count,
	};
	struct attachment attachment;
	struct error error = {0};

	if (!arguments->allowed_count)
		return fail_usage("attach needs at least one --allow PREFIX for",
				  arguments->interface);
	if (host_check_capabilities(&error) || decap_attach(&options, &attachment, &error))
		return fail(&error);
	printf("%s: decapsulation %s in %s mode: %s\n", arguments->interface,
	       attachment.replaced ? "replaced" : "attached", attach_mode_name(attachment.mode),
	       attachment.reason);
	return EXIT_SUCCESS;
}

static int detach(const struct decap_arguments *arguments)
{
	struct error error = {0};

	if (host_check_capabilities(&error) ||
	    decap_detach(arguments->interface, arguments->bpf_dir, &error))
		return fail(&error);
	printf("%s: decapsulation taken off\n", arguments->interface);
	return EXIT_SUCCESS;
}

static int show_status(const struct decap_arguments *arguments)
{
#define REASON_ROW(name, number, label, action, help) {label, help},
	static const struct {
		const char *label, *help;
	} reasons[] = {CAROM_DECAP_REASONS(REASON_ROW)};
#undef REASON_ROW
	char text[PREFIX_TEXT_BYTES];
	struct decap_status status;
	struct error error = {0};

	if (decap_read_status(arguments->interface, arguments->bpf_dir, &status, &error))
		return fail(&error);
	for (size_t i = 0; i < status.allowed_count; i++)
		printf("allowed %s\n", prefix_format(&status.allowed[i], text));
	for (size_t i = 0; i < CAROM_DECAP_REASON_COUNT; i++)
		printf("%-17s %12" PRIu64 "  %s\n", reasons[i].label, status.results[i],
		       reasons[i].help);
	return EXIT_SUCCESS;
}

int decap_command(int count, char **values)
{
	struct decap_arguments arguments = {.bpf_dir = DEFAULT_BPF_DIR};
	int status = parse(count, values, &arguments);

	if (status)
		return status;
	if (strcmp(arguments.verb, "attach") == 0)
		return attach(&arguments);
	if (strcmp(arguments.verb, "detach") == 0)
		return detach(&arguments);
	if (strcmp(arguments.verb, "status") == 0)
		return show_status(&arguments);
	return fail_usage("unknown verb", arguments.verb);
}
