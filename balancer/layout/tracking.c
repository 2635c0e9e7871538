/* SPDX-License-Identifier: BSD-2-Clause */
#include "tracking.h"

#include <string.h>

/* A packet that read a slot before a change may record its flow a moment after it: before a slot is
 * untracked, that moment must be over for certain. */
#define UNTRACK_AFTER_S 2

static bool serves(const struct tracking_change *change, uint16_t ordinal)
{
	return ordinal < change->serves_count && change->serves[ordinal];
}

static uint16_t current_of(uint16_t slot)
{
	return slot & CAROM_SLOT_ORDINAL;
}

/* The backend that flows which are not recorded belong to, from now on. */
static uint16_t next_previous(const struct tracking_change *change, size_t slot_before,
			      uint16_t chosen)
{
	const struct tracking_slots *before = change->before;
	uint16_t current, previous;

	if (!before || change->unrecorded_is_new || change->tracking == TRACKING_NEVER)
		return chosen;
	current = current_of(before->slots[slot_before]);
	previous = before->slots[slot_before] & CAROM_SLOT_TRACKED ? before->previous[slot_before]
								   : current;
	if (serves(change, previous))
		return previous;
	return serves(change, current) ? current : chosen;
}

/* A backend that gives its flows up may serve again before a sweep has dropped their records. A
 * flow that meanwhile went to another must be seen by the flow table, or its record from before
 * would win.
 */
static bool gives_up(const struct tracking_change *change, uint16_t current)
{
	return current != CAROM_ORDINAL_NONE && !serves(change, current);
}

static bool next_tracked(const struct tracking_change *change, size_t slot_before, uint16_t chosen,
			 uint16_t previous)
{
	const struct tracking_slots *before = change->before;

	if (change->tracking == TRACKING_NEVER)
		return false;
	return change->tracking == TRACKING_ALWAYS || chosen != previous ||
	       (before && (before->slots[slot_before] & CAROM_SLOT_TRACKED ||
			   gives_up(change, current_of(before->slots[slot_before]))));
}

static uint16_t next_changed_at(const struct tracking_change *change, size_t slot_before,
				uint16_t chosen)
{
	const struct tracking_slots *before = change->before;

	return before && current_of(before->slots[slot_before]) == chosen
		       ? before->changed_at[slot_before]
		       : (uint16_t)change->now_s;
}

size_t tracking_advance(const struct tracking_change *change, struct tracking_slots *ret_after)
{
	/* A slot of the ring before is the parent of 1 << growth slots. */
	unsigned growth = change->before ? ret_after->bits - change->before->bits : 0;
	size_t count = (size_t)1 << ret_after->bits, tracked_count = 0;

	for (size_t i = 0; i < count; i++) {
		uint16_t chosen = change->ring[i];
		uint16_t previous = next_previous(change, i >> growth, chosen);
		bool tracked = next_tracked(change, i >> growth, chosen, previous);

		ret_after->slots[i] = chosen | (tracked ? CAROM_SLOT_TRACKED : 0);
		ret_after->previous[i] = previous;
		ret_after->changed_at[i] = next_changed_at(change, i >> growth, chosen);
		tracked_count += tracked;
	}
	return tracked_count;
}

/* Returns whether the slot stays tracked. */
static bool sweep_slot(const struct tracking_sweep *sweep, struct tracking_slots *slots, size_t i)
{
	uint16_t current = current_of(slots->slots[i]);
	uint16_t age_s = (uint16_t)(sweep->now_s - slots->changed_at[i]);

	if (!(slots->slots[i] & CAROM_SLOT_TRACKED))
		return false;
	if (slots->previous[i] != current) {
		if (age_s > sweep->idle_timeout_s)
			__atomic_store_n(&slots->previous[i], current, __ATOMIC_RELAXED);
		return true;
	}
	/* Kept young, so that the cut time never comes round to look recent. */
	if (age_s > sweep->idle_timeout_s)
		slots->changed_at[i] = (uint16_t)(sweep->now_s - sweep->idle_timeout_s);
	if (sweep->disagrees[i] || age_s < UNTRACK_AFTER_S || sweep->tracking == TRACKING_ALWAYS)
		return true;
	__atomic_store_n(&slots->slots[i], current, __ATOMIC_RELAXED);
	return false;
}

size_t tracking_sweep(const struct tracking_sweep *sweep, struct tracking_slots *slots)
{
	size_t count = (size_t)1 << slots->bits, tracked_count = 0;

	for (size_t i = 0; i < count; i++)
		tracked_count += sweep_slot(sweep, slots, i);
	return tracked_count;
}

void tracking_count_older(const struct tracking_slots *slots, uint32_t now_s, size_t count,
			  struct tracking_older *ret_older)
{
	memset(ret_older, 0, count * sizeof(ret_older[0]));
	for (size_t i = 0; i < (size_t)1 << slots->bits; i++) {
		uint16_t slot = slots->slots[i], previous = slots->previous[i];
		uint32_t change_s = now_s - (uint16_t)(now_s - slots->changed_at[i]);

		if (!(slot & CAROM_SLOT_TRACKED) || previous == current_of(slot) ||
		    previous >= count)
			continue;
		if (!ret_older[previous].slot_count++ ||
		    change_s > ret_older[previous].last_change_s)
			ret_older[previous].last_change_s = change_s;
	}
}
