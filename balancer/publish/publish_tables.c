/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generation's two tables: addresses, and VIPs by (address, port, protocol). Laid out in memory
 * first, by perfect hashing, and then copied into the generation's own part of the arrays.
 *
 * The layout follows from the services alone. Most commits change none: they use the layout of what
 * is published, and if the idle generation has it already from an earlier commit, only the entries
 * of VIPs are written, copied from the active generation but for those that changed.
 */
#include "publish_parts.h"

#include "address.h"
#include "displace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define FOLD_ATTEMPTS 16

enum table { TABLE_ADDRESSES, TABLE_VIPS, TABLE_COUNT };

struct publish_layout {
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

static int collect_addresses(struct publish_layout *layout, const struct image *image)
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
static int build_addresses(struct publish_layout *layout, uint64_t *keys)
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

static int build_vips(struct publish_layout *layout, const struct image *image, uint64_t *keys)
{
	for (size_t i = 0; i < image->vip_count; i++)
		keys[i] = vip_key(image->vips[i], layout->numbers[i]);
	return displace_build(keys, image->vip_count, 1, &layout->tables[TABLE_VIPS]);
}

static int build(struct publish_layout *layout, const struct image *image)
{
	uint64_t *keys = calloc(image->vip_count + 1, sizeof(keys[0]));
	int result = -1;

	if (keys && collect_addresses(layout, image) == 0 && build_addresses(layout, keys) == 0)
		result = build_vips(layout, image, keys);
	free(keys);
	return result;
}

void publish_layout_free(struct publish_layout *layout)
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
static struct publish_layout *layout_new(const struct image *image, uint64_t number)
{
	struct publish_layout *layout = calloc(1, sizeof(*layout));
	int failure;

	if (!layout)
		return NULL;
	layout->number = number;
	if (build(layout, image) == 0)
		return layout;
	failure = errno;
	publish_layout_free(layout);
	errno = failure;
	return NULL;
}

static bool same_service(const struct image_vip *left, const struct image_vip *right)
{
	return left == right || (left->port == right->port && left->protocol == right->protocol &&
				 address_equal(&left->address, &right->address));
}

static bool same_services(const struct image *left, const struct image *right)
{
	if (left->vip_count != right->vip_count)
		return false;
	for (size_t i = 0; i < left->vip_count; i++) {
		if (!same_service(left->vips[i], right->vips[i]))
			return false;
	}
	return true;
}

/* Each generation has its own part of each array. */
static struct carom_table place_table(const struct publish *publish, uint32_t generation,
				      enum table which, const struct displace *table)
{
	const struct dataplane_memory *memory = publish->memory;
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

static void write_addresses(const struct publish *publish, const struct carom_table *table,
			    const struct publish_layout *layout)
{
	struct carom_address_entry *entries = publish->memory->addresses + table->first_entry;
	const uint32_t *places = layout->tables[TABLE_ADDRESSES].entries;

	memset(entries, 0, (table->entry_mask + 1) * sizeof(entries[0]));
	for (uint32_t i = 0; i < layout->address_count; i++) {
		entries[places[i]].address = layout->addresses[i];
		entries[places[i]].number = i;
	}
}

/* Those beyond what the entry holds are found by the table of VIPs. */
static void link_service(struct carom_address_entry *address, uint64_t key, uint32_t entry)
{
	uint32_t number = address->service_count++;

	if (number < CAROM_SERVICES_PER_ADDRESS)
		address->services[number] =
			(struct carom_service){.key = (uint32_t)key, .vip = entry};
}

/* Tells the address which VIPs it has: by port, or for every port. */
static void link_vip(struct carom_address_entry *address, const struct image_vip *vip,
		     uint32_t entry)
{
	if (vip->port)
		link_service(address, vip_key(vip, address->number), entry);
	else if (vip->protocol == IPPROTO_TCP)
		address->any_port[CAROM_PROTOCOL_TCP] = entry + 1;
	else
		address->any_port[CAROM_PROTOCOL_UDP] = entry + 1;
}

static struct carom_vip encode_vip(const struct published_vip *published, uint32_t address_number)
{
	const struct image_vip *vip = published->vip;

	return (struct carom_vip){
		.key = vip_key(vip, address_number),
		.first_slot = published->first_slot,
		.first_backend = published->first_backend,
		.counter = published->counter,
		.backend_count = (uint16_t)vip->backend_count,
		.ring_bits = (uint8_t)vip->ring->bits,
		.records_all = vip->tracking == TRACKING_ALWAYS,
		.tracking = (uint8_t)vip->tracking,
	};
}

/* Everything but the VIPs' entries themselves, which are cleared. */
static void write_layout(const struct publish *publish, uint32_t number, const struct image *image)
{
	const struct publish_layout *layout = publish->layout;
	struct carom_generation *generation = &publish->memory->control->generations[number];
	struct carom_address_entry *addresses;
	const uint32_t *address_places = layout->tables[TABLE_ADDRESSES].entries;
	const uint32_t *places = layout->tables[TABLE_VIPS].entries;

	generation->address_seed = layout->address_seed;
	generation->addresses =
		place_table(publish, number, TABLE_ADDRESSES, &layout->tables[TABLE_ADDRESSES]);
	generation->vips = place_table(publish, number, TABLE_VIPS, &layout->tables[TABLE_VIPS]);
	write_addresses(publish, &generation->addresses, layout);
	addresses = publish->memory->addresses + generation->addresses.first_entry;
	for (size_t i = 0; i < image->vip_count; i++)
		link_vip(&addresses[address_places[layout->numbers[i]]], image->vips[i],
			 generation->vips.first_entry + places[i]);
	memset(publish->memory->vips + generation->vips.first_entry, 0,
	       (generation->vips.entry_mask + 1) * sizeof(publish->memory->vips[0]));
}

/* former: by the active generation, whose layout is the same; NULL: it is not. */
static void write_vips(const struct publish *publish, uint32_t number, size_t count,
		       struct published_vip *const *vips, struct published_vip *const *former)
{
	const struct publish_layout *layout = publish->layout;
	const struct carom_control *control = publish->memory->control;
	const struct carom_table *table = &control->generations[number].vips;
	struct carom_vip *entries = publish->memory->vips + table->first_entry;
	uint32_t active = control->generations[control->active].vips.first_entry;

	if (former)
		memcpy(entries, publish->memory->vips + active,
		       (table->entry_mask + 1) * sizeof(entries[0]));
	for (size_t i = 0; i < count; i++) {
		if (!former || vips[i] != former[i])
			entries[layout->tables[TABLE_VIPS].entries[i]] =
				encode_vip(vips[i], layout->numbers[i]);
	}
}

int publish_write_generation(struct publish *publish, uint32_t generation,
			     const struct image *image, struct published_vip *const *vips,
			     struct error *ret_error)
{
	bool is_same = publish->layout && same_services(publish->image, image);
	struct publish_layout *layout = publish->layout;

	if (!is_same) {
		layout = layout_new(image, ++publish->layout_count);
		if (!layout)
			return error_set_errno(ret_error, errno,
					       "cannot lay out the table of VIPs");
		publish_layout_free(publish->layout);
		publish->layout = layout;
	}
	if (publish->generation_layouts[generation] != layout->number)
		write_layout(publish, generation, image);
	publish->generation_layouts[generation] = layout->number;
	publish->memory->control->generations[generation].revision = image->revision;
	write_vips(publish, generation, image->vip_count, vips, is_same ? publish->vips : NULL);
	return 0;
}
