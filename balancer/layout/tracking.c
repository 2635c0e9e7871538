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
static uint16_t next_previous(const struct tracking_change *change, size_t old_slot,
			      uint16_t chosen)
{
	const struct tracking_slots *old = change->old;
	uint16_t current, previous;

	if (!old || change->unrecorded_is_new || change->tracking == TRACKING_NEVER)
		return chosen;
	current = current_of(old->slots[old_slot]);
	previous = old->slots[old_slot] & CAROM_SLOT_TRACKED ? old->previous[old_slot] : current;
	if (serves(change, previous))
		return previous;
	return serves(change, current) ? current : chosen;
}

/* A backend that gives its flows up may serve again before a sweep has dropped their records. A
 * flow that meanwhile went to another must be seen by the flow table, or its old record would win.
 */
static bool gives_up(const struct tracking_change *change, uint16_t current)
{
	return current != CAROM_ORDINAL_NONE && !serves(change, current);
}

static bool next_tracked(const struct tracking_change *change, size_t old_slot, uint16_t chosen,
			 uint16_t previous)
{
	const struct tracking_slots *old = change->old;

	if (change->tracking == TRACKING_NEVER)
		return false;
	return change->tracking == TRACKING_ALWAYS || chosen != previous ||
	       (old && (old->slots[old_slot] & CAROM_SLOT_TRACKED ||
			gives_up(change, current_of(old->slots[old_slot]))));
}

static uint16_t next_changed_at(const struct tracking_change *change, size_t old_slot,
				uint16_t chosen)
{
	const struct tracking_slots *old = change->old;

	return old && current_of(old->slots[old_slot]) == chosen ? old->changed_at[old_slot]
								 : (uint16_t)change->now_s;
}

size_t tracking_advance(const struct tracking_change *change, struct tracking_slots *ret_new)
{
	/* A slot of the old ring is the parent of 1 << growth slots of the new one. */
	unsigned growth = change->old ? ret_new->bits - change->old->bits : 0;
	size_t count = (size_t)1 << ret_new->bits, tracked_count = 0;

	for (size_t i = 0; i < count; i++) {
		uint16_t chosen = change->ring[i];
		uint16_t previous = next_previous(change, i >> growth, chosen);
		bool tracked = next_tracked(change, i >> growth, chosen, previous);

		ret_new->slots[i] = chosen | (tracked ? CAROM_SLOT_TRACKED : 0);
		ret_new->previous[i] = previous;
		ret_new->changed_at[i] = next_changed_at(change, i >> growth, chosen);
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
