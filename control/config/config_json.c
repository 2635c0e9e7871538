/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole document: as the file has it, and as REST replaces it.
 *
 * The two differ only in what must be there. The file says everything about the node, and its VIPs
 * may be absent. A replacement must say its VIPs, lest an empty body empty the balancer, and may
 * repeat the node and the API but not change them.
 *
 * It owns no state; main and commands call it, on the event loop's thread.
 */
#include "config.h"
#include "config_parts.h"

#include <stdlib.h>

#define RUNNING_TEXT_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY)

static const struct json_field file_fields[] = {
	{"node", true, config_decode_node},
	{"api", false, config_decode_api},
	{CONFIG_VIPS_KEY, false, config_decode_vips},
	{NULL, false, NULL},
};

static struct config *new_for(const json_t *json, const struct json_place *document)
{
	struct config *config =
		config_new(json_object_size(json_object_get(json, CONFIG_VIPS_KEY)));

	if (!config)
		json_refuse_memory(document);
	return config;
}

/* Takes the config over. */
static struct config *end_decoding(struct config *config, int failed)
{
	if (!failed)
		return config;
	config_unref(config);
	return NULL;
}

/* What could be decoded is checked as well. Returns 0 or -1. */
static int decode_file(const json_t *json, struct config *config, struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	int failed;

	config_api_set_default(&config->api);
	failed = json_decode_object(&document, json, file_fields, config);
	failed |= config_check_all(&document, config, NULL);
	return failed;
}

struct config *config_from_json(const json_t *json, struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	struct config *config = new_for(json, &document);

	return config ? end_decoding(config, decode_file(json, config, faults)) : NULL;
}

struct config *config_from_faulty_json(const json_t *json, struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	struct config *config = new_for(json, &document);

	if (config)
		decode_file(json, config, faults);
	return config;
}

/* ---- replacing ---- */

struct replacement {
	const struct config *base;
	struct config *config; /* has the base's node and API, and keeps them */
};

#define ONLY_A_RESTART "; only the file sets it, and only a restart changes it"

/* What is not there cannot be pointed at. running: NULL: nothing of this key runs. */
static int refuse_change(const struct json_place *section, const char *key, bool is_given,
			 const json_t *running)
{
	struct json_place place = json_place_member(section, key);
	char *text = running ? json_dumps(running, RUNNING_TEXT_FLAGS) : NULL;
	char quote[JSON_QUOTE_BYTES];

	json_quote(text ? text : "nothing", quote);
	free(text);
	if (is_given)
		return json_refuse(&place, ERROR_INVALID,
				   " differs from what runs, %s" ONLY_A_RESTART, quote);
	return json_refuse(section, ERROR_INVALID,
			   ": without %s it differs from what runs, %s" ONLY_A_RESTART, key, quote);
}

/* wanted, running: as this codec prints them; given: what was decoded as wanted. */
static int compare_sections(const struct json_place *section, const json_t *given,
			    const json_t *wanted, const json_t *running)
{
	const char *key;
	json_t *value;
	int failed = 0;

	json_object_foreach(json_mutable(running), key, value)
	{
		if (!json_equal(json_object_get(wanted, key), value))
			failed |= refuse_change(section, key, json_object_get(given, key) != NULL,
						value);
	}
	json_object_foreach(json_mutable(wanted), key, value)
	{
		if (!json_object_get(running, key))
			failed |= refuse_change(section, key, true, NULL);
	}
	return failed;
}

/* Takes over the references to wanted and running. */
static int check_unchanged(const struct json_place *section, const json_t *given, json_t *wanted,
			   json_t *running)
{
	int failed;

	if (wanted && running)
		failed = compare_sections(section, given, wanted, running);
	else
		failed = json_refuse_memory(section);
	json_decref(wanted);
	json_decref(running);
	return failed;
}

static int decode_same_node(const struct json_place *place, const json_t *json, void *target)
{
	const struct config *running = ((struct replacement *)target)->base;
	struct config wanted;

	if (config_decode_node(place, json, &wanted))
		return -1;
	return check_unchanged(place, json, config_node_to_json(&wanted.node),
			       config_node_to_json(&running->node));
}

static int decode_same_api(const struct json_place *place, const json_t *json, void *target)
{
	const struct config *running = ((struct replacement *)target)->base;
	struct config wanted;

	if (config_decode_api(place, json, &wanted))
		return -1;
	return check_unchanged(place, json, config_api_to_json(&wanted.api),
			       config_api_to_json(&running->api));
}

static int decode_new_vips(const struct json_place *place, const json_t *json, void *target)
{
	struct replacement *replacement = target;

	return config_decode_vips_over(place, json, replacement->base, replacement->config);
}

static const struct json_field replacement_fields[] = {
	{"node", false, decode_same_node},
	{"api", false, decode_same_api},
	{CONFIG_VIPS_KEY, true, decode_new_vips},
	{NULL, false, NULL},
};

/* What was printed whole, and came back changed, cannot have lost its node. */
static const struct json_field whole_fields[] = {
	{"node", true, decode_same_node},
	{"api", true, decode_same_api},
	{CONFIG_VIPS_KEY, true, decode_new_vips},
	{NULL, false, NULL},
};

static struct config *new_replacement(const struct config *base, const json_t *json,
				      const struct json_place *document)
{
	struct config *config = new_for(json, document);

	if (config) {
		config->node = base->node;
		config->api = base->api;
	}
	return config;
}

struct config *config_decode_replacement(const struct json_place *document,
					 const struct config *base, const json_t *json,
					 bool is_whole)
{
	struct config *config = new_replacement(base, json, document);
	struct replacement replacement = {base, config};

	if (config)
		config = end_decoding(
			config, json_decode_object(document, json,
						   is_whole ? whole_fields : replacement_fields,
						   &replacement));
	if (config)
		config_share_equal(config, base);
	return config;
}

struct config *config_replace_from_json(const struct config *base, const json_t *json,
					struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	struct config *config = new_replacement(base, json, &document);
	struct replacement replacement = {base, config};
	int failed;

	if (!config)
		return NULL;
	failed = json_decode_object(&document, json, replacement_fields, &replacement);
	failed |= config_check_all(&document, config, base);
	config = end_decoding(config, failed);
	if (config)
		config_share_equal(config, base);
	return config;
}
