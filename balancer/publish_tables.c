/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generation's two tables: addresses, and VIPs by (address, port, protocol). Built in memory
 * first, by perfect hashing, and then copied into the generation's own part of the arrays.
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

struct generation_builder {
	const struct image *image;
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

static int collect_addresses(struct generation_builder *builder)
{
	size_t count = builder->image->vip_count, distinct = 0;
	const struct carom_address *found;

	builder->addresses = calloc(count + 1, sizeof(builder->addresses[0]));
	builder->numbers = calloc(count + 1, sizeof(builder->numbers[0]));
	if (!builder->addresses || !builder->numbers)
		return -1;
	for (size_t i = 0; i < count; i++)
		builder->addresses[i] = builder->image->vips[i]->address;
	qsort(builder->addresses, count, sizeof(builder->addresses[0]), compare_addresses);
	for (size_t i = 0; i < count; i++) {
		if (!distinct ||
		    !address_equal(&builder->addresses[distinct - 1], &builder->addresses[i]))
			builder->addresses[distinct++] = builder->addresses[i];
	}
	builder->address_count = distinct;
	for (size_t i = 0; i < count; i++) {
		found = bsearch(&builder->image->vips[i]->address, builder->addresses, distinct,
				sizeof(builder->addresses[0]), compare_addresses);
		builder->numbers[i] = (uint32_t)(found - builder->addresses);
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
static int build_addresses(struct generation_builder *builder, uint64_t *keys)
{
	for (uint64_t seed = 1; seed <= FOLD_ATTEMPTS; seed++) {
		for (size_t i = 0; i < builder->address_count; i++)
			keys[i] = address_key(&builder->addresses[i], seed);
		builder->address_seed = seed;
		if (displace_build(keys, builder->address_count, seed,
				   &builder->tables[TABLE_ADDRESSES]) == 0)
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

static int build_vips(struct generation_builder *builder, uint64_t *keys)
{
	const struct image *image = builder->image;

	for (size_t i = 0; i < image->vip_count; i++)
		keys[i] = vip_key(image->vips[i], builder->numbers[i]);
	return displace_build(keys, image->vip_count, 1, &builder->tables[TABLE_VIPS]);
}

static int build(struct generation_builder *builder)
{
	uint64_t *keys = calloc(builder->image->vip_count + 1, sizeof(keys[0]));
	int result = -1;

	if (keys && collect_addresses(builder) == 0 && build_addresses(builder, keys) == 0)
		result = build_vips(builder, keys);
	free(keys);
	return result;
}

static void builder_done(struct generation_builder *builder)
{
	free(builder->addresses);
	free(builder->numbers);
	for (size_t i = 0; i < TABLE_COUNT; i++)
		displace_done(&builder->tables[i]);
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
			    const struct generation_builder *builder)
{
	struct carom_address_entry *entries = publish->memory->addresses + table->first_entry;
	const uint32_t *places = builder->tables[TABLE_ADDRESSES].entries;

	memset(entries, 0, (table->entry_mask + 1) * sizeof(entries[0]));
	for (uint32_t i = 0; i < builder->address_count; i++) {
		entries[places[i]].address = builder->addresses[i];
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
		.records_all = vip->tracking == HISTORY_ALWAYS,
		.tracking = (uint8_t)vip->tracking,
	};
}

static void write_vips(const struct publish *publish, const struct carom_generation *generation,
		       const struct generation_builder *builder, struct published_vip *const *vips)
{
	struct carom_address_entry *addresses =
		publish->memory->addresses + generation->addresses.first_entry;
	struct carom_vip *entries = publish->memory->vips + generation->vips.first_entry;
	const uint32_t *address_places = builder->tables[TABLE_ADDRESSES].entries;
	const uint32_t *places = builder->tables[TABLE_VIPS].entries;

	memset(entries, 0, (generation->vips.entry_mask + 1) * sizeof(entries[0]));
	for (size_t i = 0; i < builder->image->vip_count; i++) {
		entries[places[i]] = encode_vip(vips[i], builder->numbers[i]);
		link_vip(&addresses[address_places[builder->numbers[i]]], vips[i]->vip,
			 generation->vips.first_entry + places[i]);
	}
}

int publish_write_generation(const struct publish *publish, uint32_t generation,
			     const struct image *image, struct published_vip *const *vips,
			     struct error *ret_error)
{
	struct carom_generation *written = &publish->memory->control->generations[generation];
	struct generation_builder builder = {.image = image};
	int result = build(&builder);

	if (result) {
		error_set_errno(ret_error, errno, "cannot lay out the table of VIPs");
	} else {
		written->revision = image->revision;
		written->address_seed = builder.address_seed;
		written->addresses = place_table(publish, generation, TABLE_ADDRESSES,
						 &builder.tables[TABLE_ADDRESSES]);
		written->vips =
			place_table(publish, generation, TABLE_VIPS, &builder.tables[TABLE_VIPS]);
		write_addresses(publish, &written->addresses, &builder);
		write_vips(publish, written, &builder, vips);
	}
	builder_done(&builder);
	return result;
}
