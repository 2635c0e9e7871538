/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commits: from one image to the next.
 *
 * A commit first places every changed VIP in a copy of the room, and lays it out beside what is
 * published, where no packet looks: that may fail, and then the copy is thrown away. Then it flips,
 * which cannot fail, and writes states and next hops of backends that stay where they are. Then it
 * retires what the flip replaced.
 *
 * Owns the published image and its parts: room, generations, flows, counters. Called by control/ on
 * the event loop's thread.
 */
#include "publish.h"

#include "encode.h"
#include "generations.h"
#include "hash_key.h"
#include "published.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct publish {
	struct published published;
	struct room *room;
	struct generations generations;
	struct counters *counters;
	struct flows *flows;
};

struct publish *publish_new(const struct dataplane_memory *memory, struct error *ret_error)
{
	const struct room_sizes sizes = {
		.slot_count = memory->slot_count,
		.backend_count = memory->backend_count,
		.vip_number_count = memory->reasons_per_lane,
		.number_count = memory->counters_per_lane,
		.next_hop_count = memory->next_hop_count,
	};
	struct publish *publish = calloc(1, sizeof(*publish));

	if (publish) {
		publish->published.memory = memory;
		publish->room = room_new(&sizes);
		publish->generations.published = &publish->published;
		publish->counters = counters_new(&publish->published);
		publish->flows = flows_new(&publish->published);
		if (publish->room && publish->counters && publish->flows)
			return publish;
	}
	publish_free(publish);
	error_set_errno(ret_error, ENOMEM, "publishing");
	return NULL;
}

void publish_free(struct publish *publish)
{
	if (!publish)
		return;
	published_done(&publish->published);
	room_free(publish->room);
	generations_done(&publish->generations);
	counters_free(publish->counters);
	flows_free(publish->flows);
	free(publish);
}

/* ---- placing ---- */

/* The VIPs of the next image. */
struct change {
	const struct image *image;
	struct placement *placements;
	struct room *room; /* with all of them placed */
	bool is_turned;	   /* all of them are placed anew */
};

static int place(const struct change *change, size_t vip, struct error *ret_error)
{
	struct placement *placement = &change->placements[vip];
	struct image_vip *wanted = change->image->vips[vip];

	if (placement->before && placement->before->vip == wanted && !change->is_turned) {
		placement->after = placement->before;
		return 0;
	}
	placement->after = placed_new(wanted);
	if (!placement->after)
		return error_set_errno(ret_error, ENOMEM, "vip '%s'", wanted->name);
	if (room_place(change->room, placement))
		return error_set(ret_error, ERROR_LIMIT,
				 "vip '%s': there is no room for its slots or backends beside "
				 "those of before, which packets still use; see node.limits.slots "
				 "and node.limits.backends",
				 wanted->name);
	return 0;
}

/* Undoes a change that did not come about. */
static void change_done(struct change *change)
{
	for (size_t i = 0; change->placements && i < change->image->vip_count; i++) {
		if (change->placements[i].after != change->placements[i].before)
			placed_free(change->placements[i].after);
	}
	free(change->placements);
	room_free(change->room);
}

static int change_place(struct change *change, const struct publish *publish, bool reclaimed,
			struct error *ret_error)
{
	size_t count = change->image->vip_count;

	change->placements = calloc(count + 1, sizeof(change->placements[0]));
	change->room = room_copy(publish->room, reclaimed);
	if (!change->placements || !change->room)
		return error_set_errno(ret_error, ENOMEM, "publishing");
	if (change->is_turned && !room_turn(change->room))
		return -1;
	published_pair(&publish->published, change->image, change->placements);
	for (size_t i = 0; i < count; i++) {
		if (place(change, i, ret_error))
			return -1;
	}
	return 0;
}

static int change_init(struct change *change, const struct publish *publish, bool reclaimed,
		       struct error *ret_error)
{
	struct error error = {0};

	if (change_place(change, publish, reclaimed, &error) == 0)
		return 0;
	if (error.kind == ERROR_LIMIT) {
		change_done(change);
		*change = (struct change){.image = change->image, .is_turned = true};
		if (change_place(change, publish, reclaimed, NULL) == 0)
			return 0;
	}
	if (ret_error)
		*ret_error = error;
	return -1;
}

int publish_check(const struct publish *publish, const struct image *image, enum publish_room room,
		  struct error *ret_error)
{
	struct change change = {.image = image};
	int result = change_init(&change, publish, room == PUBLISH_ROOM_RECLAIMED, ret_error);

	change_done(&change);
	return result;
}

/* ---- laying out, where no packet looks yet ---- */

static void lay_out_label(const struct publish *publish, const struct placed *placed)
{
	struct carom_vip_label *label = &publish->published.memory->vip_labels[placed->counter];

	memcpy(label->name, placed->vip->name, CAROM_NAME_BYTES);
}

/* A number in use keeps its next hop, so that one which packets read is written as it was. */
static void lay_out_next_hops(const struct publish *publish, const struct room *room,
			      const struct placed *placed)
{
	struct carom_next_hop *hops = publish->published.memory->next_hops;

	for (size_t i = 0; i < placed->vip->backend_count; i++) {
		uint32_t number = placed->backends[i].next_hop;
		const struct carom_next_hop *hop = room_next_hop(room, number);

		if (number != HOPS_NONE && memcmp(&hops[number], hop, sizeof(*hop)) != 0)
			hops[number] = *hop;
	}
}

static void lay_out_backends(const struct publish *publish, const struct placed *placed)
{
	const struct dataplane_memory *memory = publish->published.memory;
	const struct image_vip *vip = placed->vip;
	uint32_t count = image_placed_count(vip);

	for (uint32_t i = 0; i < count; i++) {
		const struct placed_backend *backend = &placed->backends[i];

		memory->backends[placed->first_backend + i] =
			encode_backend(vip, &vip->backends[i], backend->counter, backend->next_hop);
		memory->backend_labels[placed->first_backend + i] = encode_label(&vip->backends[i]);
	}
}

/* Of backends that stay where they are: after the flip, what of them is written in place. */
static void exchange_backends(const struct publish *publish, const struct placed *placed)
{
	const struct dataplane_memory *memory = publish->published.memory;
	uint32_t count = image_placed_count(placed->vip);

	for (uint32_t i = 0; i < count; i++) {
		const struct image_backend *backend = &placed->vip->backends[i];
		struct carom_backend *entry = &memory->backends[placed->first_backend + i];

		__atomic_store_n(&entry->next_hop, placed->backends[i].next_hop, __ATOMIC_RELEASE);
		__atomic_store_n(&entry->state, (uint8_t)image_backend_state(backend),
				 __ATOMIC_RELAXED);
		memory->backend_labels[placed->first_backend + i] = encode_label(backend);
	}
}

static bool stays_in_place(const struct placement *placement)
{
	const struct placed *before = placement->before, *after = placement->after;

	return before && before != after && before->first_backend == after->first_backend &&
	       after->first_backend != PLACED_NOWHERE;
}

static int advance_slots(const struct publish *publish, const struct placement *placement)
{
	const struct dataplane_memory *memory = publish->published.memory;
	const struct placed *before = placement->before;
	struct placed *after = placement->after;
	const struct image_vip *vip = after->vip;
	bool *serves = calloc(vip->backend_count + 1, sizeof(serves[0]));
	struct tracking_slots slots_before, slots_after = placed_slots(after, memory);
	struct tracking_change change = {
		.ring = vip->ring->slots,
		.serves = serves,
		.serves_count = vip->backend_count,
		.tracking = vip->tracking,
		.unrecorded_is_new =
			vip->tracking == TRACKING_ALWAYS && vip->protocol != IPPROTO_TCP,
		.now_s = flows_clock(publish->flows),
	};

	if (!serves)
		return -1;
	for (size_t i = 0; i < vip->backend_count; i++)
		serves[i] = image_backend_serves(&vip->backends[i]);
	if (before && image_has_same_flows(before->vip, vip)) {
		slots_before = placed_slots(before, memory);
		change.before = &slots_before;
	}
	after->tracked_count = tracking_advance(&change, &slots_after);
	free(serves);
	return 0;
}

static int lay_out_slots(const struct publish *publish, const struct placement *placement)
{
	const struct placed *before = placement->before;
	struct placed *after = placement->after;

	if (before && before->first_slot == after->first_slot)
		after->tracked_count = before->tracked_count;
	else if (advance_slots(publish, placement))
		return -1;
	flows_count_older(publish->flows, after);
	return 0;
}

static int lay_out(const struct publish *publish, const struct room *room,
		   const struct placement *placement, struct error *ret_error)
{
	const struct placed *after = placement->after;

	if (after == placement->before)
		return 0;
	flows_keep_counts(publish->flows, placement);
	lay_out_label(publish, after);
	lay_out_next_hops(publish, room, after);
	if (!stays_in_place(placement))
		lay_out_backends(publish, after);
	if (lay_out_slots(publish, placement))
		return error_set_errno(ret_error, ENOMEM, "vip '%s'", after->vip->name);
	return 0;
}

/* A new VIP may get a number that flows of a VIP before it still name: they must be gone. */
static int lay_out_all(const struct publish *publish, const struct change *change,
		       struct error *ret_error)
{
	bool has_new_vip = false;

	for (size_t i = 0; i < change->image->vip_count; i++) {
		has_new_vip |= !change->placements[i].before;
		if (lay_out(publish, change->room, &change->placements[i], ret_error))
			return -1;
	}
	if (has_new_vip && flows_drop_orphans(publish->flows))
		return error_set_errno(ret_error, ENOMEM, "publishing");
	return 0;
}

/* ---- after the flip: nothing can fail ---- */

/* Retires what the image before has and the new one has not. */
static void retire_replaced(struct publish *publish, const struct change *change)
{
	const struct published *published = &publish->published;
	uint64_t epoch = generations_epoch(&publish->generations);
	size_t next = 0;

	for (size_t i = 0; i < published_count(published); i++) {
		struct placed *gone = published->vips[i], *heir = NULL;

		while (next < change->image->vip_count && !change->placements[next].before)
			next++;
		if (next < change->image->vip_count && change->placements[next].before == gone)
			heir = change->placements[next++].after;
		if (heir == gone)
			continue;
		counters_retire(publish->counters, gone, heir, epoch);
		room_retire(change->room, gone, heir, epoch);
		placed_free(gone);
	}
}

static void exchange_all(const struct publish *publish, const struct change *change)
{
	for (size_t i = 0; i < change->image->vip_count; i++) {
		if (stays_in_place(&change->placements[i]))
			exchange_backends(publish, change->placements[i].after);
	}
}

/* vips: of the change; taken. */
static void replace(struct publish *publish, struct change *change, struct image *image,
		    struct placed **vips)
{
	struct published *published = &publish->published;

	retire_replaced(publish, change);
	free(published->vips);
	image_unref(published->image);
	published->vips = vips;
	published->image = image_ref(image);
	room_free(publish->room);
	publish->room = change->room;
	free(change->placements);
	flows_share_out(publish->flows);
}

/* ---- the commit ---- */

static int prepare(struct publish *publish, struct change *change, uint32_t generation,
		   struct placed **vips, struct error *ret_error)
{
	struct room_fill fill = room_fill(publish->room);

	if (counters_reserve(publish->counters, fill.numbers_used))
		return error_set_errno(ret_error, ENOMEM, "publishing");
	if (change_init(change, publish, false, ret_error) ||
	    lay_out_all(publish, change, ret_error))
		return -1;
	for (size_t i = 0; i < change->image->vip_count; i++)
		vips[i] = change->placements[i].after;
	return generations_write(&publish->generations, generation, change->image, vips, ret_error);
}

int publish_commit(struct publish *publish, struct image *image, struct error *ret_error)
{
	uint32_t generation = generations_find_idle(&publish->generations);
	struct change change = {.image = image};
	struct placed **vips;

	if (generation == GENERATIONS_NONE)
		return error_set(ret_error, ERROR_BUSY, "all generations are still being read");
	vips = calloc(image->vip_count + 1, sizeof(vips[0]));
	if (!vips)
		return error_set_errno(ret_error, ENOMEM, "publishing");
	if (prepare(publish, &change, generation, vips, ret_error)) {
		change_done(&change);
		free(vips);
		return -1;
	}
	generations_flip(&publish->generations, generation);
	exchange_all(publish, &change);
	replace(publish, &change, image, vips);
	return 0;
}

bool publish_is_ready(const struct publish *publish)
{
	return generations_find_idle(&publish->generations) != GENERATIONS_NONE;
}

uint64_t publish_epoch(const struct publish *publish)
{
	return generations_epoch(&publish->generations);
}

bool publish_is_waiting(const struct publish *publish)
{
	return generations_is_waiting(&publish->generations);
}

void publish_reclaim(struct publish *publish, uint64_t epoch)
{
	generations_reclaim(&publish->generations, epoch);
	counters_settle(publish->counters, publish->room, epoch);
	room_reclaim(publish->room, epoch);
}

/* ---- the predecessor's ---- */

int publish_adopt(struct publish *publish, struct error *ret_error)
{
	struct published *published = &publish->published;
	const char *clash;

	if (readback(published, ret_error))
		return -1;
	for (size_t i = 0; i < published_count(published); i++) {
		clash = room_adopt(publish->room, published->vips[i]);
		if (clash)
			return readback_contradict(ret_error, clash);
		flows_count_older(publish->flows, published->vips[i]);
	}
	generations_adopt(&publish->generations);
	counters_clear_unused(publish->counters);
	flows_share_out(publish->flows);
	return 0;
}

static void inherit_slots(const struct publish *publish, const struct publish *predecessor,
			  const struct placed *from, struct placed *to)
{
	struct tracking_slots source = placed_slots(from, predecessor->published.memory);
	struct tracking_slots target = placed_slots(to, publish->published.memory);
	size_t bytes = sizeof(uint16_t) << source.bits;

	memcpy(target.slots, source.slots, bytes);
	memcpy(target.previous, source.previous, bytes);
	memcpy(target.changed_at, source.changed_at, bytes);
	to->tracked_count = from->tracked_count;
}

static int inherit_vip(struct publish *publish, const struct publish *predecessor,
		       const struct placed *from, struct placed **ret_to)
{
	struct placement placement = {.after = placed_new(from->vip)};

	*ret_to = placement.after;
	if (!placement.after || room_place(publish->room, &placement))
		return -1;
	lay_out_label(publish, placement.after);
	lay_out_next_hops(publish, publish->room, placement.after);
	lay_out_backends(publish, placement.after);
	inherit_slots(publish, predecessor, from, placement.after);
	counters_inherit(publish->counters, predecessor->counters, from, placement.after);
	return 0;
}

/* What it placed before it failed, publish_free() frees. */
static int inherit_vips(struct publish *publish, const struct publish *predecessor,
			struct error *ret_error)
{
	const struct published *there = &predecessor->published;
	struct published *here = &publish->published;

	for (size_t i = 0; i < published_count(there); i++) {
		if (inherit_vip(publish, predecessor, there->vips[i], &here->vips[i]))
			return error_set(ret_error, ERROR_CONFLICT,
					 "vip '%s' does not fit into the new node.limits",
					 there->vips[i]->vip->name);
	}
	flows_set_clock(publish->flows, flows_clock(predecessor->flows));
	return generations_write(&publish->generations, here->memory->control->active, there->image,
				 here->vips, ret_error);
}

int publish_inherit(struct publish *publish, const struct publish *predecessor,
		    struct error *ret_error)
{
	struct published *here = &publish->published;

	here->vips = calloc(published_count(&predecessor->published) + 1, sizeof(here->vips[0]));
	if (!here->vips)
		return error_set_errno(ret_error, ENOMEM, "inheriting");
	here->image = image_ref(predecessor->published.image);
	if (inherit_vips(publish, predecessor, ret_error))
		return -1;
	counters_inherit(publish->counters, predecessor->counters, NULL, NULL);
	flows_share_out(publish->flows);
	flows_inherit(publish->flows, predecessor->flows);
	return 0;
}

/* ---- what there is ---- */

struct image *publish_image(const struct publish *publish)
{
	return publish->published.image;
}

uint32_t publish_vip_number(const struct publish *publish, size_t vip)
{
	return publish->published.vips[vip]->counter;
}

int publish_find_vip(const struct publish *publish, uint32_t number)
{
	for (size_t i = 0; i < published_count(&publish->published); i++) {
		if (publish->published.vips[i]->counter == number)
			return (int)i;
	}
	return -1;
}

uint64_t publish_hash_fingerprint(const struct publish *publish)
{
	return hash_key_fingerprint((const uint64_t *)publish->published.memory->control->hash_key);
}

struct room_fill publish_fill(const struct publish *publish)
{
	return room_fill(publish->room);
}

struct flows *publish_flows(const struct publish *publish)
{
	return publish->flows;
}

const struct counters *publish_counters(const struct publish *publish)
{
	return publish->counters;
}
