/* SPDX-License-Identifier: BSD-2-Clause */
/* What slots remember: each rule as a row, what a slot was and what it becomes. */
#include "tracking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_S	     70000u /* beyond what 16 bits hold */
#define NOW	     (NOW_S & 0xffff)
#define IDLE_S	     100
#define SLOTS_MAX    16
#define TEXT_BYTES   64

enum { A, B, C, ORDINALS, NONE = CAROM_ORDINAL_NONE };

/* Sets of those that serve. */
#define SET(ordinal) (1u << (ordinal))
#define ALL	     (SET(A) | SET(B) | SET(C))

enum mark { PLAIN, TRACKED };

struct slot {
	uint16_t current, previous;
	enum mark mark;
	uint16_t changed_at;
};

/* The arrays of a ring, and the view of them that history.h wants. */
struct ring {
	uint16_t slots[SLOTS_MAX], previous[SLOTS_MAX], changed_at[SLOTS_MAX];
	struct tracking_slots view;
};

static void ring_init(struct ring *ring, unsigned bits)
{
	memset(ring, 0xee, sizeof(*ring));
	ring->view = (struct tracking_slots){
		.bits = bits,
		.slots = ring->slots,
		.previous = ring->previous,
		.changed_at = ring->changed_at,
	};
}

static void ring_set(struct ring *ring, size_t at, const struct slot *slot)
{
	ring->slots[at] = slot->current | (slot->mark == TRACKED ? CAROM_SLOT_TRACKED : 0);
	ring->previous[at] = slot->previous;
	ring->changed_at[at] = slot->changed_at;
}

static struct slot ring_get(const struct ring *ring, size_t at)
{
	return (struct slot){
		.current = ring->slots[at] & CAROM_SLOT_ORDINAL,
		.previous = ring->previous[at],
		.mark = ring->slots[at] & CAROM_SLOT_TRACKED ? TRACKED : PLAIN,
		.changed_at = ring->changed_at[at],
	};
}

static const char *slot_format(const struct slot *slot, char ret_text[TEXT_BYTES])
{
	snprintf(ret_text, TEXT_BYTES, "current %u, previous %u, %s, changed at %u", slot->current,
		 slot->previous, slot->mark == TRACKED ? "tracked" : "plain", slot->changed_at);
	return ret_text;
}

static void check_slot(const char *what, const struct ring *ring, size_t at,
		       const struct slot *expected)
{
	struct slot found = ring_get(ring, at);
	char found_text[TEXT_BYTES], expected_text[TEXT_BYTES];

	slot_format(&found, found_text);
	slot_format(expected, expected_text);
	if (strcmp(found_text, expected_text) != 0)
		fail_msg("%s: slot %zu: expected %s; found %s", what, at, expected_text,
			 found_text);
}

static void list_serving(unsigned set, bool ret_serves[ORDINALS])
{
	for (unsigned i = 0; i < ORDINALS; i++)
		ret_serves[i] = set & SET(i);
}

/* ---- changes ---- */

struct change_row {
	const char *rule;
	struct slot before;
	unsigned serving;
	uint16_t choice;
	struct slot after;
};

static const struct change_row change_rows[] = {
	{"what does not change stays", {A, A, PLAIN, 5}, ALL, A, {A, A, PLAIN, 5}},
	{"a change is tracked, and its past remembered",
	 {A, A, PLAIN, 5},
	 ALL,
	 B,
	 {B, A, TRACKED, NOW}},
	{"a second change keeps the first one's past",
	 {B, A, TRACKED, 50},
	 ALL,
	 C,
	 {C, A, TRACKED, NOW}},
	{"a change back agrees, and is tracked until a sweep says otherwise",
	 {B, A, TRACKED, 50},
	 ALL,
	 A,
	 {A, A, TRACKED, NOW}},
	{"a tracked slot that keeps its backend keeps its time",
	 {B, A, TRACKED, 50},
	 ALL,
	 B,
	 {B, A, TRACKED, 50}},
	{"a settled slot remembers what it settled at",
	 {B, B, TRACKED, 50},
	 ALL,
	 C,
	 {C, B, TRACKED, NOW}},
	{"the past of a slot that is not tracked is over",
	 {B, A, PLAIN, 50},
	 ALL,
	 C,
	 {C, B, TRACKED, NOW}},
	{"a previous backend that gives up is replaced by the old current one",
	 {B, A, TRACKED, 50},
	 SET(B) | SET(C),
	 C,
	 {C, B, TRACKED, NOW}},
	{"the same where the current backend stays",
	 {B, A, TRACKED, 50},
	 SET(B),
	 B,
	 {B, B, TRACKED, 50}},
	{"if neither serves, by the new one", {B, A, TRACKED, 50}, SET(C), C, {C, C, TRACKED, NOW}},
	{"an old current one that gives up leaves the previous in its place",
	 {B, A, TRACKED, 50},
	 SET(A) | SET(C),
	 C,
	 {C, A, TRACKED, NOW}},
	{"a slot whose backend gives up is tracked, for its flows are still recorded",
	 {A, A, PLAIN, 5},
	 SET(B),
	 B,
	 {B, B, TRACKED, NOW}},
	{"no backend takes new flows", {A, A, PLAIN, 5}, SET(A), NONE, {NONE, A, TRACKED, NOW}},
	{"no backend is left", {A, A, PLAIN, 5}, 0, NONE, {NONE, NONE, TRACKED, NOW}},
	{"the first backend after none", {NONE, NONE, PLAIN, 5}, ALL, A, {A, A, PLAIN, NOW}},
	{"another backend after none", {NONE, A, TRACKED, 50}, ALL, B, {B, A, TRACKED, NOW}},
	{"none stays none", {NONE, NONE, PLAIN, 5}, 0, NONE, {NONE, NONE, PLAIN, 5}},
};

static const struct change_row never_rows[] = {
	{"never: a change has no past", {A, A, PLAIN, 5}, ALL, B, {B, B, PLAIN, NOW}},
	{"never: what was tracked is no more", {B, A, TRACKED, 50}, ALL, B, {B, B, PLAIN, 50}},
	{"never: a backend gives up", {A, A, PLAIN, 5}, SET(B), B, {B, B, PLAIN, NOW}},
};

static const struct change_row always_rows[] = {
	{"always: without a change", {A, A, PLAIN, 5}, ALL, A, {A, A, TRACKED, 5}},
	{"always: a change has a past", {A, A, TRACKED, 5}, ALL, B, {B, A, TRACKED, NOW}},
	{"always: what is unrecorded is old", {B, A, TRACKED, 50}, ALL, C, {C, A, TRACKED, NOW}},
};

static const struct change_row new_flow_rows[] = {
	{"unrecorded is new: without a change", {A, A, TRACKED, 5}, ALL, A, {A, A, TRACKED, 5}},
	{"unrecorded is new: a change has no past",
	 {A, A, TRACKED, 5},
	 ALL,
	 B,
	 {B, B, TRACKED, NOW}},
	{"unrecorded is new: nor had the one before",
	 {B, A, TRACKED, 50},
	 ALL,
	 B,
	 {B, B, TRACKED, 50}},
};

static void check_change(const struct change_row *row, enum tracking_mode tracking,
			 bool unrecorded_is_new)
{
	struct ring old, new;
	bool serves[ORDINALS];
	struct tracking_change change = {
		.before = &old.view,
		.ring = &row->choice,
		.serves = serves,
		.serves_count = ORDINALS,
		.tracking = tracking,
		.unrecorded_is_new = unrecorded_is_new,
		.now_s = NOW_S,
	};

	list_serving(row->serving, serves);
	ring_init(&old, 0);
	ring_init(&new, 0);
	ring_set(&old, 0, &row->before);
	assert_int_equal(tracking_advance(&change, &new.view), row->after.mark == TRACKED);
	check_slot(row->rule, &new, 0, &row->after);
	check_slot("what packets still read", &old, 0, &row->before);
}

static void changes_follow_the_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(change_rows); i++)
		check_change(&change_rows[i], TRACKING_CHANGES, false);
	for (size_t i = 0; i < COUNT(never_rows); i++)
		check_change(&never_rows[i], TRACKING_NEVER, false);
	for (size_t i = 0; i < COUNT(always_rows); i++)
		check_change(&always_rows[i], TRACKING_ALWAYS, false);
	for (size_t i = 0; i < COUNT(new_flow_rows); i++)
		check_change(&new_flow_rows[i], TRACKING_ALWAYS, true);
}

static void a_new_ring_has_no_past(void **state)
{
	static const enum tracking_mode trackings[] = {TRACKING_CHANGES, TRACKING_ALWAYS,
						       TRACKING_NEVER};
	static const bool serves[] = {true, true};
	static const uint16_t choices[] = {A, B, NONE, A};

	(void)state;
	for (size_t i = 0; i < COUNT(trackings); i++) {
		bool is_tracked = trackings[i] == TRACKING_ALWAYS;
		struct tracking_change change = {
			.ring = choices,
			.serves = serves,
			.serves_count = COUNT(serves),
			.tracking = trackings[i],
			.now_s = NOW_S,
		};
		struct ring new;

		ring_init(&new, 2);
		assert_int_equal(tracking_advance(&change, &new.view),
				 is_tracked ? COUNT(choices) : 0);
		for (size_t at = 0; at < COUNT(choices); at++)
			check_slot("a new ring", &new, at,
				   &(struct slot){choices[at], choices[at],
						  is_tracked ? TRACKED : PLAIN, NOW});
	}
}

static void an_ordinal_beyond_the_last_serves_nobody(void **state)
{
	static const bool serves[] = {true, true};
	static const uint16_t choice = A;
	struct ring old, new;
	struct tracking_change change = {
		.before = &old.view,
		.ring = &choice,
		.serves = serves,
		.serves_count = COUNT(serves),
		.now_s = NOW_S,
	};

	(void)state;
	ring_init(&old, 0);
	ring_init(&new, 0);
	ring_set(&old, 0, &(struct slot){C, C, PLAIN, 5});
	tracking_advance(&change, &new.view);
	check_slot("ordinals have become fewer", &new, 0, &(struct slot){A, A, TRACKED, NOW});
}

/* Slot n is the parent of slots 4n … 4n + 3 of a ring that is four times as large. */
static void a_larger_ring_inherits(void **state)
{
	static const struct slot before[] = {{A, A, PLAIN, 5}, {B, A, TRACKED, 50}};
	static const uint16_t choices[] = {A, B, C, A, B, A, C, B};
	static const struct slot after[COUNT(choices)] = {
		{A, A, PLAIN, 5},     {B, A, TRACKED, NOW}, {C, A, TRACKED, NOW},
		{A, A, PLAIN, 5},     {B, A, TRACKED, 50},  {A, A, TRACKED, NOW},
		{C, A, TRACKED, NOW}, {B, A, TRACKED, 50},
	};
	struct ring old, new;
	bool serves[ORDINALS];
	struct tracking_change change = {
		.before = &old.view,
		.ring = choices,
		.serves = serves,
		.serves_count = ORDINALS,
		.now_s = NOW_S,
	};

	(void)state;
	list_serving(ALL, serves);
	ring_init(&old, 1);
	ring_init(&new, 3);
	ring_set(&old, 0, &before[0]);
	ring_set(&old, 1, &before[1]);
	assert_int_equal(tracking_advance(&change, &new.view), 6);
	for (size_t i = 0; i < COUNT(after); i++)
		check_slot("a ring four times as large", &new, i, &after[i]);
}

/* ---- sweeps ---- */

struct sweep_row {
	const char *rule;
	struct slot before;
	uint32_t now_s;
	bool disagrees;
	enum tracking_mode tracking;
	struct slot after;
};

static const struct sweep_row sweep_rows[] = {
	{"a slot waits for the idle timeout",
	 {B, A, TRACKED, 1000},
	 1100,
	 false,
	 TRACKING_CHANGES,
	 {B, A, TRACKED, 1000}},
	{"then it settles",
	 {B, A, TRACKED, 1000},
	 1101,
	 false,
	 TRACKING_CHANGES,
	 {B, B, TRACKED, 1000}},
	{"whether flows disagree or not",
	 {B, A, TRACKED, 1000},
	 1101,
	 true,
	 TRACKING_CHANGES,
	 {B, B, TRACKED, 1000}},
	{"it is untracked, and its time kept young",
	 {B, B, TRACKED, 1000},
	 1102,
	 false,
	 TRACKING_CHANGES,
	 {B, B, PLAIN, 1002}},
	{"but not as long as a flow disagrees",
	 {B, B, TRACKED, 1000},
	 1102,
	 true,
	 TRACKING_CHANGES,
	 {B, B, TRACKED, 1002}},
	{"a change back is untracked at once",
	 {A, A, TRACKED, 1000},
	 1002,
	 false,
	 TRACKING_CHANGES,
	 {A, A, PLAIN, 1000}},
	{"but for packets that are just under way",
	 {A, A, TRACKED, 1000},
	 1001,
	 false,
	 TRACKING_CHANGES,
	 {A, A, TRACKED, 1000}},
	{"a change back with flows that disagree",
	 {A, A, TRACKED, 1000},
	 1050,
	 true,
	 TRACKING_CHANGES,
	 {A, A, TRACKED, 1000}},
	{"what is not tracked is not touched",
	 {B, A, PLAIN, 1000},
	 2000,
	 true,
	 TRACKING_CHANGES,
	 {B, A, PLAIN, 1000}},
	{"none settles like any other",
	 {NONE, A, TRACKED, 1000},
	 1101,
	 false,
	 TRACKING_CHANGES,
	 {NONE, NONE, TRACKED, 1000}},
	{"always: it settles",
	 {B, A, TRACKED, 1000},
	 1101,
	 false,
	 TRACKING_ALWAYS,
	 {B, B, TRACKED, 1000}},
	{"always: and stays tracked",
	 {B, B, TRACKED, 1000},
	 1102,
	 false,
	 TRACKING_ALWAYS,
	 {B, B, TRACKED, 1002}},
	{"the clock's 16 bits wrap before the timeout",
	 {B, A, TRACKED, 65500},
	 65600,
	 false,
	 TRACKING_CHANGES,
	 {B, A, TRACKED, 65500}},
	{"the clock's 16 bits wrap, and it settles",
	 {B, A, TRACKED, 65500},
	 65601,
	 false,
	 TRACKING_CHANGES,
	 {B, B, TRACKED, 65500}},
};

static void check_sweep(const struct sweep_row *row)
{
	struct tracking_sweep sweep = {
		.disagrees = &row->disagrees,
		.now_s = row->now_s,
		.idle_timeout_s = IDLE_S,
		.tracking = row->tracking,
	};
	struct ring ring;

	ring_init(&ring, 0);
	ring_set(&ring, 0, &row->before);
	assert_int_equal(tracking_sweep(&sweep, &ring.view), row->after.mark == TRACKED);
	check_slot(row->rule, &ring, 0, &row->after);
}

static void sweeps_follow_the_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sweep_rows); i++)
		check_sweep(&sweep_rows[i]);
}

/* A flow that lives for days holds its slot tracked. The 16 bits of its time come round often, and
 * must never make it look as if it had just changed. */
static void an_old_change_never_looks_new(void **state)
{
	bool disagrees = true;
	struct tracking_sweep sweep = {.disagrees = &disagrees, .idle_timeout_s = IDLE_S};
	struct ring ring;

	(void)state;
	ring_init(&ring, 0);
	ring_set(&ring, 0, &(struct slot){B, B, TRACKED, 1000});
	for (sweep.now_s = 1200; sweep.now_s < 300000; sweep.now_s += 9999) {
		assert_int_equal(tracking_sweep(&sweep, &ring.view), 1);
		assert_int_equal((uint16_t)(sweep.now_s - ring.changed_at[0]), IDLE_S);
	}
	disagrees = false;
	assert_int_equal(tracking_sweep(&sweep, &ring.view), 0);
}

/* ---- counting what is left ---- */

static void older_slots_are_counted_by_backend(void **state)
{
	static const struct slot slots[] = {
		{B, A, TRACKED, 65500},			     /* A's, before the wrap */
		{B, A, TRACKED, 20},			     /* A's, and the latest */
		{C, A, TRACKED, 65535}, {A, B, TRACKED, 10}, /* B's only one */
		{B, B, TRACKED, 60},			     /* settled */
		{C, B, PLAIN, 60},			     /* over */
		{B, NONE, TRACKED, 60},			     /* nobody's */
		{A, C, TRACKED, 60},			     /* of one that is not asked for */
	};
	struct tracking_older older[2];
	struct ring ring;

	(void)state;
	ring_init(&ring, 3);
	for (size_t i = 0; i < COUNT(slots); i++)
		ring_set(&ring, i, &slots[i]);
	tracking_count_older(&ring.view, 65536 + 100, COUNT(older), older);
	assert_int_equal(older[A].slot_count, 3);
	assert_int_equal(older[A].last_change_s, 65536 + 20);
	assert_int_equal(older[B].slot_count, 1);
	assert_int_equal(older[B].last_change_s, 65536 + 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_follow_the_rules),
		cmocka_unit_test(a_new_ring_has_no_past),
		cmocka_unit_test(an_ordinal_beyond_the_last_serves_nobody),
		cmocka_unit_test(a_larger_ring_inherits),
		cmocka_unit_test(sweeps_follow_the_rules),
		cmocka_unit_test(an_old_change_never_looks_new),
		cmocka_unit_test(older_slots_are_counted_by_backend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
