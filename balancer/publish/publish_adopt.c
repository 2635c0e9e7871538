/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking over what a former process published: its active generation is read back into an image,
 * and what that uses is taken out of the pools. Whatever is not in it, a commit under way when the
 * process died included, is free. Nothing is believed that could lead out of the arrays.
 */
#include "publish_parts.h"

#include "address.h"
#include "maglev.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct publish *publish;
	const struct carom_generation *generation;
	struct error *error;
	const struct carom_address **addresses; /* by number */
	struct published_vip **vips;		/* in the order of the names, once all are there */
	size_t count;
};

static int contradict(const struct reading *reading, const char *what)
{
	return error_set(reading->error, ERROR_CONFLICT, "what is published contradicts itself: %s",
			 what);
}

static bool name_is_whole(const char name[CAROM_NAME_BYTES])
{
	return name[0] && memchr(name, '\0', CAROM_NAME_BYTES);
}

/* ---- checks: where an entry leads must lie within its array ---- */

static bool vip_fits(const struct dataplane_memory *memory, const struct carom_vip *entry)
{
	return entry->ring_bits >= CAROM_RING_BITS_MIN && entry->ring_bits <= CAROM_RING_BITS_MAX &&
	       (uint64_t)entry->first_slot + (1u << entry->ring_bits) <= memory->slot_count &&
	       (entry->backend_count == 0 ||
		(uint64_t)entry->first_backend + entry->backend_count <= memory->backend_count) &&
	       entry->counter > 0 && entry->counter < memory->reasons_per_lane &&
	       entry->tracking <= TRACKING_NEVER &&
	       name_is_whole(memory->vip_labels[entry->counter].name);
}

static bool tables_fit(const struct dataplane_memory *memory,
		       const struct carom_generation *generation)
{
	uint64_t entries = (uint64_t)CAROM_GENERATION_COUNT * memory->entry_count;

	return (uint64_t)generation->addresses.first_entry + generation->addresses.entry_mask <
		       entries &&
	       (uint64_t)generation->vips.first_entry + generation->vips.entry_mask < entries;
}

/* ---- reading back ---- */

static int list_addresses(struct reading *reading)
{
	const struct carom_table *table = &reading->generation->addresses;
	const struct carom_address_entry *entries =
		reading->publish->memory->addresses + table->first_entry;

	reading->addresses = calloc((size_t)table->entry_mask + 1, sizeof(reading->addresses[0]));
	if (!reading->addresses)
		return error_set_errno(reading->error, ENOMEM, "taking over");
	for (uint32_t i = 0; i <= table->entry_mask; i++) {
		if (address_is_zero(&entries[i].address))
			continue;
		if (entries[i].number > table->entry_mask)
			return contradict(reading, "an address's number");
		reading->addresses[entries[i].number] = &entries[i].address;
	}
	return 0;
}

static int read_backends(const struct reading *reading, const struct carom_vip *entry,
			 struct image_vip *vip)
{
	const struct dataplane_memory *memory = reading->publish->memory;

	for (uint32_t i = 0; i < entry->backend_count; i++) {
		const struct carom_backend_label *label =
			&memory->backend_labels[entry->first_backend + i];

		if (label->state > CAROM_BACKEND_DISABLED)
			return contradict(reading, "a backend's state");
		if (label->state != CAROM_BACKEND_UNUSED && !name_is_whole(label->name))
			return contradict(reading, "a backend's name");
		vip->backends[i] =
			publish_decode_backend(&memory->backends[entry->first_backend + i], label);
		if (label->state == CAROM_BACKEND_UNUSED)
			vip->backends[i].free_after_sweep = IMAGE_SWEEPS_TO_FORGET;
	}
	return 0;
}

static int digest_ring(struct image_vip *vip)
{
	uint64_t *identities = calloc(vip->backend_count + 1, sizeof(identities[0]));
	bool is_empty = vip->ring->slots[0] == CAROM_ORDINAL_NONE;

	if (!identities)
		return -1;
	for (size_t i = 0; i < vip->backend_count; i++)
		identities[i] = maglev_identity(vip->backends[i].name, &vip->backends[i].address);
	vip->ring->digest =
		is_empty ? 0 : maglev_digest(vip->ring->slots, vip->ring->bits, identities);
	free(identities);
	return 0;
}

static int read_ring(const struct reading *reading, const struct carom_vip *entry,
		     struct image_vip *vip)
{
	const uint16_t *slots = reading->publish->memory->slots + entry->first_slot;
	uint16_t ordinal;

	vip->ring = image_ring_new(entry->ring_bits);
	if (!vip->ring)
		return error_set_errno(reading->error, ENOMEM, "vip '%s'", vip->name);
	for (size_t i = 0; i < (size_t)1 << entry->ring_bits; i++) {
		ordinal = slots[i] & CAROM_SLOT_ORDINAL;
		if (ordinal != CAROM_ORDINAL_NONE && ordinal >= entry->backend_count)
			return contradict(reading, "a slot leads to no backend");
		vip->ring->slots[i] = ordinal;
	}
	if (digest_ring(vip))
		return error_set_errno(reading->error, ENOMEM, "vip '%s'", vip->name);
	return 0;
}

static int read_vip(const struct reading *reading, const struct carom_vip *entry,
		    struct image_vip *vip)
{
	const struct carom_vip_label *label = &reading->publish->memory->vip_labels[entry->counter];
	uint32_t number = (uint32_t)(entry->key >> 32);

	if (number > reading->generation->addresses.entry_mask || !reading->addresses[number])
		return contradict(reading, "a VIP has no address");
	memcpy(vip->name, label->name, sizeof(vip->name));
	vip->address = *reading->addresses[number];
	vip->port = ntohs((uint16_t)(entry->key >> 8));
	vip->protocol = (uint8_t)entry->key;
	vip->tracking = (enum tracking_mode)entry->tracking;
	if (read_backends(reading, entry, vip))
		return -1;
	return read_ring(reading, entry, vip);
}

/* ---- taking what is in use ---- */

static size_t count_tracked(const struct tracking_slots *slots)
{
	size_t count = 0;

	for (size_t i = 0; i < (size_t)1 << slots->bits; i++)
		count += (slots->slots[i] & CAROM_SLOT_TRACKED) != 0;
	return count;
}

static int take_counters(const struct reading *reading, struct published_vip *published)
{
	struct publish *publish = reading->publish;

	if (range_take_at(publish->vip_counters, published->counter, 1))
		return contradict(reading, "two VIPs count in one place");
	for (size_t i = 0; i < published->vip->backend_count; i++) {
		if (published->vip->backends[i].state == CAROM_BACKEND_UNUSED)
			continue;
		published->counters[i] =
			publish->memory->backends[published->first_backend + i].counter;
		if (range_take_at(publish->backend_counters, published->counters[i], 1))
			return contradict(reading, "two backends count in one place");
	}
	return 0;
}

static int take_places(const struct reading *reading, const struct carom_vip *entry,
		       struct published_vip *published)
{
	struct publish *publish = reading->publish;
	struct tracking_slots slots;

	published->counter = entry->counter;
	if (range_take_at(publish->slots, entry->first_slot, 1u << entry->ring_bits))
		return contradict(reading, "two VIPs share slots");
	published->first_slot = entry->first_slot;
	if (entry->backend_count) {
		if (range_take_at(publish->backends, entry->first_backend, entry->backend_count))
			return contradict(reading, "two VIPs share backends");
		published->first_backend = entry->first_backend;
	}
	slots = publish_slots(publish, published);
	published->tracked_count = count_tracked(&slots);
	publish_count_older(publish, published);
	return take_counters(reading, published);
}

static int adopt_vip(struct reading *reading, const struct carom_vip *entry)
{
	struct published_vip *published = NULL;
	struct image_vip *vip;

	if (!vip_fits(reading->publish->memory, entry))
		return contradict(reading, "a VIP lies outside of the maps");
	vip = image_vip_new(entry->backend_count);
	if (vip && read_vip(reading, entry, vip) == 0)
		published = published_vip_new(vip);
	image_vip_unref(vip);
	if (!published)
		return reading->error->kind
			       ? -1
			       : error_set_errno(reading->error, ENOMEM, "taking over");
	reading->vips[reading->count++] = published;
	return take_places(reading, entry, published);
}

static int adopt_vips(struct reading *reading)
{
	const struct carom_table *table = &reading->generation->vips;
	const struct carom_vip *entries = reading->publish->memory->vips + table->first_entry;

	for (uint32_t i = 0; i <= table->entry_mask; i++) {
		if (entries[i].key && adopt_vip(reading, &entries[i]))
			return -1;
	}
	return 0;
}

/* ---- all together ---- */

static int compare_names(const void *left, const void *right)
{
	const struct published_vip *const *first = left, *const *second = right;

	return strcmp((*first)->vip->name, (*second)->vip->name);
}

static int finish(struct reading *reading)
{
	struct publish *publish = reading->publish;
	struct image *image = image_new(reading->count);

	if (!image)
		return error_set_errno(reading->error, ENOMEM, "taking over");
	qsort(reading->vips, reading->count, sizeof(reading->vips[0]), compare_names);
	image->revision = reading->generation->revision;
	for (size_t i = 0; i < reading->count; i++)
		image->vips[i] = image_vip_ref(reading->vips[i]->vip);
	publish->image = image;
	publish->vips = reading->vips;
	/* Packets may still be reading what the former process flipped away last. */
	publish->epoch = 1;
	for (uint32_t i = 0; i < CAROM_GENERATION_COUNT; i++)
		publish->generation_epoch[i] = publish->epoch;
	publish_clear_unused(publish);
	return 0;
}

static void undo(struct reading *reading)
{
	for (size_t i = 0; reading->vips && i < reading->count; i++)
		published_vip_free(reading->vips[i]);
	free(reading->vips);
}

int publish_adopt(struct publish *publish, struct error *ret_error)
{
	const struct carom_control *control = publish->memory->control;
	struct error error = {0};
	struct reading reading = {.publish = publish, .error = &error};
	int result;

	if (control->active >= CAROM_GENERATION_COUNT)
		return error_set(ret_error, ERROR_CONFLICT,
				 "what is published contradicts itself: no generation is active");
	reading.generation = &control->generations[control->active];
	reading.vips = calloc((size_t)publish->memory->entry_count + 1, sizeof(reading.vips[0]));
	if (!reading.vips)
		result = error_set_errno(&error, ENOMEM, "taking over");
	else if (!tables_fit(publish->memory, reading.generation))
		result = contradict(&reading, "its tables lie outside of the maps");
	else
		result = list_addresses(&reading) || adopt_vips(&reading) ? -1 : finish(&reading);
	free(reading.addresses);
	if (result) {
		undo(&reading);
		if (ret_error)
			*ret_error = error;
	}
	return result;
}
