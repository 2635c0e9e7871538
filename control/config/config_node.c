/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the file sets and only a restart changes: the node and its limits.
 *
 * It is decoded over its defaults, so that a key which is absent means its default and not what
 * happens to run.
 *
 * It owns no state; it runs on its caller's thread.
 */
#include "config_parts.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#define HOST_NAME_BYTES	  256
#define DEFAULT_NAME	  "carom"
#define DEFAULT_HASH_SEED "carom"
#define DEFAULT_BPF_DIR	  "/sys/fs/bpf/carom"
#define DEFAULT_STATE_DIR "/var/lib/carom"

#define VIPS_MAX	 32768
#define BACKENDS_MAX	 1048576
#define SLOTS_MAX	 134217728
#define FLOWS_MIN	 128
#define FLOWS_MAX	 16777216
#define VIPS_DEFAULT	 1024
#define BACKENDS_DEFAULT 16384
#define SLOTS_DEFAULT	 4194304
#define FLOWS_DEFAULT	 262144
#define INSERTS_MIN	 1
#define INSERTS_MAX	 100000000
#define INSERTS_DEFAULT	 100000

#define MS_PER_S		  1000
#define FLOW_IDLE_TIMEOUT_MIN	  (10 * MS_PER_S)
#define FLOW_IDLE_TIMEOUT_MAX	  (CAROM_FLOW_IDLE_MAX_S * MS_PER_S)
#define FLOW_IDLE_TIMEOUT_DEFAULT (600 * MS_PER_S)

/* ---- interfaces ---- */

/* As the kernel wants it, and without control characters. */
static bool interface_name_is_valid(const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *at = name; *at; at++)
		if (*at == '/' || *at == ':' || isspace((unsigned char)*at) ||
		    iscntrl((unsigned char)*at))
			return false;
	return name[0] && strlen(name) < CONFIG_INTERFACE_BYTES;
}

static int decode_interface_name(const struct json_place *place, const json_t *json, void *target)
{
	struct config_interface *interface = target;
	char quote[JSON_QUOTE_BYTES];
	const char *name;

	if (json_decode_string(place, json, &name))
		return -1;
	if (!interface_name_is_valid(name))
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is not an interface's name; expected 1 to %d bytes"
				   " without '/', ':' or white space",
				   json_quote(name, quote), CONFIG_INTERFACE_BYTES - 1);
	strcpy(interface->name, name); /* NOLINT: its length is checked */
	return 0;
}

static int decode_mode(const struct json_place *place, const json_t *json, void *target)
{
	struct config_interface *interface = target;
	size_t mode;

	if (json_decode_choice(place, json, config_modes, &mode))
		return -1;
	interface->mode = (enum config_attach_mode)mode;
	return 0;
}

static const struct json_field interface_fields[] = {
	{"name", true, decode_interface_name},
	{"mode", false, decode_mode},
	{NULL, false, NULL},
};

static int add_interface(const struct json_place *place, struct config_node *node,
			 const struct config_interface *interface)
{
	struct json_place name_place = json_place_member(place, "name");

	for (size_t index = 0; index < node->interface_count; index++)
		if (strcmp(node->interfaces[index].name, interface->name) == 0)
			return json_refuse(&name_place, ERROR_CONFLICT, " '%s' is given twice",
					   interface->name);
	node->interfaces[node->interface_count++] = *interface;
	return 0;
}

static int decode_interfaces(const struct json_place *place, const json_t *json, void *target)
{
	struct config_node *node = target;
	const json_t *element;
	size_t index;
	int failed = 0;

	if (json_check_array(place, json, CONFIG_INTERFACES_MAX))
		return -1;
	json_array_foreach(json, index, element)
	{
		struct json_place item = json_place_element(place, index);
		struct config_interface interface = {.mode = CONFIG_MODE_AUTO};

		if (json_decode_object(&item, element, interface_fields, &interface))
			failed = -1;
		else
			failed |= add_interface(&item, node, &interface);
	}
	return failed;
}

/* ---- limits ---- */

static int decode_vips_limit(const struct json_place *place, const json_t *json, void *target)
{
	struct config_limits *limits = target;

	return json_decode_integer(place, json, (struct json_bounds){1, VIPS_MAX}, &limits->vips);
}

static int decode_backends_limit(const struct json_place *place, const json_t *json, void *target)
{
	struct config_limits *limits = target;

	return json_decode_integer(place, json, (struct json_bounds){1, BACKENDS_MAX},
				   &limits->backends);
}

static int decode_slots_limit(const struct json_place *place, const json_t *json, void *target)
{
	struct json_bounds bounds = {1u << CAROM_RING_BITS_MIN, SLOTS_MAX};
	struct config_limits *limits = target;
	uint32_t slots;

	if (json_decode_integer(place, json, bounds, &slots))
		return -1;
	if (slots % CAROM_SLOTS_PER_LINE != 0)
		return json_refuse(place, ERROR_INVALID, " %u is not a multiple of %d", slots,
				   CAROM_SLOTS_PER_LINE);
	limits->slots = slots;
	return 0;
}

static int decode_flows_limit(const struct json_place *place, const json_t *json, void *target)
{
	struct config_limits *limits = target;

	return json_decode_integer(place, json, (struct json_bounds){FLOWS_MIN, FLOWS_MAX},
				   &limits->flows);
}

static int decode_inserts_limit(const struct json_place *place, const json_t *json, void *target)
{
	struct config_limits *limits = target;

	return json_decode_integer(place, json, (struct json_bounds){INSERTS_MIN, INSERTS_MAX},
				   &limits->flow_inserts_per_s);
}

static const struct json_field limit_fields[] = {
	{"vips", false, decode_vips_limit},
	{"backends", false, decode_backends_limit},
	{"slots", false, decode_slots_limit},
	{"flows", false, decode_flows_limit},
	{"flow_inserts_per_s", false, decode_inserts_limit},
	{NULL, false, NULL},
};

static int decode_limits(const struct json_place *place, const json_t *json, void *target)
{
	struct config_node *node = target;

	if (json_decode_object(place, json, limit_fields, &node->limits) == 0)
		return 0;
	node->limits = (struct config_limits){0}; /* unset: VIPs are not held to defaults */
	return -1;
}

/* ---- the node ---- */

static int decode_node_name(const struct json_place *place, const json_t *json, void *target)
{
	struct config_node *node = target;

	return json_decode_name(place, json, node->name);
}

static int decode_hash_seed(const struct json_place *place, const json_t *json, void *target)
{
	struct config_node *node = target;
	const char *seed;

	if (json_decode_string(place, json, &seed))
		return -1;
	if (!seed[0] || strlen(seed) >= CONFIG_SEED_BYTES)
		return json_refuse(place, ERROR_INVALID, " has %zu bytes; expected 1 to %d",
				   strlen(seed), CONFIG_SEED_BYTES - 1);
	strcpy(node->hash_seed, seed); /* NOLINT: its length is checked */
	return 0;
}

static int decode_outer_source4(const struct json_place *place, const json_t *json, void *target)
{
	struct config_node *node = target;

	if (config_decode_source_prefix(place, json, CAROM_IPV4, &node->outer_source4))
		return -1;
	node->has_outer_source4 = true;
	return 0;
}

static int decode_outer_source6(const struct json_place *place, const json_t *json, void *target)
{
	struct config_node *node = target;

	if (config_decode_source_prefix(place, json, CAROM_IPV6, &node->outer_source6))
		return -1;
	node->has_outer_source6 = true;
	return 0;
}

static int decode_flow_idle_timeout(const struct json_place *place, const json_t *json,
				    void *target)
{
	struct json_bounds bounds = {FLOW_IDLE_TIMEOUT_MIN, FLOW_IDLE_TIMEOUT_MAX};
	struct config_node *node = target;
	uint32_t timeout_ms;

	if (json_decode_integer(place, json, bounds, &timeout_ms))
		return -1;
	if (timeout_ms % MS_PER_S != 0)
		return json_refuse(
			place, ERROR_INVALID,
			" %u is not a whole number of seconds; expected a multiple of %d",
			timeout_ms, MS_PER_S);
	node->flow_idle_timeout_ms = timeout_ms;
	return 0;
}

static int decode_bpf_dir(const struct json_place *place, const json_t *json, void *target)
{
	struct config_node *node = target;
	const char *path;

	if (json_decode_string(place, json, &path) || config_check_path(place, path))
		return -1;
	strcpy(node->bpf_dir, path); /* NOLINT: its length is checked */
	return 0;
}

static int decode_state_dir(const struct json_place *place, const json_t *json, void *target)
{
	struct config_node *node = target;
	const char *path;

	if (json_decode_string(place, json, &path) || (path[0] && config_check_path(place, path)))
		return -1;
	strcpy(node->state_dir, path); /* NOLINT: its length is checked */
	return 0;
}

static const struct json_field node_fields[] = {
	{"name", false, decode_node_name},
	{"interfaces", true, decode_interfaces},
	{"hash_seed", false, decode_hash_seed},
	{"outer_source4", false, decode_outer_source4},
	{"outer_source6", false, decode_outer_source6},
	{"limits", false, decode_limits},
	{"flow_idle_timeout_ms", false, decode_flow_idle_timeout},
	{"bpf_dir", false, decode_bpf_dir},
	{"state_dir", false, decode_state_dir},
	{NULL, false, NULL},
};

void config_name_from_host(const char *host, char ret_name[CAROM_NAME_BYTES])
{
	size_t length = 0;

	while (*host && !isalnum((unsigned char)*host))
		host++;
	for (; *host && length < CAROM_NAME_BYTES - 1; host++, length++) {
		ret_name[length] = *host;
		ret_name[length + 1] = '\0';
		if (!json_name_is_valid(ret_name))
			ret_name[length] = '-';
	}
	if (length == 0)
		strcpy(ret_name, DEFAULT_NAME); /* NOLINT: a constant that fits */
}

static void set_default_name(char ret_name[CAROM_NAME_BYTES])
{
	char host[HOST_NAME_BYTES] = "";

	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	config_name_from_host(host, ret_name);
}

int config_decode_node(const struct json_place *place, const json_t *json, void *target)
{
	struct config *config = target;
	struct config_node *node = &config->node;

	*node = (struct config_node){
		.hash_seed = DEFAULT_HASH_SEED,
		.bpf_dir = DEFAULT_BPF_DIR,
		.state_dir = DEFAULT_STATE_DIR,
		.limits = {VIPS_DEFAULT, BACKENDS_DEFAULT, SLOTS_DEFAULT, FLOWS_DEFAULT,
			   INSERTS_DEFAULT},
		.flow_idle_timeout_ms = FLOW_IDLE_TIMEOUT_DEFAULT,
	};

	set_default_name(node->name);
	return json_decode_object(place, json, node_fields, node);
}
