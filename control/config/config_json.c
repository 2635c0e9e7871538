/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole document: as the file has it, and as REST replaces it.
 *
 * The two differ only in what must be there. The file says everything about the node, and its
 * objects may be absent. A replacement must say its VIPs, lest an empty body empty the balancer,
 * and may repeat the node and the API but not change them.
 *
 * It owns no state; it counts references, so it runs on the event loop's thread.
 */
#include "config_parts.h"

#include <stdlib.h>
#include <string.h>

#define RUNNING_TEXT_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY)
#define MEMBER_COUNT	   (CONFIG_SECTION_COUNT + CONFIG_KIND_COUNT)

enum strictness {
	FILE_DOCUMENT,
	REPLACEMENT,
	WHOLE_REPLACEMENT, /* printed whole, so that a patch cannot have lost its node */
};

/* A row of the document: a section, or the set of a kind. */
struct document_key {
	const char *name;
	bool is_required;
	const struct config_section *section; /* NULL: a kind */
	enum config_kind kind;
};

struct decoding {
	const struct config *base; /* that is replaced; NULL: none */
	struct config *config;	   /* has the base's sections, and keeps them */
};

static void list_document_keys(enum strictness strictness,
			       struct document_key ret_keys[MEMBER_COUNT + 1])
{
	for (size_t i = 0; i < CONFIG_SECTION_COUNT; i++, ret_keys++)
		*ret_keys = (struct document_key){
			.name = config_sections[i].key,
			.is_required =
				strictness == WHOLE_REPLACEMENT ||
				(strictness == FILE_DOCUMENT && config_sections[i].is_required),
			.section = &config_sections[i],
		};
	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++, ret_keys++)
		*ret_keys = (struct document_key){
			.name = config_kinds[kind]->key,
			.is_required =
				strictness != FILE_DOCUMENT && config_kinds[kind]->is_required,
			.kind = kind,
		};
	*ret_keys = (struct document_key){NULL};
}

static int decode_set(const struct json_place *place, const json_t *json, enum config_kind kind,
		      const struct decoding *decoding)
{
	struct config_set *set = &decoding->config->sets[kind];
	const struct config *base = decoding->base;
	const char *name;
	json_t *member;
	int failed = 0;

	if (!json_is_object(json))
		return json_refuse_type(place, json, "an object");
	json_object_foreach(json_mutable(json), name, member)
	{
		struct json_place item = json_place_item(place, config_kinds[kind]->noun, name);
		struct config_object *object = config_object_decode(
			kind, &item, member, base ? config_find_object(base, kind, name) : NULL);

		if (object)
			set->objects[set->count++] = object;
		else
			failed = -1;
	}
	config_sort_objects(set);
	return failed;
}

/* ---- what may not change ---- */

#define ONLY_A_RESTART "; only the file sets it, and only a restart changes it"

/* A key that is absent cannot be pointed at. running: NULL: nothing of this key runs. */
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

static int check_same_key(const struct json_place *section, const json_t *given,
			  const struct config_key *key, const void *wanted, const void *running)
{
	json_t *text;
	int failed;

	if (key->type->equal(key, wanted, running))
		return 0;
	text = config_key_is_given(key, running) ? key->type->print(key, running) : NULL;
	failed = refuse_change(section, key->name, json_object_get(given, key->name) != NULL, text);
	json_decref(text);
	return failed;
}

/* Tells first of keys that run, and then of those that do not. */
static int decode_same_section(const struct json_place *place, const json_t *json,
			       const struct config_section *section, const struct config *base)
{
	const char *running = (const char *)base + section->place, *given;
	struct config wanted;
	int failed = 0;

	if (config_section_decode(section, place, json, &wanted))
		return -1;
	given = (const char *)&wanted + section->place;
	for (int runs = 1; runs >= 0; runs--)
		for (const struct config_key *key = section->table->keys; key->name; key++)
			if (config_key_is_given(key, running) == runs)
				failed |= check_same_key(place, json, key, given, running);
	return failed;
}

/* ---- decoding ---- */

static int decode_key(const struct json_place *place, const json_t *json, const void *row,
		      void *target)
{
	const struct document_key *key = row;
	const struct decoding *decoding = target;

	if (!key->section)
		return decode_set(place, json, key->kind, decoding);
	if (decoding->base)
		return decode_same_section(place, json, key->section, decoding->base);
	return config_section_decode(key->section, place, json, decoding->config);
}

/* With room for its objects. base: its sections are taken; NULL: sections have their defaults, but
 * required ones none, so that nothing is held against them. */
static struct config *new_for(const json_t *json, const struct config *base)
{
	size_t room[CONFIG_KIND_COUNT];
	struct config *config;

	for (size_t kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		room[kind] = json_object_size(json_object_get(json, config_kinds[kind]->key));
	config = config_new(room);
	for (size_t i = 0; config && !base && i < CONFIG_SECTION_COUNT; i++)
		if (!config_sections[i].is_required)
			config_sections[i].set_default(config);
	if (config && base) {
		config->node = base->node;
		config->api = base->api;
	}
	return config;
}

/* All that could be decoded; *ret_failed: not everything could. NULL: out of memory. */
static struct config *decode_document(const struct json_place *document, const json_t *json,
				      const struct config *base, enum strictness strictness,
				      int *ret_failed)
{
	struct document_key keys[MEMBER_COUNT + 1];
	struct json_keys table = {keys, sizeof(keys[0])};
	struct decoding decoding = {base, new_for(json, base)};

	if (!decoding.config) {
		json_refuse_memory(document);
		return NULL;
	}
	list_document_keys(strictness, keys);
	*ret_failed = json_decode_keys(document, json, &table, decode_key, &decoding);
	return decoding.config;
}

/* Takes ownership of the config. */
static struct config *end_decoding(struct config *config, const struct config *base, int failed)
{
	if (failed) {
		config_unref(config);
		return NULL;
	}
	if (config && base)
		config_share_equal(config, base);
	return config;
}

/* What could be decoded is checked as well. */
static struct config *decode_and_check(const json_t *json, const struct config *base,
				       enum strictness strictness, int *ret_failed,
				       struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	struct config *config = decode_document(&document, json, base, strictness, ret_failed);

	if (config)
		*ret_failed |= config_check_all(&document, config, base);
	return config;
}

struct config *config_from_faulty_json(const json_t *json, struct error_list *errors)
{
	int failed;

	return decode_and_check(json, NULL, FILE_DOCUMENT, &failed, errors);
}

struct config *config_from_json(const json_t *json, struct error_list *errors)
{
	int failed = 0;
	struct config *config = decode_and_check(json, NULL, FILE_DOCUMENT, &failed, errors);

	return end_decoding(config, NULL, failed);
}

struct config *config_replace_from_json(const struct config *base, const json_t *json,
					struct error_list *errors)
{
	int failed = 0;
	struct config *config = decode_and_check(json, base, REPLACEMENT, &failed, errors);

	return end_decoding(config, base, failed);
}

struct config *config_decode_replacement(const struct json_place *document,
					 const struct config *base, const json_t *json,
					 bool is_whole)
{
	enum strictness strictness = is_whole ? WHOLE_REPLACEMENT : REPLACEMENT;
	int failed = 0;
	struct config *config = decode_document(document, json, base, strictness, &failed);

	return end_decoding(config, base, failed);
}

/* ---- printing ---- */

json_t *config_to_json(const struct config *config)
{
	json_t *json = json_object();
	int failed = 0;

	for (size_t i = 0; i < CONFIG_SECTION_COUNT; i++)
		failed |= json_object_set_new(json, config_sections[i].key,
					      config_section_print(&config_sections[i], config));
	failed |= config_put_objects(json, config);
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}
