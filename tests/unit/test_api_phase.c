/* SPDX-License-Identifier: BSD-2-Clause */
/* Which phase of a client's connection may follow which, and for how long it may stay in each. */
#include "phase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Walks along phases; the last one is followed by CLIENT_PHASES. */
static void expect_walk(const enum client_phase *phases)
{
	for (; phases[1] < CLIENT_PHASES; phases++)
		if (!phase_may_follow(phases[0], phases[1]))
			fail_msg("'%s' cannot follow '%s'", phase_of(phases[1])->name,
				 phase_of(phases[0])->name);
}

#define EXPECT_WALK(...) expect_walk((const enum client_phase[]){__VA_ARGS__, CLIENT_PHASES})

static void test_requests(void **state)
{
	(void)state;
	EXPECT_WALK(CLIENT_IDLE, CLIENT_HEADER, CLIENT_BODY, CLIENT_SENDING, CLIENT_IDLE);
	EXPECT_WALK(CLIENT_IDLE, CLIENT_GREETING, CLIENT_HEADER, CLIENT_BODY, CLIENT_WAITING,
		    CLIENT_RESUMED, CLIENT_SENDING, CLIENT_IDLE, CLIENT_HEADER);
	EXPECT_WALK(CLIENT_BODY, CLIENT_STREAMING, CLIENT_LISTENING, CLIENT_STREAMING, CLIENT_IDLE);
}

static void test_refusals(void **state)
{
	(void)state;
	EXPECT_WALK(CLIENT_HEADER, CLIENT_LINGERING, CLIENT_CUT);
	EXPECT_WALK(CLIENT_BODY, CLIENT_LINGERING);
	EXPECT_WALK(CLIENT_HEADER, CLIENT_SENDING); /* Expect: 100-continue */
}

/* libmicrohttpd ends a request by itself when its connection ends. */
static void test_ends_in_mid_request(void **state)
{
	(void)state;
	EXPECT_WALK(CLIENT_HEADER, CLIENT_IDLE);
	EXPECT_WALK(CLIENT_BODY, CLIENT_IDLE);
	EXPECT_WALK(CLIENT_WAITING, CLIENT_RESUMED, CLIENT_IDLE); /* the server stops */
}

static void test_none_follows_itself(void **state)
{
	(void)state;
	for (enum client_phase phase = 0; phase < CLIENT_PHASES; phase++)
		assert_false(phase_may_follow(phase, phase));
}

/* A suspended connection is resumed first; a request is judged before it is carried out; no request
 * is served after a refusal, and nothing follows a cut. */
static void test_illegal(void **state)
{
	(void)state;
	assert_false(phase_may_follow(CLIENT_WAITING, CLIENT_SENDING));
	assert_false(phase_may_follow(CLIENT_WAITING, CLIENT_IDLE));
	assert_false(phase_may_follow(CLIENT_WAITING, CLIENT_CUT));
	assert_false(phase_may_follow(CLIENT_LISTENING, CLIENT_IDLE));
	assert_false(phase_may_follow(CLIENT_IDLE, CLIENT_BODY));
	assert_false(phase_may_follow(CLIENT_HEADER, CLIENT_WAITING));
	assert_false(phase_may_follow(CLIENT_HEADER, CLIENT_STREAMING));
	assert_false(phase_may_follow(CLIENT_LINGERING, CLIENT_IDLE));
	assert_false(phase_may_follow(CLIENT_LINGERING, CLIENT_HEADER));
	for (enum client_phase phase = 0; phase < CLIENT_PHASES; phase++)
		assert_false(phase_may_follow(CLIENT_CUT, phase));
}

/* All that a client can keep us from leaving is bounded; what a handler does is not. */
static void test_every_phase_of_the_client_has_a_limit(void **state)
{
	(void)state;
	for (enum client_phase phase = 0; phase < CLIENT_PHASES; phase++) {
		bool is_ours = phase == CLIENT_WAITING || phase == CLIENT_LISTENING;
		bool is_bounded = phase_of(phase)->silent_ms || phase_of(phase)->total_ms;

		if (is_bounded == is_ours)
			fail_msg("'%s'", phase_of(phase)->name);
	}
}

/* A header that comes slowly leaves less time to its body. */
static void test_a_request_has_one_time_in_all(void **state)
{
	(void)state;
	assert_true(phase_of(CLIENT_BODY)->goes_on);
	assert_int_equal(phase_of(CLIENT_BODY)->total_ms, phase_of(CLIENT_HEADER)->total_ms);
}

static void test_holds(void **state)
{
	(void)state;
	assert_true(hold_may_follow(REQUEST_ATTENDED, REQUEST_HELD));
	assert_true(hold_may_follow(REQUEST_HELD, REQUEST_ATTENDED));
	assert_true(hold_may_follow(REQUEST_HELD, REQUEST_ORPHANED));
	assert_false(hold_may_follow(REQUEST_ATTENDED, REQUEST_ATTENDED)); /* settled twice */
	assert_false(hold_may_follow(REQUEST_ATTENDED, REQUEST_ORPHANED));
	assert_false(hold_may_follow(REQUEST_HELD, REQUEST_HELD));
	assert_false(hold_may_follow(REQUEST_ORPHANED, REQUEST_ATTENDED));
	assert_false(hold_may_follow(REQUEST_ORPHANED, REQUEST_HELD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_ends_in_mid_request),
		cmocka_unit_test(test_none_follows_itself),
		cmocka_unit_test(test_illegal),
		cmocka_unit_test(test_every_phase_of_the_client_has_a_limit),
		cmocka_unit_test(test_a_request_has_one_time_in_all),
		cmocka_unit_test(test_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
