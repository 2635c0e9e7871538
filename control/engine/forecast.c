/* SPDX-License-Identifier: BSD-2-Clause */
#include "forecast.h"

#include "address.h"

/* The same backend keeps its ordinal from image to image, and the ordinal of one that went is not
 * given to another at once: so ordinals can be compared. */
static bool serves(const struct image_vip *vip, size_t ordinal)
{
	return ordinal < vip->backend_count && image_backend_serves(&vip->backends[ordinal]);
}

/* Then its clients find no VIP where it was. */
static bool is_elsewhere(const struct image_vip *from, const struct image_vip *to)
{
	return from->port != to->port || from->protocol != to->protocol ||
	       !address_equal(&from->address, &to->address);
}

bool forecast_gives_up(const struct image_vip *from, const struct image_vip *to, size_t ordinal)
{
	return serves(from, ordinal) && (!to || is_elsewhere(from, to) || !serves(to, ordinal));
}

static struct forecast_slots give_up_all(const struct image_vip *from)
{
	struct forecast_slots slots = {.count = 1u << from->ring->bits};

	for (uint32_t i = 0; i < slots.count; i++)
		slots.given_up += serves(from, from->ring->slots[i]);
	slots.moved = slots.count;
	return slots;
}

/* Rings never shrink; a slot of the smaller one is the parent of several. */
static struct forecast_slots compare_rings(const struct image_vip *from, const struct image_vip *to)
{
	struct forecast_slots slots = {.count = 1u << to->ring->bits};
	unsigned growth = to->ring->bits - from->ring->bits;

	for (uint32_t i = 0; i < slots.count; i++) {
		uint16_t before = from->ring->slots[i >> growth];

		slots.moved += before != to->ring->slots[i];
		slots.given_up += forecast_gives_up(from, to, before);
	}
	return slots;
}

struct forecast_slots forecast_slots(const struct image_vip *from, const struct image_vip *to)
{
	if (from && (!to || is_elsewhere(from, to)))
		return give_up_all(from);
	if (!from)
		return (struct forecast_slots){.count = 1u << to->ring->bits};
	if (from == to)
		return (struct forecast_slots){.count = 1u << to->ring->bits};
	return compare_rings(from, to);
}
