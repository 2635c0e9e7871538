/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generation's two tables: addresses, and VIPs by (address, port, protocol). Laid out in memory
 * first, by perfect hashing, and then copied into the generation's own part of the arrays.
 *
 * The layout follows from the VIPs' keys alone. Most commits change no key: they use the layout of
 * what is published. If the idle generation has it already from an earlier commit, only the entries
 * of VIPs are written, copied from the active generation but for the VIPs that changed.
 *
 * Owns the layout and the epochs. On the event loop's thread.
 */
#include "generations.h"

#include "address.h"
#include "displace.h"
#include "log.h"
#include "published.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define FOLD_ATTEMPTS 16

enum table { TABLE_ADDRESSES, TABLE_VIPS, TABLE_COUNT };

struct generations_layout {
	uint64_t number;		 /* no two layouts of a process have the same */
	struct carom_address *addresses; /* distinct and sorted: an address's place is its number */
	size_t address_count;
	uint32_t *numbers; /* of each VIP's address */
	uint64_t address_seed;
	struct displace tables[TABLE_COUNT];
};

static int compare_addresses(const void *left, const void *right)
{
	return address_compare(left, right);
}

static int collect_addresses(struct generations_layout *layout, const struct image *image)
{
	size_t count = image->vip_count, distinct = 0;
	const struct carom_address *found;

	layout->addresses = calloc(count + 1, sizeof(layout->addresses[0]));
	layout->numbers = calloc(count + 1, sizeof(layout->numbers[0]));
	if (!layout->addresses || !layout->numbers)
		return -1;
	for (size_t i = 0; i < count; i++)
		layout->addresses[i] = image->vips[i]->address;
	qsort(layout->addresses, count, sizeof(layout->addresses[0]), compare_addresses);
	for (size_t i = 0; i < count; i++) {
		if (!distinct ||
		    !address_equal(&layout->addresses[distinct - 1], &layout->addresses[i]))
			layout->addresses[distinct++] = layout->addresses[i];
	}
	layout->address_count = distinct;
	for (size_t i = 0; i < count; i++) {
		found = bsearch(&image->vips[i]->address, layout->addresses, distinct,
				sizeof(layout->addresses[0]), compare_addresses);
		layout->numbers[i] = (uint32_t)(found - layout->addresses);
	}
	return 0;
}

static uint64_t address_key(const struct carom_address *address, uint64_t seed)
{
	uint64_t halves[2];

	memcpy(halves, address, sizeof(halves));
	return carom_address_key(halves[0], halves[1], seed);
}

/* Another seed when two addresses fold to one key, which 64 bits make a rare event. */
static int build_addresses(struct generations_layout *layout, uint64_t *keys)
{
	for (uint64_t seed = 1; seed <= FOLD_ATTEMPTS; seed++) {
		for (size_t i = 0; i < layout->address_count; i++)
			keys[i] = address_key(&layout->addresses[i], seed);
		layout->address_seed = seed;
		if (displace_build(keys, layout->address_count, seed,
				   &layout->tables[TABLE_ADDRESSES]) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

static uint64_t vip_key(const struct image_vip *vip, uint32_t address_number)
{
	return carom_vip_key(address_number, htons(vip->port), vip->protocol);
}

static int build_vips(struct generations_layout *layout, const struct image *image, uint64_t *keys)
{
	for (size_t i = 0; i < image->vip_count; i++)
		keys[i] = vip_key(image->vips[i], layout->numbers[i]);
	return displace_build(keys, image->vip_count, 1, &layout->tables[TABLE_VIPS]);
}

static int build(struct generations_layout *layout, const struct image *image)
{
	uint64_t *keys = calloc(image->vip_count + 1, sizeof(keys[0]));
	int result = -1;

	if (keys && collect_addresses(layout, image) == 0 && build_addresses(layout, keys) == 0)
		result = build_vips(layout, image, keys);
	free(keys);
	return result;
}

static void layout_free(struct generations_layout *layout)
{
	if (!layout)
		return;
	free(layout->addresses);
	free(layout->numbers);
	for (size_t i = 0; i < TABLE_COUNT; i++)
		displace_done(&layout->tables[i]);
	free(layout);
}

/* NULL with errno. */
static struct generations_layout *layout_new(const struct image *image, uint64_t number)
{
	struct generations_layout *layout = calloc(1, sizeof(*layout));
	int failure;

	if (!layout)
		return NULL;
	layout->number = number;
	if (build(layout, image) == 0)
		return layout;
	failure = errno;
	layout_free(layout);
	errno = failure;
	return NULL;
}

static bool has_same_key(const struct image_vip *left, const struct image_vip *right)
{
	return left == right || (left->port == right->port && left->protocol == right->protocol &&
				 address_equal(&left->address, &right->address));
}

static bool has_same_keys(const struct image *left, const struct image *right)
{
	if (left->vip_count != right->vip_count)
		return false;
	for (size_t i = 0; i < left->vip_count; i++) {
		if (!has_same_key(left->vips[i], right->vips[i]))
			return false;
	}
	return true;
}

/* Each generation has its own part of each array. */
static struct carom_table place_table(const struct dataplane_memory *memory, uint32_t generation,
				      enum table which, const struct displace *table)
{
	uint32_t first = (generation * TABLE_COUNT + which) * memory->displacement_count;

	memcpy(memory->displacements + first, table->displacements,
	       (table->displacement_mask + 1) * sizeof(table->displacements[0]));
	return (struct carom_table){
		.seed = table->seed,
		.first_displacement = first,
		.displacement_mask = table->displacement_mask,
		.first_entry = generation * memory->entry_count,
		.entry_mask = table->entry_mask,
	};
}

static void write_addresses(const struct dataplane_memory *memory, const struct carom_table *table,
			    const struct generations_layout *layout)
{
	struct carom_address_entry *entries = memory->addresses + table->first_entry;
	const uint32_t *places = layout->tables[TABLE_ADDRESSES].entries;

	memset(entries, 0, (table->entry_mask + 1) * sizeof(entries[0]));
	for (uint32_t i = 0; i < layout->address_count; i++) {
		entries[places[i]].address = layout->addresses[i];
		entries[places[i]].number = i;
	}
}

/* The table of VIPs finds what goes beyond the entry. */
static void link_port(struct carom_address_entry *address, uint64_t key, uint32_t entry)
{
	uint32_t number = address->port_count++;

	if (number < CAROM_LISTED_PER_ADDRESS)
		address->listed[number] =
			(struct carom_listed_vip){.key = (uint32_t)key, .vip = entry};
}

/* Tells the address which VIPs it has: by port, or for every port. */
static void link_vip(struct carom_address_entry *address, const struct image_vip *vip,
		     uint32_t entry)
{
	if (vip->port)
		link_port(address, vip_key(vip, address->number), entry);
	else if (vip->protocol == IPPROTO_TCP)
		address->any_port[CAROM_PROTOCOL_TCP] = entry + 1;
	else
		address->any_port[CAROM_PROTOCOL_UDP] = entry + 1;
}

static struct carom_vip encode_vip(const struct placed *placed, uint32_t address_number)
{
	const struct image_vip *vip = placed->vip;

	return (struct carom_vip){
		.key = vip_key(vip, address_number),
		.first_slot = placed->first_slot,
		.first_backend = placed->first_backend,
		.counter = placed->counter,
		.backend_count = (uint16_t)image_placed_count(vip),
		.ring_bits = (uint8_t)vip->ring->bits,
		.records_all = vip->tracking == TRACKING_ALWAYS,
		.tracking = (uint8_t)vip->tracking,
	};
}

/* Everything but the VIPs' entries themselves, which are cleared. */
static void write_layout(const struct generations *generations, uint32_t number,
			 const struct image *image)
{
	const struct dataplane_memory *memory = generations->published->memory;
	const struct generations_layout *layout = generations->layout;
	struct carom_generation *generation = &memory->control->generations[number];
	struct carom_address_entry *addresses;
	const uint32_t *address_places = layout->tables[TABLE_ADDRESSES].entries;
	const uint32_t *places = layout->tables[TABLE_VIPS].entries;

	generation->address_seed = layout->address_seed;
	generation->addresses =
		place_table(memory, number, TABLE_ADDRESSES, &layout->tables[TABLE_ADDRESSES]);
	generation->vips = place_table(memory, number, TABLE_VIPS, &layout->tables[TABLE_VIPS]);
	write_addresses(memory, &generation->addresses, layout);
	addresses = memory->addresses + generation->addresses.first_entry;
	for (size_t i = 0; i < image->vip_count; i++)
		link_vip(&addresses[address_places[layout->numbers[i]]], image->vips[i],
			 generation->vips.first_entry + places[i]);
	memset(memory->vips + generation->vips.first_entry, 0,
	       (generation->vips.entry_mask + 1) * sizeof(memory->vips[0]));
}

/* before: as the active generation has them, whose layout is the same; NULL: it is not. */
static void write_vips(const struct generations *generations, uint32_t number, size_t count,
		       struct placed *const *vips, struct placed *const *before)
{
	const struct dataplane_memory *memory = generations->published->memory;
	const struct generations_layout *layout = generations->layout;
	const struct carom_control *control = memory->control;
	const struct carom_table *table = &control->generations[number].vips;
	struct carom_vip *entries = memory->vips + table->first_entry;
	uint32_t active = control->generations[control->active].vips.first_entry;

	if (before)
		memcpy(entries, memory->vips + active,
		       (table->entry_mask + 1) * sizeof(entries[0]));
	for (size_t i = 0; i < count; i++) {
		if (!before || vips[i] != before[i])
			entries[layout->tables[TABLE_VIPS].entries[i]] =
				encode_vip(vips[i], layout->numbers[i]);
	}
}

int generations_write(struct generations *generations, uint32_t number, const struct image *image,
		      struct placed *const *vips, struct error *ret_error)
{
	const struct published *published = generations->published;
	bool is_same = generations->layout && has_same_keys(published->image, image);
	struct generations_layout *layout = generations->layout;

	if (!is_same) {
		layout = layout_new(image, ++generations->layout_count);
		if (!layout)
			return error_set_errno(ret_error, errno,
					       "cannot lay out the table of VIPs");
		layout_free(generations->layout);
		generations->layout = layout;
	}
	if (generations->layouts[number] != layout->number)
		write_layout(generations, number, image);
	generations->layouts[number] = layout->number;
	published->memory->control->generations[number].revision = image->revision;
	write_vips(generations, number, image->vip_count, vips, is_same ? published->vips : NULL);
	control_page_put(published->memory->page);
	return 0;
}

/* ---- which is active, and which is idle ---- */

void generations_done(struct generations *generations)
{
	layout_free(generations->layout);
}

uint32_t generations_find_idle(const struct generations *generations)
{
	uint32_t active = generations->published->memory->control->active;

	for (uint32_t i = 0; i < CAROM_GENERATION_COUNT; i++) {
		if (i != active && generations->retired_by[i] <= generations->reclaimed)
			return i;
	}
	return GENERATIONS_NONE;
}

void generations_flip(struct generations *generations, uint32_t number)
{
	struct carom_control *control = generations->published->memory->control;
	uint32_t retired = control->active;

	if (number >= CAROM_GENERATION_COUNT || retired >= CAROM_GENERATION_COUNT) {
		log_line(LOG_LEVEL_ERROR, "generation %u cannot follow on generation %u", number,
			 retired);
		return;
	}
	control->active = number;
	control_page_put(generations->published->memory->page);
	generations->retired_by[retired] = ++generations->epoch;
}

void generations_adopt(struct generations *generations)
{
	generations->epoch = 1;
	for (uint32_t i = 0; i < CAROM_GENERATION_COUNT; i++)
		generations->retired_by[i] = generations->epoch;
}

uint64_t generations_epoch(const struct generations *generations)
{
	return generations->epoch;
}

void generations_reclaim(struct generations *generations, uint64_t epoch)
{
	generations->reclaimed = epoch;
}

bool generations_is_waiting(const struct generations *generations)
{
	return generations->reclaimed < generations->epoch;
}
