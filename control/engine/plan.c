/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From (desired state, facts, published image) to the next image.
 *
 * A VIP whose desired state is the same object as before, and whose facts did not change, stays
 * as it is. A ring is filled anew only if its eligible backends or their weights differ,
 * and never shrinks, for slots that merge could not remember two pasts. A backend, which is a name
 * and an address, keeps its ordinal as long as it stays; a new one gets the lowest that is free,
 * and that of a removed one is free only after sweeps have forgotten its flows.
 */
#include "plan.h"

#include "maglev.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNASSIGNED UINT32_MAX

bool plan_is_eligible(const struct image_backend *backend)
{
	return backend->state == CAROM_BACKEND_ACTIVE && backend->next_hop.resolved;
}

static enum carom_backend_state wanted_state(const struct config_backend *backend)
{
	switch (backend->state) {
	case CONFIG_STATE_ACTIVE:
		return backend->weight ? CAROM_BACKEND_ACTIVE : CAROM_BACKEND_DRAIN;
	case CONFIG_STATE_DRAIN: return CAROM_BACKEND_DRAIN;
	case CONFIG_STATE_DISABLED: return CAROM_BACKEND_DISABLED;
	}
	return CAROM_BACKEND_DISABLED;
}

/* ---- ordinals ---- */

static bool holds(const struct image_vip *old, uint32_t ordinal,
		  const struct config_backend *backend)
{
	const struct image_backend *holder = &old->backends[ordinal];

	return holder->state != CAROM_BACKEND_UNUSED &&
	       address_equal(&holder->address, &backend->address) &&
	       strcmp(holder->name, backend->name) == 0;
}

static int compare_named(const void *name, const void *member)
{
	const struct config_backend *backend = member;

	return strcmp(name, backend->name);
}

/* The sweep after which an ordinal may be given away that `old` holds or remembers. */
static uint64_t free_after_sweep(const struct plan_input *input, const struct image_backend *holder)
{
	return holder->state == CAROM_BACKEND_UNUSED ? holder->free_after_sweep
						     : input->sweep_count + IMAGE_SWEEPS_TO_FORGET;
}

/* Backends that were there keep their ordinals; those of removed ones are remembered. */
static void keep_ordinals(const struct plan_input *input, const struct config_vip *vip,
			  const struct image_vip *old, uint32_t *ordinals, bool *taken)
{
	const struct config_backend *found;

	for (uint32_t i = 0; i < old->backend_count; i++) {
		taken[i] = free_after_sweep(input, &old->backends[i]) > input->sweep_count;
		found = bsearch(old->backends[i].name, vip->backends, vip->backend_count,
				sizeof(vip->backends[0]), compare_named);
		if (found && holds(old, i, found)) {
			ordinals[found - vip->backends] = i;
			taken[i] = true;
		}
	}
}

/* Returns how many ordinals there are, free and remembered ones included; -1: no memory. */
static int assign_ordinals(const struct plan_input *input, const struct config_vip *vip,
			   const struct image_vip *old, uint32_t *ordinals)
{
	size_t room = vip->backend_count + (old ? old->backend_count : 0) + 1;
	bool *taken = calloc(room, sizeof(taken[0]));
	uint32_t next = 0, end = 0;

	if (!taken)
		return -1;
	for (size_t i = 0; i < vip->backend_count; i++)
		ordinals[i] = UNASSIGNED;
	if (old)
		keep_ordinals(input, vip, old, ordinals, taken);
	for (size_t i = 0; i < vip->backend_count; i++) {
		if (ordinals[i] == UNASSIGNED) {
			while (taken[next])
				next++;
			ordinals[i] = next;
			taken[next] = true;
		}
	}
	for (uint32_t i = 0; i < room; i++) {
		if (taken[i])
			end = i + 1;
	}
	free(taken);
	return (int)end;
}

/* ---- backends ---- */

static __be32 host_mask(const struct prefix *prefix)
{
	unsigned host_bits = (address_is_ipv4(&prefix->address) ? 32 : 128) - prefix->bits;
	uint32_t mask = host_bits >= 32 ? UINT32_MAX : (1u << host_bits) - 1;

	return htonl(mask);
}

static void set_outer_source(const struct config_node *node, struct image_backend *backend)
{
	bool is_ipv4 = address_is_ipv4(&backend->address);
	const struct prefix *prefix = is_ipv4 ? &node->outer_source4 : &node->outer_source6;

	if (!address_is_zero(&prefix->address)) {
		backend->outer_source = prefix->address;
		backend->source_host_mask = host_mask(prefix);
	} else {
		backend->outer_source = backend->next_hop.source;
	}
}

/* A backend that cannot be reached now keeps the next hop that it had last. */
static void set_next_hop(const struct plan_input *input, const struct image_backend *old,
			 struct image_backend *backend)
{
	const struct resolution *found = facts_next_hop(&input->facts, &backend->address);

	if (found && found->hop.resolved) {
		backend->next_hop = found->hop;
		return;
	}
	if (old)
		backend->next_hop = old->next_hop;
	backend->next_hop.resolved = false;
}

/* old: the same backend in the published image, or NULL. */
static void plan_backend(const struct plan_input *input, const struct config_backend *wanted,
			 const struct image_backend *old, struct image_backend *ret_backend)
{
	memcpy(ret_backend->name, wanted->name, sizeof(ret_backend->name));
	ret_backend->address = wanted->address;
	ret_backend->weight = wanted->weight;
	ret_backend->state = wanted_state(wanted);
	set_next_hop(input, old, ret_backend);
	set_outer_source(&input->desired->node, ret_backend);
}

/* ---- rings ---- */

static bool same_share(const struct image_vip *old, const struct image_vip *new, size_t ordinal)
{
	const struct image_backend *was =
		ordinal < old->backend_count ? &old->backends[ordinal] : NULL;
	const struct image_backend *is =
		ordinal < new->backend_count ? &new->backends[ordinal] : NULL;
	bool was_eligible = was && plan_is_eligible(was), is_eligible = is && plan_is_eligible(is);

	if (!was_eligible || !is_eligible)
		return was_eligible == is_eligible;
	return was->weight == is->weight && address_equal(&was->address, &is->address) &&
	       strcmp(was->name, is->name) == 0;
}

static bool ring_still_fits(const struct image_vip *old, const struct image_vip *new, unsigned bits)
{
	size_t count =
		old->backend_count > new->backend_count ? old->backend_count : new->backend_count;

	if (old->ring->bits != bits)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!same_share(old, new, i))
			return false;
	}
	return true;
}

/* identities: by ordinal, of those that are eligible. Returns how many that are. */
static size_t list_eligible(const struct image_vip *vip, struct maglev_backend *backends,
			    uint64_t *identities)
{
	size_t count = 0;

	for (size_t i = 0; i < vip->backend_count; i++) {
		const struct image_backend *backend = &vip->backends[i];

		if (!plan_is_eligible(backend))
			continue;
		identities[i] = maglev_identity(backend->name, &backend->address);
		backends[count++] = (struct maglev_backend){
			.identity = identities[i],
			.weight = backend->weight,
			.ordinal = (uint16_t)i,
		};
	}
	return count;
}

static void fill_with_none(struct image_ring *ring)
{
	for (size_t i = 0; i < (size_t)1 << ring->bits; i++)
		ring->slots[i] = CAROM_ORDINAL_NONE;
	ring->digest = 0;
}

static int fill_slots(const struct image_vip *vip, struct image_ring *ring)
{
	struct maglev_backend *backends = calloc(vip->backend_count + 1, sizeof(backends[0]));
	uint64_t *identities = calloc(vip->backend_count + 1, sizeof(identities[0]));
	size_t count;
	int result = -1;

	if (backends && identities) {
		count = list_eligible(vip, backends, identities);
		result = count ? maglev_fill(backends, count, ring->bits, ring->slots) : 0;
		if (!count)
			fill_with_none(ring);
		else if (result == 0)
			ring->digest = maglev_digest(ring->slots, ring->bits, identities);
	}
	free(identities);
	free(backends);
	return result;
}

static int new_ring(struct image_vip *vip, unsigned bits)
{
	vip->ring = image_ring_new(bits);
	return vip->ring ? 0 : -1;
}

/* ---- VIPs ---- */

static bool same_next_hop(const struct next_hop *left, const struct next_hop *right)
{
	return left->resolved == right->resolved && left->interface == right->interface &&
	       left->mtu == right->mtu && address_equal(&left->source, &right->source) &&
	       memcmp(left->destination_mac, right->destination_mac,
		      sizeof(left->destination_mac)) == 0 &&
	       memcmp(left->source_mac, right->source_mac, sizeof(left->source_mac)) == 0;
}

static bool same_backend(const struct image_backend *left, const struct image_backend *right)
{
	return left->state == right->state && left->weight == right->weight &&
	       left->free_after_sweep == right->free_after_sweep &&
	       left->keeps_flows == right->keeps_flows &&
	       left->source_host_mask == right->source_host_mask &&
	       address_equal(&left->address, &right->address) &&
	       address_equal(&left->outer_source, &right->outer_source) &&
	       strcmp(left->name, right->name) == 0 &&
	       same_next_hop(&left->next_hop, &right->next_hop);
}

/* Ordinals at its end that no backend holds any more do not make the old VIP another one: to give
 * them up would take room for a copy, which there may not be, and change nothing for packets. */
static bool same_vip(const struct image_vip *old, const struct image_vip *new)
{
	if (old->port != new->port || old->protocol != new->protocol ||
	    old->tracking != new->tracking || old->ring != new->ring ||
	    old->backend_count < new->backend_count || !address_equal(&old->address, &new->address))
		return false;
	for (size_t i = 0; i < new->backend_count; i++) {
		if (!same_backend(&old->backends[i], &new->backends[i]))
			return false;
	}
	for (size_t i = new->backend_count; i < old->backend_count; i++) {
		if (old->backends[i].state != CAROM_BACKEND_UNUSED)
			return false;
	}
	return true;
}

static enum tracking_mode wanted_tracking(const struct config_vip *wanted)
{
	switch (wanted->tracking) {
	case CONFIG_TRACKING_CHANGES: return TRACKING_CHANGES;
	case CONFIG_TRACKING_ALWAYS: return TRACKING_ALWAYS;
	case CONFIG_TRACKING_NEVER: return TRACKING_NEVER;
	}
	return TRACKING_CHANGES;
}

static void plan_backends(const struct plan_input *input, const struct config_vip *wanted,
			  const struct image_vip *old, const uint32_t *ordinals,
			  struct image_vip *vip)
{
	for (size_t i = 0; i < wanted->backend_count; i++) {
		struct image_backend *backend = &vip->backends[ordinals[i]];
		bool was = old && ordinals[i] < old->backend_count &&
			   holds(old, ordinals[i], &wanted->backends[i]);

		plan_backend(input, &wanted->backends[i], was ? &old->backends[ordinals[i]] : NULL,
			     backend);
		backend->keeps_flows = wanted->on_down == CONFIG_ON_DOWN_KEEP;
	}
	for (size_t i = 0; old && i < old->backend_count && i < vip->backend_count; i++) {
		if (vip->backends[i].state == CAROM_BACKEND_UNUSED)
			vip->backends[i].free_after_sweep =
				free_after_sweep(input, &old->backends[i]);
	}
}

static int fill_vip(const struct plan_input *input, const struct config_vip *wanted,
		    const struct image_vip *old, const uint32_t *ordinals, struct image_vip *vip)
{
	unsigned bits = config_vip_ring_bits(wanted);

	memcpy(vip->name, wanted->name, sizeof(vip->name));
	vip->address = wanted->address;
	vip->port = wanted->port;
	vip->protocol = wanted->protocol;
	vip->tracking = wanted_tracking(wanted);
	plan_backends(input, wanted, old, ordinals, vip);
	if (!old)
		return new_ring(vip, bits);
	if (bits < old->ring->bits)
		bits = old->ring->bits;
	if (!ring_still_fits(old, vip, bits))
		return new_ring(vip, bits);
	vip->ring = image_ring_ref(old->ring);
	return 0;
}

static struct image_vip *plan_vip(const struct plan_input *input, const struct config_vip *wanted,
				  struct image_vip *old)
{
	uint32_t *ordinals = calloc(wanted->backend_count + 1, sizeof(ordinals[0]));
	int count = ordinals ? assign_ordinals(input, wanted, old, ordinals) : -1;
	struct image_vip *vip = count < 0 ? NULL : image_vip_new((size_t)count);

	if (vip && fill_vip(input, wanted, old, ordinals, vip)) {
		image_vip_unref(vip);
		vip = NULL;
	}
	free(ordinals);
	if (!vip || !old || !same_vip(old, vip))
		return vip;
	image_vip_unref(vip);
	return image_vip_ref(old);
}

/* The image's VIP of this name, or NULL. The image and its published config have the same VIPs, at
 * the same places; *next is past those that were found before. */
static struct image_vip *find_old(const struct plan_input *input, const struct config_vip *wanted,
				  size_t *next, bool *ret_same_object)
{
	const struct config *published = input->published;

	*ret_same_object = false;
	if (!published)
		return input->image ? image_find(input->image, wanted->name) : NULL;
	for (; *next < published->vip_count; ++*next) {
		const struct config_vip *was = published->vips[*next];
		int order = was == wanted ? 0 : strcmp(was->name, wanted->name);

		*ret_same_object = was == wanted;
		if (order >= 0)
			return order == 0 ? input->image->vips[(*next)++] : NULL;
	}
	return NULL;
}

static void note_unfilled(struct plan *plan, struct image_vip *vip)
{
	plan->unfilled[plan->unfilled_count++] = vip;
	plan->unfilled_slots += (size_t)1 << vip->ring->bits;
}

static struct image_vip *next_vip(const struct plan_input *input, const struct config_vip *wanted,
				  size_t *next, struct plan *plan)
{
	bool is_same_object;
	struct image_vip *vip, *old = find_old(input, wanted, next, &is_same_object);

	if (old && is_same_object && !input->facts_changed)
		return image_vip_ref(old);
	vip = plan_vip(input, wanted, old);
	if (vip && (!old || vip->ring != old->ring))
		note_unfilled(plan, vip);
	return vip;
}

static int plan_vips(const struct plan_input *input, struct plan *plan, struct error *ret_error)
{
	size_t next = 0;

	for (size_t i = 0; i < input->desired->vip_count; i++) {
		const struct config_vip *wanted = input->desired->vips[i];

		plan->image->vips[i] = next_vip(input, wanted, &next, plan);
		if (!plan->image->vips[i])
			return error_set_errno(ret_error, ENOMEM, "vip '%s'", wanted->name);
	}
	return 0;
}

int plan_start(const struct plan_input *input, struct plan *ret_plan, struct error *ret_error)
{
	size_t count = input->desired->vip_count;
	struct plan plan = {
		.image = image_new(count),
		.unfilled = calloc(count + 1, sizeof(struct image_vip *)),
	};
	int result;

	if (plan.image && plan.unfilled) {
		plan.image->revision = input->revision;
		result = plan_vips(input, &plan, ret_error);
	} else {
		result = error_set_errno(ret_error, ENOMEM, "planning");
	}
	if (result)
		plan_done(&plan);
	else
		*ret_plan = plan;
	return result;
}

int plan_fill(const struct plan *plan, struct error *ret_error)
{
	for (size_t i = 0; i < plan->unfilled_count; i++) {
		const struct image_vip *vip = plan->unfilled[i];

		if (fill_slots(vip, vip->ring))
			return error_set_errno(ret_error, errno, "vip '%s'", vip->name);
	}
	return 0;
}

void plan_done(struct plan *plan)
{
	image_unref(plan->image);
	free(plan->unfilled);
	*plan = (struct plan){0};
}

struct image *plan_make(const struct plan_input *input, struct error *ret_error)
{
	struct image *image = NULL;
	struct plan plan;

	if (plan_start(input, &plan, ret_error))
		return NULL;
	if (plan_fill(&plan, ret_error) == 0)
		image = image_ref(plan.image);
	plan_done(&plan);
	return image;
}
