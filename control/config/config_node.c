/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the file sets and only a restart changes: the node with its limits, and the API. What
 * files say that the API names may change with each reload.
 *
 * Both are decoded over their defaults, so that a key which is absent means its default and not
 * what happens to run. Others than this host's users are beyond loopback, so nothing listens there
 * without encryption and without knowing its clients.
 *
 * It owns no state; it runs on its caller's thread.
 */
#include "config_parts.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#define HOST_NAME_BYTES 256
#define DEFAULT_NAME	"carom"

#define VIPS_MAX	 32768
#define BACKENDS_MAX	 1048576
#define SLOTS_MAX	 134217728
#define FLOWS_MIN	 128
#define FLOWS_MAX	 16777216
#define VIPS_DEFAULT	 1024
#define BACKENDS_DEFAULT 16384
#define SLOTS_DEFAULT	 4194304
#define FLOWS_DEFAULT	 262144
#define INSERTS_MAX	 100000000
#define INSERTS_DEFAULT	 100000

#define MS_PER_S		  1000
#define FLOW_IDLE_TIMEOUT_MIN	  (10 * MS_PER_S)
#define FLOW_IDLE_TIMEOUT_MAX	  (CAROM_FLOW_IDLE_MAX_S * MS_PER_S)
#define FLOW_IDLE_TIMEOUT_DEFAULT (600 * MS_PER_S)

/* ---- the node's keys ---- */

static const struct config_key interface_keys[] = {
	{CONFIG_KEY(struct config_interface, name, interface), .is_required = true,
	 .help = "The interface's name."},
	{CONFIG_KEY(struct config_interface, mode, choice), .choices = &config_modes,
	 .help = "auto: the mode of what is attached already; else native where the driver can, "
		 "else generic."},
	{NULL},
};

static const struct config_table interface_table = {
	"interface", "An interface that packets for VIPs arrive at.", interface_keys, NULL};

static const struct config_key interface_element = {.type = &config_type_object,
						    .bytes = sizeof(struct config_interface),
						    .members = &interface_table};

static const struct config_key limits_keys[] = {
	{CONFIG_KEY(struct config_limits, vips, integer), .bounds = {1, VIPS_MAX},
	 .default_number = VIPS_DEFAULT, .help = "VIPs at once."},
	{CONFIG_KEY(struct config_limits, backends, integer), .bounds = {1, BACKENDS_MAX},
	 .default_number = BACKENDS_DEFAULT,
	 .help = "Over all VIPs. The maps hold four times as many, those of before a change "
		 "included."},
	{CONFIG_KEY(struct config_limits, slots, integer),
	 .bounds = {1u << CAROM_RING_BITS_MIN, SLOTS_MAX}, .multiple_of = CAROM_SLOTS_PER_LINE,
	 .default_number = SLOTS_DEFAULT,
	 .help = "Over the rings of all VIPs. The maps hold three times as many, 6 bytes each, the "
		 "rings of before a change included."},
	{CONFIG_KEY(struct config_limits, flows, integer), .bounds = {FLOWS_MIN, FLOWS_MAX},
	 .default_number = FLOWS_DEFAULT, .help = "Flows that can be tracked at once."},
	{CONFIG_KEY(struct config_limits, flow_inserts_per_s, integer), .bounds = {1, INSERTS_MAX},
	 .default_number = INSERTS_DEFAULT,
	 .help = "Flows that one CPU records in a second; the packets of more are forwarded all "
		 "the same."},
	{NULL},
};

static const struct config_table limits_table = {
	"limits",
	"How much fits; the sizes of the BPF maps follow from it. They hold more, for a change "
	"lies beside what it replaces until packets have left that; a write that finds no room is "
	"refused with 422 and changes nothing.",
	limits_keys, NULL};

static const struct config_key node_keys[] = {
	{CONFIG_KEY(struct config_node, name, name), .default_words = "the host's name",
	 .help = "What the node is called. By default the host's name."},
	{CONFIG_KEY(struct config_node, interfaces, array), .is_required = true,
	 .element = &interface_element,
	 .count_place = offsetof(struct config_node, interface_count),
	 .room = CONFIG_INTERFACES_MAX, .help = "Where packets for VIPs arrive."},
	{CONFIG_KEY(struct config_node, hash_seed, seed), .is_optional = true,
	 .default_words = "a random key",
	 .help = "The key of the flow hash comes from it; the same on all nodes of a fleet, and "
		 "best a long random text. By default a random key is made, and stored in "
		 "state_dir. 1 to 127 bytes."},
	{CONFIG_KEY(struct config_node, outer_source4, prefix4), .is_optional = true,
	 .default_words = "the node's own address",
	 .help = "The flow's hash fills the host bits of the outer IPv4 source address. By default "
		 "the node's own address."},
	{CONFIG_KEY(struct config_node, outer_source6, prefix6), .is_optional = true,
	 .default_words = "the node's own address",
	 .help = "As outer_source4, for IPv6; at most 32 host bits."},
	{CONFIG_KEY(struct config_node, limits, object), .members = &limits_table,
	 .default_words = "each key's own", .help = "How much fits."},
	{CONFIG_KEY(struct config_node, flow_idle_timeout_ms, integer),
	 .bounds = {FLOW_IDLE_TIMEOUT_MIN, FLOW_IDLE_TIMEOUT_MAX}, .multiple_of = MS_PER_S,
	 .multiple_words = "a whole number of seconds", .default_number = FLOW_IDLE_TIMEOUT_DEFAULT,
	 .unit = "ms",
	 .help = "A flow without a packet for so long is taken as gone. Whole seconds."},
	{CONFIG_KEY(struct config_node, bpf_dir, path), .default_text = "/sys/fs/bpf/carom",
	 .help = "Where maps and programs are pinned: a folder in a BPF file system."},
	{CONFIG_KEY(struct config_node, state_dir, path_or_none), .default_text = "/var/lib/carom",
	 .help = "Where accepted writes are stored, so that they outlive a power cut. Empty: "
		 "nothing is stored."},
	{NULL},
};

const struct config_table config_node_table = {
	"node", "This balancer. Only the file sets it, and only a restart changes it.", node_keys,
	NULL};

/* ---- the API's keys ---- */

static const struct config_key listen_element = {.type = &config_type_listen,
						 .bytes = sizeof(struct config_listen)};

static const struct config_key tls_keys[] = {
	{CONFIG_KEY(struct config_tls, certificate, path), .is_required = true,
	 .help = "The server's, and behind it those up to a CA that clients know."},
	{CONFIG_KEY(struct config_tls, key, path), .is_required = true,
	 .help = "The certificate's private key. Only caromd's user may read it."},
	{CONFIG_KEY(struct config_tls, client_ca, path), .is_optional = true,
	 .default_words = "clients need no certificate",
	 .help = "With it, clients must show a certificate of one of these CAs."},
	{NULL},
};

static const struct config_table tls_table = {
	"tls", "With it, all TCP listeners speak TLS. Paths of PEM files.", tls_keys, NULL};

/* check_guard(), as far as a pattern can say it. */
#define API_SCHEMA                                                                                 \
	"{'if': {'required': ['listen'], 'properties': {'listen': {'contains': {'not':"            \
	" {'pattern': '^(unix:|127\\\\.|\\\\[[0:]*:0{0,3}1\\\\]:)'}}}}},"                          \
	" 'then': {'required': ['tls'], 'anyOf': [{'required': ['tokens']},"                       \
	" {'properties': {'tls': {'required': ['client_ca']}}}]}}"

static const struct config_key api_keys[] = {
	{"listen", .type = &config_type_array, CONFIG_MEMBER(struct config_api, listens),
	 .element = &listen_element, .count_place = offsetof(struct config_api, listen_count),
	 .room = CONFIG_LISTENS_MAX, .default_text = "unix:/run/carom/api.sock",
	 .help = "Unix sockets, and TCP. Beyond loopback TCP needs tls, and tokens or "
		 "tls.client_ca."},
	{CONFIG_KEY(struct config_api, socket_mode, socket_mode), .default_text = "0660",
	 .help = "The mode of Unix sockets, in octal digits. Every process that can connect to one "
		 "is an admin."},
	{CONFIG_KEY(struct config_api, socket_group, group), .is_optional = true,
	 .default_words = "caromd's own",
	 .help = "The group of Unix sockets. By default caromd's own."},
	{CONFIG_KEY(struct config_api, tls, object), .is_optional = true, .members = &tls_table,
	 .default_words = "no TLS", .help = "With it, all TCP listeners speak TLS."},
	{CONFIG_KEY(struct config_api, tokens, path), .is_optional = true,
	 .default_words = "no tokens",
	 .help = "The path of a file that gives clients their roles: by bearer tokens, and by "
		 "client certificates."},
	{NULL},
};

const struct config_table config_api_table = {
	.name = "api",
	.help = "Where the REST API listens, and what guards it. Only the file sets it, and only a "
		"restart changes it; SIGHUP reads certificates and tokens again.",

	.schema = API_SCHEMA,
	.keys = api_keys,
};

/* ---- what guards the API ---- */

/* Keys that are missing for an address which others than this host's users reach, or NULL. Keys
 * that are there and have errors are not missing. */
static const char *missing_guard(const json_t *json)
{
	const json_t *tls = json_object_get(json, "tls");
	bool knows_clients = json_object_get(json, "tokens") || json_object_get(tls, "client_ca");

	if (!tls)
		return knows_clients ? "api.tls" : "api.tls, and api.tokens or api.tls.client_ca";
	return knows_clients ? NULL : "api.tokens or api.tls.client_ca";
}

/* Whether others than this host's users reach it. A listener with errors is not reached. */
static bool is_exposed(const json_t *json)
{
	struct error_list ignored = {0};
	struct json_place place = json_place_document(&ignored);
	struct config_listen listen;
	int failed = listen_element.type->decode(&place, json, &listen_element, &listen);

	error_list_done(&ignored);
	return !failed && !listen.is_unix && !address_is_loopback(&listen.address);
}

/* Of the JSON, so that other errors hide none of these. */
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

/* ---- the node's name ---- */

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

/* ---- sections of the document ---- */

static void set_default_node(struct config *config)
{
	config_table_set_default(&config_node_table, &config->node);
	set_default_name(config->node.name);
}

static void set_default_api(struct config *config)
{
	config_table_set_default(&config_api_table, &config->api);
}

const struct config_section config_sections[CONFIG_SECTION_COUNT] = {
	{.key = "node",
	 .table = &config_node_table,
	 .place = offsetof(struct config, node),
	 .bytes = sizeof(struct config_node),
	 .set_default = set_default_node,
	 .is_required = true},
	{.key = "api",
	 .table = &config_api_table,
	 .place = offsetof(struct config, api),
	 .bytes = sizeof(struct config_api),
	 .set_default = set_default_api,
	 .check = check_guard},
};

int config_section_decode(const struct config_section *section, const struct json_place *place,
			  const json_t *json, struct config *config)
{
	char *part = (char *)config + section->place;
	int failed;

	memset(part, 0, section->bytes);
	section->set_default(config);
	failed = config_table_decode(place, json, section->table, part);
	if (section->check)
		failed |= section->check(place, json);
	return failed;
}

json_t *config_section_print(const struct config_section *section, const struct config *config)
{
	return config_table_print(section->table, (const char *)config + section->place);
}
