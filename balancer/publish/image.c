/* SPDX-License-Identifier: BSD-2-Clause */
#include "image.h"

#include "address.h"

#include <stdlib.h>
#include <string.h>

struct image_ring *image_ring_new(unsigned bits)
{
	struct image_ring *ring = malloc(sizeof(*ring) + (sizeof(ring->slots[0]) << bits));

	if (ring)
		*ring = (struct image_ring){.references = 1, .bits = bits};
	return ring;
}

struct image_vip *image_vip_new(size_t backend_count)
{
	struct image_vip *vip = calloc(1, sizeof(*vip) + backend_count * sizeof(vip->backends[0]));

	if (vip) {
		vip->references = 1;
		vip->backend_count = backend_count;
	}
	return vip;
}

struct image *image_new(size_t vip_count)
{
	struct image *image = calloc(1, sizeof(*image) + vip_count * sizeof(image->vips[0]));

	if (image) {
		image->references = 1;
		image->vip_count = vip_count;
	}
	return image;
}

struct image_ring *image_ring_ref(struct image_ring *ring)
{
	ring->references++;
	return ring;
}

struct image_vip *image_vip_ref(struct image_vip *vip)
{
	vip->references++;
	return vip;
}

struct image *image_ref(struct image *image)
{
	image->references++;
	return image;
}

void image_ring_unref(struct image_ring *ring)
{
	if (ring && --ring->references == 0)
		free(ring);
}

void image_vip_unref(struct image_vip *vip)
{
	if (!vip || --vip->references)
		return;
	image_ring_unref(vip->ring);
	free(vip);
}

void image_unref(struct image *image)
{
	if (!image || --image->references)
		return;
	for (size_t i = 0; i < image->vip_count; i++)
		image_vip_unref(image->vips[i]);
	free(image);
}

static int compare_name(const void *name, const void *member)
{
	const struct image_vip *const *vip = member;

	return strcmp(name, (*vip)->name);
}

int image_find_index(const struct image *image, const char *name)
{
	struct image_vip *const *found =
		bsearch(name, image->vips, image->vip_count, sizeof(image->vips[0]), compare_name);

	return found ? (int)(found - image->vips) : -1;
}

struct image_vip *image_find(const struct image *image, const char *name)
{
	int index = image_find_index(image, name);

	return index < 0 ? NULL : image->vips[index];
}

int image_find_ordinal(const struct image_vip *vip, const char *name,
		       const struct carom_address *address)
{
	for (size_t i = 0; i < vip->backend_count; i++) {
		const struct image_backend *backend = &vip->backends[i];

		if (backend->state != CAROM_BACKEND_UNUSED && strcmp(backend->name, name) == 0 &&
		    address_equal(&backend->address, address))
			return (int)i;
	}
	return -1;
}

uint32_t *image_count_slots(const struct image_vip *vip)
{
	uint32_t *counts = calloc(vip->backend_count + 1, sizeof(counts[0]));

	for (size_t i = 0; counts && i < (size_t)1 << vip->ring->bits; i++)
		if (vip->ring->slots[i] < vip->backend_count)
			counts[vip->ring->slots[i]]++;
	return counts;
}

enum carom_backend_state image_backend_state(const struct image_backend *backend)
{
	if (backend->next_hop.resolved || backend->state == CAROM_BACKEND_UNUSED)
		return backend->state;
	if (!backend->keeps_flows || !backend->next_hop.interface)
		return CAROM_BACKEND_DISABLED;
	return backend->state == CAROM_BACKEND_ACTIVE ? CAROM_BACKEND_DOWN : backend->state;
}

bool image_backend_serves(const struct image_backend *backend)
{
	enum carom_backend_state state = image_backend_state(backend);

	return CAROM_STATE_SERVES(state);
}

bool image_has_same_flows(const struct image_vip *before, const struct image_vip *after)
{
	return before->port == after->port && before->protocol == after->protocol &&
	       address_equal(&before->address, &after->address) &&
	       before->ring->bits <= after->ring->bits;
}

/* Whether every backend that served still does: no slot's `previous` must be replaced. */
static bool image_serves_as_before(const struct image_vip *before, const struct image_vip *after)
{
	for (size_t i = 0; i < before->backend_count; i++) {
		if (image_backend_serves(&before->backends[i]) &&
		    !(i < after->backend_count && image_backend_serves(&after->backends[i])))
			return false;
	}
	return true;
}

bool image_may_keep_slots(const struct image_vip *before, const struct image_vip *after)
{
	return before->ring == after->ring && before->tracking == after->tracking &&
	       image_has_same_flows(before, after) && image_serves_as_before(before, after);
}

/* Whether only state and next hop, if anything, tell the two apart to packets. */
static bool image_is_same_place(const struct image_backend *before,
				const struct image_backend *after)
{
	bool is_held = after->state != CAROM_BACKEND_UNUSED;

	if ((before->state != CAROM_BACKEND_UNUSED) != is_held)
		return false;
	return !is_held || (before->source_host_mask == after->source_host_mask &&
			    address_equal(&before->address, &after->address) &&
			    address_equal(&before->outer_source, &after->outer_source) &&
			    strcmp(before->name, after->name) == 0);
}

uint32_t image_placed_count(const struct image_vip *vip)
{
	size_t count = vip->backend_count;

	while (count && vip->backends[count - 1].state == CAROM_BACKEND_UNUSED)
		count--;
	return (uint32_t)count;
}

bool image_may_keep_backends(const struct image_vip *before, const struct image_vip *after)
{
	uint32_t count = image_placed_count(after);

	if (image_placed_count(before) != count ||
	    address_is_ipv4(&before->address) != address_is_ipv4(&after->address))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!image_is_same_place(&before->backends[i], &after->backends[i]))
			return false;
	}
	return true;
}
