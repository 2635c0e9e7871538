/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values themselves: references, order, look-ups, and the names of their enums.
 *
 * A config and its objects are immutable once they have left this library, which is why revisions
 * can share objects. Objects and backends are kept sorted by name, so that look-ups bisect and
 * printing needs no sorting. Counts of references are not atomic: one thread owns them.
 */
#include "config.h"
#include "config_parts.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const state_names[] = {
	[CONFIG_STATE_ACTIVE] = "active",
	[CONFIG_STATE_DRAIN] = "drain",
	[CONFIG_STATE_DISABLED] = "disabled",
};

static const char *const mode_names[] = {
	[CONFIG_MODE_AUTO] = "auto",
	[CONFIG_MODE_NATIVE] = "native",
	[CONFIG_MODE_GENERIC] = "generic",
};

static const char *const protocol_names[] = {
	[CAROM_PROTOCOL_TCP] = "tcp",
	[CAROM_PROTOCOL_UDP] = "udp",
};

static const char *const tracking_names[] = {
	[CONFIG_TRACKING_CHANGES] = "changes",
	[CONFIG_TRACKING_ALWAYS] = "always",
	[CONFIG_TRACKING_NEVER] = "never",
};

static const char *const on_down_names[] = {
	[CONFIG_ON_DOWN_KEEP] = "keep",
	[CONFIG_ON_DOWN_RESET] = "reset",
};

const struct json_choices config_trackings = {tracking_names, COUNT_OF(tracking_names)};
const struct json_choices config_on_downs = {on_down_names, COUNT_OF(on_down_names)};
const struct json_choices config_states = {state_names, COUNT_OF(state_names)};
const struct json_choices config_modes = {mode_names, COUNT_OF(mode_names)};
const struct json_choices config_protocols = {protocol_names, COUNT_OF(protocol_names)};

const char *config_state_name(enum config_state state)
{
	return state_names[state];
}

const char *config_tracking_name(enum config_tracking tracking)
{
	return tracking_names[tracking];
}

const char *config_on_down_name(enum config_on_down on_down)
{
	return on_down_names[on_down];
}

const char *config_protocol_name(uint8_t protocol)
{
	return protocol_names[protocol == IPPROTO_UDP ? CAROM_PROTOCOL_UDP : CAROM_PROTOCOL_TCP];
}

struct config *config_new(const size_t room[CONFIG_KIND_COUNT])
{
	struct config *config;
	config_object_pointer *objects;
	size_t total = 0;

	for (size_t kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		total += room[kind];
	config = calloc(1, sizeof(*config) + total * sizeof(objects[0]));
	if (!config)
		return NULL;
	config->references = 1;
	objects = (config_object_pointer *)(config + 1);
	for (size_t kind = 0; kind < CONFIG_KIND_COUNT; kind++) {
		config->sets[kind].objects = objects;
		objects += room[kind];
	}
	return config;
}

struct config *config_ref(struct config *config)
{
	config->references++;
	return config;
}

void config_unref(struct config *config)
{
	if (!config || --config->references > 0)
		return;
	for (size_t kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		for (size_t index = 0; index < config->sets[kind].count; index++)
			config_object_unref(config->sets[kind].objects[index]);
	free(config);
}

struct config_object *config_object_ref(struct config_object *object)
{
	object->references++;
	return object;
}

void config_object_unref(struct config_object *object)
{
	if (!object || --object->references > 0)
		return;
	free(object);
}

struct config_vip *config_vip_new(size_t backend_room)
{
	struct config_vip *vip = calloc(1, sizeof(*vip) + backend_room * sizeof(vip->backends[0]));

	if (vip)
		vip->references = 1;
	return vip;
}

static int compare_objects(const void *left, const void *right)
{
	const config_object_pointer *one = left, *other = right;

	return strcmp((*one)->name, (*other)->name);
}

void config_sort_objects(struct config_set *set)
{
	if (set->count > 1)
		qsort(set->objects, set->count, sizeof(set->objects[0]), compare_objects);
}

static int compare_backend_names(const void *left, const void *right)
{
	const struct config_backend *left_backend = left, *right_backend = right;

	return strcmp(left_backend->name, right_backend->name);
}

void config_sort_backends(struct config_backend *backends, size_t count)
{
	if (count > 1)
		qsort(backends, count, sizeof(backends[0]), compare_backend_names);
}

size_t config_object_position(const struct config_set *set, const char *name)
{
	size_t first = 0, end = set->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (strcmp(set->objects[middle]->name, name) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

size_t config_backend_position(const struct config_vip *vip, const char *name)
{
	size_t first = 0, end = vip->backend_count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (strcmp(vip->backends[middle].name, name) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

struct config_object *config_find_object(const struct config *config, enum config_kind kind,
					 const char *name)
{
	const struct config_set *set = &config->sets[kind];
	size_t position = config_object_position(set, name);

	if (position == set->count || strcmp(set->objects[position]->name, name) != 0)
		return NULL;
	return set->objects[position];
}

const struct config_vip *config_find_vip(const struct config *config, const char *name)
{
	return config_vip_of(config_find_object(config, CONFIG_KIND_VIP, name));
}

const struct config_backend *config_find_backend(const struct config_vip *vip, const char *name)
{
	size_t position = config_backend_position(vip, name);

	if (position == vip->backend_count || strcmp(vip->backends[position].name, name) != 0)
		return NULL;
	return &vip->backends[position];
}

unsigned config_vip_ring_bits(const struct config_vip *vip)
{
	unsigned bits = CAROM_RING_BITS_MIN;

	if (!vip->ring_slots)
		return carom_ring_bits(vip->backend_count);
	while (bits < CAROM_RING_BITS_MAX && (size_t)1 << bits < vip->ring_slots)
		bits++;
	return bits;
}
