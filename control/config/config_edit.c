/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits: each makes a new config from another one and leaves that as it was.
 *
 * A new config takes references to the objects that it keeps, so that an edit costs one pointer an
 * object; and since the base was checked before, only what the edit can have broken is checked
 * again.
 *
 * It owns no state; it counts references, so it runs on the event loop's thread.
 */
#include "config_parts.h"

#include <stdlib.h>
#include <string.h>

/* The base's node and API and no object yet. NULL: out of memory. */
static struct config *begin_edit(const struct config *base, const size_t room[CONFIG_KIND_COUNT])
{
	struct config *config = config_new(room);

	if (!config)
		return NULL;
	config->node = base->node;
	config->api = base->api;
	return config;
}

static void edit_add_object(struct config_set *set, struct config_object *object)
{
	set->objects[set->count++] = config_object_ref(object);
}

static void share_objects(struct config_set *set, const struct config_set *base, size_t first,
			  size_t end)
{
	for (size_t index = first; index < end; index++)
		edit_add_object(set, base->objects[index]);
}

/* All edits are of the set's kind. */
static void merge_set(struct config_set *set, const struct config_set *base,
		      const struct config_edit *edits, size_t count)
{
	size_t next = 0;

	for (size_t index = 0; index < count; index++) {
		size_t position = config_object_position(base, edits[index].name);
		bool is_there = position < base->count &&
				strcmp(base->objects[position]->name, edits[index].name) == 0;

		share_objects(set, base, next, position);
		next = position + is_there;
		if (edits[index].object)
			edit_add_object(set, edits[index].object);
	}
	share_objects(set, base, next, base->count);
}

int config_compare_edits(const void *left, const void *right)
{
	const struct config_edit *one = left, *other = right;

	if (one->kind != other->kind)
		return one->kind < other->kind ? -1 : 1;
	return strcmp(one->name, other->name);
}

struct config *config_merge_edits(const struct config *base, const struct config_edit *edits,
				  size_t count)
{
	size_t of_kind[CONFIG_KIND_COUNT] = {0}, room[CONFIG_KIND_COUNT];
	struct config *config;

	for (size_t index = 0; index < count; index++)
		of_kind[edits[index].kind]++;
	for (size_t kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		room[kind] = base->sets[kind].count + of_kind[kind];
	config = begin_edit(base, room);
	for (size_t kind = 0; config && kind < CONFIG_KIND_COUNT; kind++) {
		merge_set(&config->sets[kind], &base->sets[kind], edits, of_kind[kind]);
		edits += of_kind[kind];
	}
	return config;
}

struct config *config_with_objects_of(const struct config *base, const struct config *other)
{
	size_t room[CONFIG_KIND_COUNT];
	struct config *config;

	for (size_t kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		room[kind] = other->sets[kind].count;
	config = begin_edit(base, room);
	for (size_t kind = 0; config && kind < CONFIG_KIND_COUNT; kind++)
		share_objects(&config->sets[kind], &other->sets[kind], 0, room[kind]);
	return config;
}

struct config *config_with_edits(const struct config *base, const struct config_edit *edits,
				 size_t count, struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	struct config *config = config_merge_edits(base, edits, count);

	if (!config) {
		json_refuse_memory(&document);
		return NULL;
	}
	if (config_check_edits(&document, config, base, edits, count)) {
		config_unref(config);
		return NULL;
	}
	return config;
}

struct config *config_with_vip(const struct config *base, struct config_vip *vip,
			       struct error_list *errors)
{
	struct config_edit edit = {CONFIG_KIND_VIP, vip->name, &vip->object};

	return config_with_edits(base, &edit, 1, errors);
}

struct config *config_without_vip(const struct config *base, const char *name,
				  struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	struct json_place vips = json_place_member(&document, CONFIG_VIPS_KEY);
	struct json_place vip = json_place_item(&vips, CONFIG_VIP_NOUN, name);
	struct config_edit edit = {.kind = CONFIG_KIND_VIP, .name = name};

	if (!config_find_vip(base, name)) {
		json_refuse(&vip, ERROR_NOT_FOUND, " does not exist");
		return NULL;
	}
	return config_with_edits(base, &edit, 1, errors);
}
