/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commits: from one image to the next.
 *
 * A commit first lays everything out beside what is published (a `struct change`), which may fail
 * and is then undone; then it flips, which cannot fail; then it retires what the flip replaced.
 * Epochs count the flips. What epoch n retired is reusable once a grace period that began at epoch
 * n or later is over.
 *
 * Owns the allocation of every array but the attach-time ones, and the published image. Called by
 * control/ on the event loop's thread.
 */
#include "publish.h"

#include "address.h"
#include "publish_parts.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct publish *publish_new(const struct dataplane_memory *memory, struct error *ret_error)
{
	struct publish *publish = calloc(1, sizeof(*publish));
	uint32_t vip_numbers = memory->reasons_per_lane;

	if (publish) {
		publish->memory = memory;
		publish->slots = range_pool_new(memory->slot_count);
		publish->backends = range_pool_new(memory->backend_count);
		publish->vip_counters = range_pool_new(vip_numbers);
		publish->backend_counters = range_pool_new(memory->counters_per_lane);
	}
	/* Number 0 is for packets of no VIP; backends' numbers come after the VIPs'. */
	if (publish && !memory->control->clock)
		memory->control->clock = 1;
	if (publish && publish->slots && publish->backends && publish->vip_counters &&
	    publish->backend_counters && !range_take_at(publish->vip_counters, 0, 1) &&
	    !range_take_at(publish->backend_counters, 0, vip_numbers))
		return publish;
	publish_free(publish);
	error_set_errno(ret_error, ENOMEM, "publishing");
	return NULL;
}

void published_vip_free(struct published_vip *published)
{
	image_vip_unref(published->vip);
	free(published->flow_counts);
	free(published->older);
	free(published->certain_at);
	free(published);
}

void publish_free(struct publish *publish)
{
	if (!publish)
		return;
	for (size_t i = 0; publish->image && i < publish->image->vip_count; i++)
		published_vip_free(publish->vips[i]);
	free(publish->vips);
	free(publish->retired);
	publish_layout_free(publish->layout);
	image_unref(publish->image);
	range_pool_free(publish->slots);
	range_pool_free(publish->backends);
	range_pool_free(publish->vip_counters);
	range_pool_free(publish->backend_counters);
	free(publish);
}

/* ---- placing a VIP beside its former self ---- */

uint32_t publish_counter_before(const struct published_vip *before, const struct image_vip *vip,
				size_t ordinal)
{
	const struct image_backend *was, *is = &vip->backends[ordinal];

	if (!before || ordinal >= before->vip->backend_count)
		return 0;
	was = &before->vip->backends[ordinal];
	return address_equal(&was->address, &is->address) && strcmp(was->name, is->name) == 0
		       ? before->counters[ordinal]
		       : 0;
}

int publish_place_counters(struct publish *publish, const struct placement *placement)
{
	const struct published_vip *before = placement->before;
	struct published_vip *now = placement->now;

	if (before)
		now->counter = before->counter;
	else if (range_take(publish->vip_counters, 1, &now->counter))
		return -1;
	memcpy(publish->memory->vip_labels[now->counter].name, now->vip->name, CAROM_NAME_BYTES);
	for (size_t i = 0; i < now->vip->backend_count; i++) {
		if (now->vip->backends[i].state == CAROM_BACKEND_UNUSED)
			continue;
		now->counters[i] = publish_counter_before(before, now->vip, i);
		if (!now->counters[i] &&
		    range_take(publish->backend_counters, 1, &now->counters[i]))
			return -1;
	}
	return 0;
}

struct tracking_slots publish_slots(const struct publish *publish,
				    const struct published_vip *published)
{
	const struct dataplane_memory *memory = publish->memory;

	return (struct tracking_slots){
		.bits = published->vip->ring->bits,
		.slots = memory->slots + published->first_slot,
		.previous = memory->previous + published->first_slot,
		.changed_at = memory->changed_at + published->first_slot,
	};
}

/* Whether flows hash to the same slots as before: else the old slots tell nothing. */
static bool has_same_flows(const struct image_vip *before, const struct image_vip *now)
{
	return before->port == now->port && before->protocol == now->protocol &&
	       address_equal(&before->address, &now->address) &&
	       before->ring->bits <= now->ring->bits;
}

/* Whether every backend that served still does: no slot's `previous` must be replaced. */
static bool serves_as_before(const struct image_vip *before, const struct image_vip *now)
{
	for (size_t i = 0; i < before->backend_count; i++) {
		if (image_backend_serves(&before->backends[i]) &&
		    !(i < now->backend_count && image_backend_serves(&now->backends[i])))
			return false;
	}
	return true;
}

bool publish_may_keep_slots(const struct published_vip *before, const struct image_vip *now)
{
	return before && before->vip->ring == now->ring && before->vip->tracking == now->tracking &&
	       has_same_flows(before->vip, now) && serves_as_before(before->vip, now);
}

static int advance_ring(const struct publish *publish, const struct published_vip *before,
			struct published_vip *now)
{
	const struct image_vip *vip = now->vip;
	bool *serves = calloc(vip->backend_count + 1, sizeof(serves[0]));
	struct tracking_slots old, new = publish_slots(publish, now);
	struct tracking_change change = {
		.ring = vip->ring->slots,
		.serves = serves,
		.serves_count = vip->backend_count,
		.tracking = vip->tracking,
		.unrecorded_is_new =
			vip->tracking == TRACKING_ALWAYS && vip->protocol != IPPROTO_TCP,
		.now_s = publish->memory->control->clock,
	};

	if (!serves)
		return -1;
	for (size_t i = 0; i < vip->backend_count; i++)
		serves[i] = image_backend_serves(&vip->backends[i]);
	if (before && has_same_flows(before->vip, vip)) {
		old = publish_slots(publish, before);
		change.old = &old;
	}
	now->tracked_count = tracking_advance(&change, &new);
	publish_count_older(publish, now);
	free(serves);
	return 0;
}

static int place_ring(struct publish *publish, const struct placement *placement)
{
	const struct published_vip *before = placement->before;
	struct published_vip *now = placement->now;

	if (publish_may_keep_slots(before, now->vip)) {
		now->first_slot = before->first_slot;
		now->tracked_count = before->tracked_count;
		publish_count_older(publish, now);
		return 0;
	}
	if (range_take_block(publish->slots, 1u << now->vip->ring->bits, &now->first_slot))
		return -1;
	return advance_ring(publish, before, now);
}

int publish_place_backends(struct publish *publish, struct published_vip *now)
{
	const struct dataplane_memory *memory = publish->memory;
	const struct image_vip *vip = now->vip;

	if (!vip->backend_count)
		return 0;
	if (range_take(publish->backends, (uint32_t)vip->backend_count, &now->first_backend))
		return -1;
	for (size_t i = 0; i < vip->backend_count; i++) {
		memory->backends[now->first_backend + i] =
			publish_encode_backend(vip, &vip->backends[i], now->counters[i]);
		memory->backend_labels[now->first_backend + i] =
			publish_encode_label(&vip->backends[i]);
	}
	return 0;
}

struct published_vip *published_vip_new(struct image_vip *vip)
{
	struct published_vip *published =
		calloc(1, sizeof(*published) + vip->backend_count * sizeof(published->counters[0]));

	if (!published)
		return NULL;
	published->vip = image_vip_ref(vip);
	published->first_slot = NOWHERE;
	published->first_backend = NOWHERE;
	published->flow_counts = calloc(vip->backend_count + 1, sizeof(published->flow_counts[0]));
	published->older = calloc(vip->backend_count + 1, sizeof(published->older[0]));
	published->certain_at = calloc(vip->backend_count + 1, sizeof(published->certain_at[0]));
	if (published->flow_counts && published->older && published->certain_at) {
		/* As for a process that takes over, and has not swept yet. */
		for (size_t i = 0; i < vip->backend_count; i++)
			published->certain_at[i] = IMAGE_SWEEPS_TO_FORGET;
		return published;
	}
	published_vip_free(published);
	return NULL;
}

/* Until sweeps have counted the flows that it began a moment ago, a drain must not look done. */
static void take_over_flow_counts(const struct publish *publish, const struct placement *placement)
{
	const struct published_vip *before = placement->before;
	struct published_vip *now = placement->now;

	for (size_t i = 0; i < now->vip->backend_count; i++) {
		bool was_there = publish_counter_before(before, now->vip, i) != 0;

		if (was_there)
			now->flow_counts[i] = before->flow_counts[i];
		if (was_there && before->vip->backends[i].state == now->vip->backends[i].state)
			now->certain_at[i] = before->certain_at[i];
		else
			now->certain_at[i] = publish->sweep_count + IMAGE_SWEEPS_TO_FORGET;
	}
}

int publish_set_no_room(struct error *error, const struct image_vip *vip)
{
	return error_set(error, ERROR_LIMIT,
			 "vip '%s': there is no room for its slots or backends beside those of "
			 "before, which packets still use; see node.limits.slots and "
			 "node.limits.backends",
			 vip->name);
}

/* On failure what was placed stays in placement->now, for displace_all() to undo. */
static int place(struct publish *publish, struct image_vip *vip, struct placement *placement,
		 struct error *ret_error)
{
	if (placement->before && placement->before->vip == vip) {
		placement->now = placement->before;
		return 0;
	}
	placement->now = published_vip_new(vip);
	if (!placement->now)
		return error_set_errno(ret_error, ENOMEM, "vip '%s'", vip->name);
	take_over_flow_counts(publish, placement);
	if (publish_place_counters(publish, placement) || place_ring(publish, placement) ||
	    publish_place_backends(publish, placement->now))
		return publish_set_no_room(ret_error, vip);
	return 0;
}

/* Most often they are one and the same. */
static int compare_names(const struct image_vip *left, const struct image_vip *right)
{
	return left == right ? 0 : strcmp(left->name, right->name);
}

void publish_pair(const struct publish *publish, const struct image *image,
		  struct placement *placements)
{
	const struct image *former = publish->image;
	size_t old_count = former ? former->vip_count : 0, old = 0;

	for (size_t i = 0; i < image->vip_count; i++) {
		while (old < old_count && compare_names(former->vips[old], image->vips[i]) < 0)
			old++;
		if (old < old_count && compare_names(former->vips[old], image->vips[i]) == 0)
			placements[i].before = publish->vips[old++];
	}
}

static int place_all(struct publish *publish, const struct image *image,
		     struct placement *placements, struct error *ret_error)
{
	publish_pair(publish, image, placements);
	for (size_t i = 0; i < image->vip_count; i++) {
		if (place(publish, image->vips[i], &placements[i], ret_error))
			return -1;
	}
	return 0;
}

static bool has_new_vip(const struct image *image, const struct placement *placements)
{
	for (size_t i = 0; i < image->vip_count; i++) {
		if (!placements[i].before)
			return true;
	}
	return false;
}

/* ---- giving back: none of it needs memory, for it must not fail ---- */

static void retire_ranges(struct publish *publish, const struct published_vip *gone,
			  const struct published_vip *heir)
{
	if (gone->first_slot != NOWHERE && !(heir && heir->first_slot == gone->first_slot))
		range_retire(publish->slots, gone->first_slot, 1u << gone->vip->ring->bits,
			     publish->epoch);
	if (gone->first_backend != NOWHERE)
		range_retire(publish->backends, gone->first_backend,
			     (uint32_t)gone->vip->backend_count, publish->epoch);
}

/* Undoes a placement that no packet has seen, whole or not: its own numbers never counted. */
static void displace(struct publish *publish, const struct placement *placement)
{
	struct published_vip *now = placement->now;

	if (!now || now == placement->before)
		return;
	for (size_t i = 0; i < now->vip->backend_count; i++) {
		if (now->counters[i] && !publish_counter_before(placement->before, now->vip, i))
			range_retire(publish->backend_counters, now->counters[i], 1,
				     publish->epoch);
	}
	if (!placement->before && now->counter)
		range_retire(publish->vip_counters, now->counter, 1, publish->epoch);
	retire_ranges(publish, now, placement->before);
	published_vip_free(now);
}

static void retire_counter(struct publish *publish, uint32_t number, uint32_t heir, bool is_vip)
{
	publish->retired[publish->retired_count++] = (struct retired_counter){
		.epoch = publish->epoch,
		.number = number,
		.heir = heir,
		.is_vip = is_vip,
	};
}

static void retire_vip(struct publish *publish, struct published_vip *gone,
		       const struct published_vip *heir)
{
	for (size_t i = 0; i < gone->vip->backend_count; i++) {
		if (gone->counters[i] && !publish_counter_before(heir, gone->vip, i))
			retire_counter(publish, gone->counters[i], heir ? heir->counter : 0, false);
	}
	if (!heir)
		retire_counter(publish, gone->counter, 0, true);
	retire_ranges(publish, gone, heir);
	published_vip_free(gone);
}

/* After the flip: whatever the old generation has and the new one does not. */
static void retire_replaced(struct publish *publish, const struct image *image,
			    const struct placement *placements)
{
	size_t old_count = publish->image ? publish->image->vip_count : 0, next = 0;

	for (size_t old = 0; old < old_count; old++) {
		struct published_vip *gone = publish->vips[old], *heir = NULL;

		while (next < image->vip_count && !placements[next].before)
			next++;
		if (next < image->vip_count && placements[next].before == gone)
			heir = placements[next++].now;
		if (heir != gone)
			retire_vip(publish, gone, heir);
	}
}

/* Room for all numbers that the old generation counts on, taken before the flip. */
static int reserve_retired(struct publish *publish)
{
	size_t wanted = publish->retired_count + range_pool_used(publish->vip_counters) +
			range_pool_used(publish->backend_counters);
	struct retired_counter *retired;

	if (wanted <= publish->retired_room)
		return 0;
	retired = reallocarray(publish->retired, wanted, sizeof(retired[0]));
	if (!retired)
		return -1;
	publish->retired = retired;
	publish->retired_room = wanted;
	return 0;
}

/* ---- the commit ---- */

static uint32_t find_idle(const struct publish *publish)
{
	uint32_t active = publish->memory->control->active;

	for (uint32_t i = 0; i < CAROM_GENERATION_COUNT; i++) {
		if (i != active && publish->generation_epoch[i] <= publish->reclaimed)
			return i;
	}
	return NOWHERE;
}

bool publish_is_ready(const struct publish *publish)
{
	return find_idle(publish) != NOWHERE;
}

static void flip(struct publish *publish, uint32_t generation)
{
	uint32_t retired = publish->memory->control->active;

	/* Release: a packet that sees the word sees all that was written before it. */
	__atomic_store_n(&publish->memory->control->active, generation, __ATOMIC_RELEASE);
	publish->generation_epoch[retired] = ++publish->epoch;
}

static void adopt(struct publish *publish, struct image *image, struct published_vip **vips,
		  const struct placement *placements)
{
	retire_replaced(publish, image, placements);
	free(publish->vips);
	image_unref(publish->image);
	publish->vips = vips;
	publish->image = image_ref(image);
}

static int commit(struct publish *publish, struct image *image, struct placement *placements,
		  struct published_vip **vips, struct error *ret_error)
{
	uint32_t generation = find_idle(publish);

	if (generation == NOWHERE)
		return error_set(ret_error, ERROR_BUSY, "all generations are still being read");
	if (place_all(publish, image, placements, ret_error))
		return -1;
	if (has_new_vip(image, placements) && publish_drop_orphans(publish))
		return error_set_errno(ret_error, ENOMEM, "publishing");
	for (size_t i = 0; i < image->vip_count; i++)
		vips[i] = placements[i].now;
	if (publish_write_generation(publish, generation, image, vips, ret_error))
		return -1;
	flip(publish, generation);
	adopt(publish, image, vips, placements);
	return 0;
}

int publish_commit(struct publish *publish, struct image *image, struct error *ret_error)
{
	struct placement *placements = calloc(image->vip_count + 1, sizeof(placements[0]));
	struct published_vip **vips = calloc(image->vip_count + 1, sizeof(vips[0]));
	int result = -1;

	if (!placements || !vips || reserve_retired(publish))
		error_set_errno(ret_error, ENOMEM, "publishing");
	else
		result = commit(publish, image, placements, vips, ret_error);
	if (result) {
		for (size_t i = 0; placements && i < image->vip_count; i++)
			displace(publish, &placements[i]);
		free(vips);
	}
	free(placements);
	return result;
}

uint64_t publish_epoch(const struct publish *publish)
{
	return publish->epoch;
}

bool publish_is_waiting(const struct publish *publish)
{
	return publish->reclaimed < publish->epoch;
}

void publish_reclaim(struct publish *publish, uint64_t epoch)
{
	publish->reclaimed = epoch;
	publish_settle_counters(publish, epoch);
	range_pool_reclaim(publish->slots, epoch);
	range_pool_reclaim(publish->backends, epoch);
	range_pool_reclaim(publish->vip_counters, epoch);
	range_pool_reclaim(publish->backend_counters, epoch);
}

struct image *publish_image(const struct publish *publish)
{
	return publish->image;
}

uint32_t publish_vip_number(const struct publish *publish, size_t vip)
{
	return publish->vips[vip]->counter;
}

int publish_find_vip(const struct publish *publish, uint32_t number)
{
	size_t count = publish->image ? publish->image->vip_count : 0;

	for (size_t i = 0; i < count; i++) {
		if (publish->vips[i]->counter == number)
			return (int)i;
	}
	return -1;
}

void publish_fill(const struct publish *publish, struct publish_fill *ret_fill)
{
	*ret_fill = (struct publish_fill){
		.slots_used = range_pool_used(publish->slots),
		.slots_waiting = range_pool_waiting(publish->slots),
		.slots_size = range_pool_size(publish->slots),
		.backends_used = range_pool_used(publish->backends),
		.backends_waiting = range_pool_waiting(publish->backends),
		.backends_size = range_pool_size(publish->backends),
		.vips_used = range_pool_used(publish->vip_counters) - 1,
		.vips_size = publish->memory->reasons_per_lane - 1,
	};
}
