/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects by their kind's row: codec, comparison, differences, sharing, and checks of all kinds.
 *
 * Objects are sorted by name and shared between revisions, so a walk over two configs side by side
 * costs a comparison of pointers for each object that both share.
 *
 * It owns no state. A walk over changes touches no reference count, so it may run on any thread.
 */
#include "config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_KIND_ROW(name, row) extern const struct config_kind_row row;
CONFIG_KINDS(CONFIG_KIND_ROW)
#undef CONFIG_KIND_ROW

const struct config_kind_row *const config_kinds[CONFIG_KIND_COUNT] = {
#define CONFIG_KIND_ROW(name, row) [CONFIG_KIND_##name] = &(row),
	CONFIG_KINDS(CONFIG_KIND_ROW)
#undef CONFIG_KIND_ROW
};

#define POINTER_BYTES 128 /* of "/vips/" and a name */

const char *config_kind_key(enum config_kind kind)
{
	return config_kinds[kind]->key;
}

/* ---- one object ---- */

struct config_object *config_object_decode(enum config_kind kind, const struct json_place *place,
					   const json_t *json, const struct config_object *before)
{
	const struct config_kind_row *row = config_kinds[kind];
	struct config_object *object = row->create(json);
	int failed;

	if (!object) {
		json_refuse_memory(place);
		return NULL;
	}
	config_table_set_default(row->table, object);
	failed = config_decode_key_name(place, object->name);
	failed |= config_table_decode(place, json, row->table, object);
	if (row->complete)
		failed |= row->complete(place, json, object, before);
	if (!failed)
		return object;
	config_object_unref(object);
	return NULL;
}

struct config_object *config_object_from_json(enum config_kind kind, const json_t *json,
					      const char *name, struct error_list *errors)
{
	const struct config_kind_row *row = config_kinds[kind];
	char pointer[POINTER_BYTES] = "";
	struct json_place place = json_place_thing(errors, pointer, row->noun, name);

	snprintf(pointer, sizeof(pointer), "/%s/%s", row->key, name);
	return config_object_decode(kind, &place, json, NULL);
}

struct config_vip *config_vip_from_json(const json_t *json, const char *name, const char *pointer,
					struct error_list *errors)
{
	return config_vip_replace_from_json(NULL, json, name, pointer, errors);
}

struct config_vip *config_vip_replace_from_json(const struct config_vip *before, const json_t *json,
						const char *name, const char *pointer,
						struct error_list *errors)
{
	struct json_place place = json_place_thing(errors, pointer, CONFIG_VIP_NOUN, name);

	return config_vip_of(config_object_decode(CONFIG_KIND_VIP, &place, json,
						  (const struct config_object *)before));
}

json_t *config_object_to_json(enum config_kind kind, const struct config_object *object)
{
	return config_table_print(config_kinds[kind]->table, object);
}

json_t *config_vip_to_json(const struct config_vip *vip)
{
	return config_object_to_json(CONFIG_KIND_VIP, &vip->object);
}

bool config_object_equal(enum config_kind kind, const struct config_object *left,
			 const struct config_object *right)
{
	return left == right || (strcmp(left->name, right->name) == 0 &&
				 config_table_equal(config_kinds[kind]->table, left, right));
}

bool config_vip_equal(const struct config_vip *left, const struct config_vip *right)
{
	return config_object_equal(CONFIG_KIND_VIP, &left->object, &right->object);
}

size_t config_object_bytes(enum config_kind kind, const struct config_object *object)
{
	return config_kinds[kind]->bytes(object);
}

/* ---- all objects ---- */

json_t *config_set_to_json(enum config_kind kind, const struct config *config)
{
	const struct config_set *set = &config->sets[kind];
	json_t *json = json_object();

	for (size_t index = 0; index < set->count; index++) {
		const struct config_object *object = set->objects[index];

		if (json_object_set_new_nocheck(json, object->name,
						config_object_to_json(kind, object))) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

int config_put_objects(json_t *json, const struct config *config)
{
	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		if (json_object_set_new(json, config_kinds[kind]->key,
					config_set_to_json(kind, config)))
			return -1;
	return 0;
}

static bool sets_equal(enum config_kind kind, const struct config_set *left,
		       const struct config_set *right)
{
	if (left->count != right->count)
		return false;
	for (size_t index = 0; index < left->count; index++)
		if (!config_object_equal(kind, left->objects[index], right->objects[index]))
			return false;
	return true;
}

bool config_objects_equal(const struct config *left, const struct config *right)
{
	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		if (!sets_equal(kind, &left->sets[kind], &right->sets[kind]))
			return false;
	return true;
}

/* ---- the walk over what differs ---- */

/* The next object of a set, or NULL: its end. */
static struct config_object *object_at(const struct config_set *set, size_t at)
{
	return at < set->count ? set->objects[at] : NULL;
}

/* Negative: the first name is before's alone; positive: after's. One may be NULL. */
static int compare_next(const struct config_object *before, const struct config_object *after)
{
	if (!before || !after)
		return before ? -1 : 1;
	return before == after ? 0 : strcmp(before->name, after->name);
}

/* false: the kind has no more. */
static bool next_of_kind(struct config_changes *changes, struct config_change *ret_change)
{
	const struct config_set *before_set = &changes->before->sets[changes->kind];
	const struct config_set *after_set = &changes->after->sets[changes->kind];
	struct config_object *before, *after;
	int order;

	for (;;) {
		before = object_at(before_set, changes->before_at);
		after = object_at(after_set, changes->after_at);
		if (!before && !after)
			return false;
		order = compare_next(before, after);
		changes->before_at += order <= 0;
		changes->after_at += order >= 0;
		if (order == 0 && config_object_equal(changes->kind, before, after))
			continue;
		*ret_change = (struct config_change){
			.kind = changes->kind,
			.name = order <= 0 ? before->name : after->name,
			.before = order <= 0 ? before : NULL,
			.after = order >= 0 ? after : NULL,
		};
		return true;
	}
}

bool config_changes_next(struct config_changes *changes, struct config_change *ret_change)
{
	for (; changes->kind < CONFIG_KIND_COUNT; changes->kind++) {
		if (next_of_kind(changes, ret_change))
			return true;
		changes->before_at = changes->after_at = 0;
	}
	return false;
}

/* ---- sharing ---- */

static void share_set(enum config_kind kind, struct config_set *set, const struct config_set *base)
{
	for (size_t at = 0, base_at = 0; at < set->count && base_at < base->count;) {
		struct config_object *object = set->objects[at], *same = base->objects[base_at];
		int order = compare_next(object, same);

		if (order == 0 && config_object_equal(kind, object, same)) {
			set->objects[at] = config_object_ref(same);
			config_object_unref(object);
		}
		at += order <= 0;
		base_at += order >= 0;
	}
}

void config_share_equal(struct config *config, const struct config *base)
{
	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		share_set(kind, &config->sets[kind], &base->sets[kind]);
}

/* ---- checks ---- */

int config_check_all(const struct json_place *document, const struct config *config,
		     const struct config *base)
{
	int failed = 0;

	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		if (config_kinds[kind]->check)
			failed |= config_kinds[kind]->check(document, config, base);
	return failed;
}

int config_check(const struct config *config, struct error_list *errors)
{
	struct json_place document = json_place_document(errors);

	return config_check_all(&document, config, NULL);
}

int config_check_edits(const struct json_place *document, const struct config *config,
		       const struct config *base, const struct config_edit *edits, size_t count)
{
	int failed = 0;

	for (size_t first = 0, end; first < count; first = end) {
		enum config_kind kind = edits[first].kind;

		for (end = first + 1; end < count && edits[end].kind == kind;)
			end++;
		if (config_kinds[kind]->check_edits)
			failed |= config_kinds[kind]->check_edits(document, config, base,
								  &edits[first], end - first);
	}
	return failed;
}
