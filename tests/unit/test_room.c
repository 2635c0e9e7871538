/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where VIPs are placed in the room, without maps: beside what packets use, and where they were
 * when they may stay. Every test begins with one VIP that is placed.
 */
#include "room.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RING_BITS  8
#define RING_SLOTS (1u << RING_BITS)
#define HALF	   8 /* of the backends */
#define VIP_COUNT  4 /* of numbers; number 0 is none's */

static const struct room_sizes sizes = {
	.slot_count = 3 * RING_SLOTS,
	.backend_count = 2 * HALF,
	.vip_number_count = VIP_COUNT,
	.number_count = VIP_COUNT + 8,
	.next_hop_count = 4,
};

static struct room *room;
static struct placed *web; /* two backends */

static struct image_vip *make_vip(size_t backend_count)
{
	struct image_vip *vip = image_vip_new(backend_count);

	assert_non_null(vip);
	vip->port = 80;
	vip->protocol = IPPROTO_TCP;
	vip->ring = image_ring_new(RING_BITS);
	assert_non_null(vip->ring);
	for (size_t i = 0; i < backend_count; i++)
		vip->backends[i] = (struct image_backend){
			.name = {'b', (char)('0' + i)},
			.address.words[3] = (__be32)i + 1,
			.state = CAROM_BACKEND_ACTIVE,
			.next_hop.resolved = true,
		};
	return vip;
}

/* Takes the VIP. */
static struct placed *placed_of(struct image_vip *vip)
{
	struct placed *placed = placed_new(vip);

	assert_non_null(placed);
	image_vip_unref(vip);
	return placed;
}

/* NULL: there is no room. */
static struct placed *put(struct room *where, struct placed *before, struct image_vip *vip)
{
	struct placement placement = {.before = before, .after = placed_of(vip)};

	if (room_place(where, &placement) == 0)
		return placement.after;
	placed_free(placement.after);
	return NULL;
}

/* As `web`, with the same ring. */
static struct image_vip *like_web(size_t backend_count)
{
	struct image_vip *vip = make_vip(backend_count);

	image_ring_unref(vip->ring);
	vip->ring = image_ring_ref(web->vip->ring);
	return vip;
}

static int set_up(void **state)
{
	(void)state;
	room = room_new(&sizes);
	assert_non_null(room);
	web = put(room, NULL, make_vip(2));
	assert_non_null(web);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	placed_free(web);
	room_free(room);
	return 0;
}

static void everything_has_a_place_of_its_own(void **state)
{
	struct placed *mail = put(room, NULL, make_vip(2));

	(void)state;
	assert_non_null(mail);
	assert_int_not_equal(mail->first_slot, web->first_slot);
	assert_int_equal(web->first_backend, 0);
	assert_int_equal(mail->first_backend, 2);
	assert_int_equal(web->counter, 1);
	assert_int_equal(mail->counter, 2);
	assert_int_equal(web->backends[0].counter, VIP_COUNT);
	assert_int_equal(mail->backends[1].counter, VIP_COUNT + 3);
	placed_free(mail);
}

/* A ring that is the same stays; backends are written anew; numbers go on counting. */
static void a_change_of_backends_keeps_slots_and_numbers(void **state)
{
	struct placed *after = put(room, web, like_web(3));

	(void)state;
	assert_non_null(after);
	assert_int_equal(after->first_slot, web->first_slot);
	assert_int_equal(after->first_backend, 2);
	assert_int_equal(after->counter, web->counter);
	assert_int_equal(after->backends[0].counter, web->backends[0].counter);
	assert_int_equal(after->backends[1].counter, web->backends[1].counter);
	assert_int_equal(after->backends[2].counter, VIP_COUNT + 2);
	placed_free(after);
}

static void another_backend_at_an_ordinal_counts_anew(void **state)
{
	struct image_vip *vip = like_web(2);
	struct placed *after;

	(void)state;
	vip->backends[1].name[1] = 'x';
	after = put(room, web, vip);
	assert_non_null(after);
	assert_int_equal(after->backends[0].counter, web->backends[0].counter);
	assert_int_equal(after->backends[1].counter, VIP_COUNT + 2);
	placed_free(after);
}

static void an_ordinal_that_is_not_held_has_no_number(void **state)
{
	struct image_vip *vip = like_web(2);
	struct placed *after;

	(void)state;
	vip->backends[1].state = CAROM_BACKEND_UNUSED;
	after = put(room, web, vip);
	assert_non_null(after);
	assert_int_equal(after->backends[1].counter, 0);
	/* The backend served before and does not now: slots may not stay. */
	assert_int_not_equal(after->first_slot, web->first_slot);
	placed_free(after);
}

static void another_ring_lies_beside(void **state)
{
	struct placed *after = put(room, web, make_vip(2));

	(void)state;
	assert_non_null(after);
	assert_int_not_equal(after->first_slot, web->first_slot);
	placed_free(after);
}

static void what_is_placed_in_a_copy_leaves_the_room_as_it_is(void **state)
{
	struct room *copy = room_copy(room, false);
	struct placed *in_copy = put(copy, NULL, make_vip(2)), *in_room;

	(void)state;
	room_free(copy);
	in_room = put(room, NULL, make_vip(2));
	assert_non_null(in_copy);
	assert_non_null(in_room);
	assert_int_equal(in_room->first_slot, in_copy->first_slot);
	assert_int_equal(in_room->first_backend, in_copy->first_backend);
	assert_int_equal(in_room->counter, in_copy->counter);
	placed_free(in_copy);
	placed_free(in_room);
}

static void what_is_retired_has_room_only_when_reclaimed(void **state)
{
	struct placed *after = put(room, web, make_vip(6)), *next;
	struct room *copy;

	(void)state;
	assert_non_null(after);
	room_retire(room, web, after, 7);
	assert_null(put(room, after, make_vip(5)));
	copy = room_copy(room, true);
	next = put(copy, NULL, make_vip(2));
	assert_non_null(next);
	placed_free(next);
	room_free(copy);
	room_reclaim(room, 6);
	assert_int_equal(room_fill(room).backends_waiting, 2);
	room_reclaim(room, 7);
	assert_int_equal(room_fill(room).backends_waiting, 0);
	assert_int_equal(room_fill(room).slots_waiting, 0);
	placed_free(after);
}

static void what_the_heir_has_is_not_retired(void **state)
{
	struct placed *after = put(room, web, like_web(2));

	(void)state;
	assert_non_null(after);
	room_retire(room, web, after, 1);
	assert_int_equal(room_fill(room).slots_waiting, 0);
	assert_int_equal(room_fill(room).backends_waiting, 0);
	placed_free(after);
}

/* ---- in place ---- */

static struct next_hop hop_by(uint8_t gateway)
{
	return (struct next_hop){
		.resolved = true,
		.interface = 1,
		.mtu = 1500,
		.destination_mac = {2, gateway},
	};
}

static struct image_vip *like_web_by(uint8_t gateway)
{
	struct image_vip *vip = like_web(2);

	vip->backends[0].next_hop = vip->backends[1].next_hop = hop_by(gateway);
	return vip;
}

static void a_state_or_next_hop_is_written_in_place(void **state)
{
	struct image_vip *vip = like_web_by(1);
	struct placed *after;

	(void)state;
	vip->backends[1].state = CAROM_BACKEND_DRAIN;
	vip->backends[1].weight = 7;
	after = put(room, web, vip);
	assert_non_null(after);
	assert_int_equal(after->first_backend, web->first_backend);
	placed_free(after);
}

/* However often the gateway changes: what was retired becomes reusable. */
static void next_hops_follow_where_backends_have_no_room(void **state)
{
	struct placed *last = put(room, NULL, make_vip(6)), *at = web;

	(void)state;
	assert_non_null(last);
	assert_int_equal(room_fill(room).backends_used, HALF);
	for (uint8_t gateway = 1; gateway < 100; gateway++) {
		struct placed *after = put(room, at, like_web_by(gateway));

		assert_non_null(after);
		assert_int_equal(after->first_backend, web->first_backend);
		assert_int_equal(
			room_next_hop(room, after->backends[0].next_hop)->destination_mac[1],
			gateway);
		room_retire(room, at, after, gateway);
		room_reclaim(room, gateway);
		if (at != web)
			placed_free(at);
		at = after;
	}
	placed_free(at);
	placed_free(last);
}

static void backends_behind_one_gateway_share_a_next_hop(void **state)
{
	struct placed *after = put(room, web, like_web_by(1));

	(void)state;
	assert_non_null(after);
	assert_int_not_equal(after->backends[0].next_hop, HOPS_NONE);
	assert_int_equal(after->backends[0].next_hop, after->backends[1].next_hop);
	assert_int_equal(web->backends[0].next_hop, HOPS_NONE);
	placed_free(after);
}

static void another_outer_source_takes_another_place(void **state)
{
	struct image_vip *vip = like_web(2);
	struct placed *after;

	(void)state;
	vip->backends[0].outer_source.words[3] = 1;
	after = put(room, web, vip);
	assert_non_null(after);
	assert_int_not_equal(after->first_backend, web->first_backend);
	placed_free(after);
}

/* [web: 2][6 free] with 5 wanted twice: the other half has room, once nothing is left there. */
static void a_turn_places_all_anew(void **state)
{
	struct placed *mail = put(room, NULL, make_vip(4)), *moved;

	(void)state;
	assert_non_null(mail);
	assert_null(put(room, NULL, make_vip(3)));
	assert_true(room_turn(room));
	moved = put(room, web, like_web(2));
	assert_non_null(moved);
	assert_int_equal(moved->first_backend, HALF);
	assert_int_equal(moved->first_slot, web->first_slot);
	room_retire(room, web, moved, 1);
	assert_false(room_turn(room));
	room_retire(room, mail, NULL, 1);
	assert_false(room_turn(room));
	room_reclaim(room, 1);
	assert_true(room_turn(room));
	placed_free(moved);
	placed_free(mail);
}

static void ordinals_beyond_the_last_that_is_held_take_no_place(void **state)
{
	struct image_vip *vip = make_vip(6);
	struct placed *placed;

	(void)state;
	for (size_t i = 1; i < 6; i++)
		vip->backends[i].state = CAROM_BACKEND_UNUSED;
	placed = put(room, NULL, vip);
	assert_non_null(placed);
	assert_int_equal(room_fill(room).backends_used, 3);
	placed_free(placed);
}

static void numbers_are_retired_by_themselves(void **state)
{
	(void)state;
	assert_int_equal(room_fill(room).numbers_used, 3);
	room_retire_number(room, web->backends[0].counter, false, 1);
	room_retire_number(room, web->counter, true, 1);
	assert_int_equal(room_fill(room).numbers_used, 1);
	assert_int_equal(room_fill(room).vips_used, 0);
}

static void an_adopted_vip_takes_the_places_that_it_has(void **state)
{
	struct room *other = room_new(&sizes);

	(void)state;
	assert_null(room_adopt(other, web));
	assert_int_equal(room_fill(other).slots_used, room_fill(room).slots_used);
	assert_int_equal(room_fill(other).backends_used, room_fill(room).backends_used);
	assert_int_equal(room_fill(other).numbers_used, room_fill(room).numbers_used);
	room_free(other);
}

struct clash {
	uint32_t slots_on; /* from where `web` has its own */
	uint32_t first_backend, counter, number;
	const char *what;
};

static void a_place_that_is_taken_is_not_adopted(void **state)
{
	static const struct clash clashes[] = {
		{0, 2, 2, VIP_COUNT + 2, "two VIPs share slots"},
		{RING_SLOTS, 1, 2, VIP_COUNT + 2, "two VIPs share backends"},
		{RING_SLOTS, 2, 1, VIP_COUNT + 2, "two VIPs count in one place"},
		{RING_SLOTS, 2, 2, VIP_COUNT, "two backends count in one place"},
		{RING_SLOTS, 2, 2, VIP_COUNT - 1, "two backends count in one place"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(clashes) / sizeof(clashes[0]); i++) {
		const struct clash *clash = &clashes[i];
		struct room *copy = room_copy(room, false);
		struct placed *mail = placed_of(make_vip(1));
		const char *what;

		mail->first_slot = (web->first_slot + clash->slots_on) % sizes.slot_count;
		mail->first_backend = clash->first_backend;
		mail->counter = clash->counter;
		mail->backends[0].counter = clash->number;
		what = room_adopt(copy, mail);
		assert_non_null(what);
		assert_string_equal(what, clash->what);
		placed_free(mail);
		room_free(copy);
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_has_a_place_of_its_own),
		TEST(a_change_of_backends_keeps_slots_and_numbers),
		TEST(another_backend_at_an_ordinal_counts_anew),
		TEST(an_ordinal_that_is_not_held_has_no_number),
		TEST(another_ring_lies_beside),
		TEST(what_is_placed_in_a_copy_leaves_the_room_as_it_is),
		TEST(what_is_retired_has_room_only_when_reclaimed),
		TEST(what_the_heir_has_is_not_retired),
		TEST(a_state_or_next_hop_is_written_in_place),
		TEST(next_hops_follow_where_backends_have_no_room),
		TEST(backends_behind_one_gateway_share_a_next_hop),
		TEST(another_outer_source_takes_another_place),
		TEST(a_turn_places_all_anew),
		TEST(ordinals_beyond_the_last_that_is_held_take_no_place),
		TEST(numbers_are_retired_by_themselves),
		TEST(an_adopted_vip_takes_the_places_that_it_has),
		TEST(a_place_that_is_taken_is_not_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
