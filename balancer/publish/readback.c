/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The active generation becomes an image again, and what it leads to becomes places. What it does
 * not lead to, as a commit under way when the predecessor died, is free. Nothing is believed that
 * could lead out of the arrays.
 */
#include "published.h"

#include "address.h"
#include "encode.h"
#include "maglev.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	const struct dataplane_memory *memory;
	const struct carom_generation *generation;
	struct error *error;
	const struct carom_address **addresses; /* by number */
	struct placed **vips;			/* in the order of the names, once all are there */
	size_t count;
};

int readback_contradict(struct error *ret_error, const char *what)
{
	return error_set(ret_error, ERROR_CONFLICT, "what is published contradicts itself: %s",
			 what);
}

static int contradict(const struct reading *reading, const char *what)
{
	return readback_contradict(reading->error, what);
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

static bool table_fits(const struct dataplane_memory *memory, const struct carom_table *table)
{
	return table->entry_mask < memory->entry_count &&
	       (uint64_t)table->first_entry + table->entry_mask <
		       (uint64_t)CAROM_GENERATION_COUNT * memory->entry_count;
}

/* ---- reading back ---- */

static int list_addresses(struct reading *reading)
{
	const struct carom_table *table = &reading->generation->addresses;
	const struct carom_address_entry *entries = reading->memory->addresses + table->first_entry;

	reading->addresses = calloc((size_t)table->entry_mask + 1, sizeof(reading->addresses[0]));
	if (!reading->addresses)
		return error_set_errno(reading->error, ENOMEM, "adopting");
	for (uint32_t i = 0; i <= table->entry_mask; i++) {
		if (address_is_zero(&entries[i].address))
			continue;
		if (entries[i].number > table->entry_mask)
			return contradict(reading, "an address's number");
		reading->addresses[entries[i].number] = &entries[i].address;
	}
	return 0;
}

static int readback_backends(const struct reading *reading, const struct carom_vip *entry,
			     struct image_vip *vip)
{
	const struct dataplane_memory *memory = reading->memory;

	for (uint32_t i = 0; i < entry->backend_count; i++) {
		const struct carom_backend *backend = &memory->backends[entry->first_backend + i];
		const struct carom_backend_label *label =
			&memory->backend_labels[entry->first_backend + i];

		if (label->state > CAROM_BACKEND_DISABLED)
			return contradict(reading, "a backend's state");
		if (label->state != CAROM_BACKEND_UNUSED && !name_is_whole(label->name))
			return contradict(reading, "a backend's name");
		if (backend->next_hop >= memory->next_hop_count)
			return contradict(reading, "a backend's next hop");
		vip->backends[i] =
			encode_read_backend(backend, &memory->next_hops[backend->next_hop], label);
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
	const uint16_t *slots = reading->memory->slots + entry->first_slot;
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

static int readback_vip(const struct reading *reading, const struct carom_vip *entry,
			struct image_vip *vip)
{
	const struct carom_vip_label *label = &reading->memory->vip_labels[entry->counter];
	uint32_t number = (uint32_t)(entry->key >> 32);

	if (number > reading->generation->addresses.entry_mask || !reading->addresses[number])
		return contradict(reading, "a VIP has no address");
	memcpy(vip->name, label->name, sizeof(vip->name));
	vip->address = *reading->addresses[number];
	vip->port = ntohs((uint16_t)(entry->key >> 8));
	vip->protocol = (uint8_t)entry->key;
	vip->tracking = (enum tracking_mode)entry->tracking;
	if (readback_backends(reading, entry, vip))
		return -1;
	return read_ring(reading, entry, vip);
}

static size_t count_tracked(const struct tracking_slots *slots)
{
	size_t count = 0;

	for (size_t i = 0; i < (size_t)1 << slots->bits; i++)
		count += (slots->slots[i] & CAROM_SLOT_TRACKED) != 0;
	return count;
}

static void read_places(const struct reading *reading, const struct carom_vip *entry,
			struct placed *placed)
{
	struct tracking_slots slots;

	placed->counter = entry->counter;
	placed->first_slot = entry->first_slot;
	if (entry->backend_count)
		placed->first_backend = entry->first_backend;
	for (size_t i = 0; i < placed->vip->backend_count; i++) {
		const struct carom_backend *backend =
			&reading->memory->backends[entry->first_backend + i];

		if (placed->vip->backends[i].state == CAROM_BACKEND_UNUSED)
			continue;
		placed->backends[i].counter = backend->counter;
		placed->backends[i].next_hop = backend->next_hop;
	}
	slots = placed_slots(placed, reading->memory);
	placed->tracked_count = count_tracked(&slots);
}

static int read_entry(struct reading *reading, const struct carom_vip *entry)
{
	struct placed *placed = NULL;
	struct image_vip *vip;

	if (!vip_fits(reading->memory, entry))
		return contradict(reading, "a VIP lies outside of the maps");
	vip = image_vip_new(entry->backend_count);
	if (vip && readback_vip(reading, entry, vip) == 0)
		placed = placed_new(vip);
	image_vip_unref(vip);
	if (!placed)
		return reading->error->kind ? -1
					    : error_set_errno(reading->error, ENOMEM, "adopting");
	read_places(reading, entry, placed);
	reading->vips[reading->count++] = placed;
	return 0;
}

static int read_entries(struct reading *reading)
{
	const struct carom_table *table = &reading->generation->vips;
	const struct carom_vip *entries = reading->memory->vips + table->first_entry;

	for (uint32_t i = 0; i <= table->entry_mask; i++) {
		if (entries[i].key && read_entry(reading, &entries[i]))
			return -1;
	}
	return 0;
}

/* ---- all together ---- */

static int readback_compare(const void *left, const void *right)
{
	const struct placed *const *first = left, *const *second = right;

	return strcmp((*first)->vip->name, (*second)->vip->name);
}

static int make_image(struct reading *reading, struct published *published)
{
	struct image *image = image_new(reading->count);

	if (!image)
		return error_set_errno(reading->error, ENOMEM, "adopting");
	qsort(reading->vips, reading->count, sizeof(reading->vips[0]), readback_compare);
	image->revision = reading->generation->revision;
	for (size_t i = 0; i < reading->count; i++)
		image->vips[i] = image_vip_ref(reading->vips[i]->vip);
	published->image = image;
	published->vips = reading->vips;
	return 0;
}

static int readback_all(struct reading *reading, struct published *published)
{
	const struct carom_control *control = reading->memory->control;

	if (control->active >= CAROM_GENERATION_COUNT)
		return contradict(reading, "no generation is active");
	reading->generation = &control->generations[control->active];
	if (!table_fits(reading->memory, &reading->generation->addresses) ||
	    !table_fits(reading->memory, &reading->generation->vips))
		return contradict(reading, "its tables lie outside of the maps");
	reading->vips = calloc((size_t)reading->memory->entry_count + 1, sizeof(reading->vips[0]));
	if (!reading->vips)
		return error_set_errno(reading->error, ENOMEM, "adopting");
	if (list_addresses(reading) || read_entries(reading))
		return -1;
	return make_image(reading, published);
}

int readback(struct published *published, struct error *ret_error)
{
	struct error error = {0};
	struct reading reading = {.memory = published->memory, .error = &error};
	int result = readback_all(&reading, published);

	free(reading.addresses);
	if (result) {
		for (size_t i = 0; i < reading.count; i++)
			placed_free(reading.vips[i]);
		free(reading.vips);
		if (ret_error)
			*ret_error = error;
	}
	return result;
}
