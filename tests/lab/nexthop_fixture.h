/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver on the real kernel, and a small event loop around it.
 *
 *     the test's namespace                                       the peer's namespace
 *   left     02::01:01  10.1.0.1/24, fd01::1/64  ═══ veth ═══  left     02::01:02  .2, ::2
 *   right    02::02:01  10.2.0.1/24, fd02::1/64  ═══ veth ═══  right    02::02:02  .2, ::2
 *   foreign  not one of node.interfaces, 10.3.0.1/24
 *
 * Next hops are compared as text, so that a failure shows what was expected and what was found.
 */
#ifndef CAROM_TEST_NEXTHOP_FIXTURE_H
#define CAROM_TEST_NEXTHOP_FIXTURE_H

#include "address.h"
#include "network.h"
#include "nexthop.h"

#include <stddef.h>
#include <stdint.h>

#define TEXT_BYTES 192

#define LEFT	   "left 02:00:00:00:01:01 to 02:00:00:00:01:02 mtu 1500 from "
#define RIGHT	   "right 02:00:00:00:02:01 to 02:00:00:00:02:02 mtu 1500 from "
#define VIA_LEFT   LEFT "10.1.0.1"
#define VIA_RIGHT  RIGHT "10.2.0.1"
#define VIA_LEFT6  LEFT "fd01::1"
#define VIA_RIGHT6 RIGHT "fd02::1"

struct fixture {
	struct network network;
	struct nexthop *nexthop;
	struct carom_address *watched;
	size_t watched_count;
	unsigned changed_count;
	uint64_t ticked_at_ms;
};

/* For cmocka: namespaces and a resolver for each test. */
int set_up(void **state);
int tear_down(void **state);
struct nexthop *make_nexthop(struct fixture *fixture);

struct carom_address parse(const char *text);
/* These, and no others. */
void watch(struct fixture *fixture, const struct carom_address *addresses, size_t count);
void watch_one(struct fixture *fixture, const char *text);

/* One turn of an event loop: reads if there is something to read, ticks if it is time. */
void turn(struct fixture *fixture);
/* Reads until nothing has come for a while, and never ticks. */
void drain(struct fixture *fixture);

/* The reason, or "LINK MAC to MAC mtu MTU from SOURCE". */
void describe(const struct resolution *resolution, char text[TEXT_BYTES]);
/* Let the loop turn until the next hop is as expected, or fail. */
void expect_address(struct fixture *fixture, const struct carom_address *address,
		    const char *expected);
void expect(struct fixture *fixture, const char *destination, const char *expected);
/* As expect(), and that nexthop_changed was called. */
void expect_told(struct fixture *fixture, const char *destination, const char *expected);
void expect_unresolved(struct fixture *fixture, size_t count);
/* Leaves nothing unread, so that what the test does next is what it hears of next. */
void watch_and_expect(struct fixture *fixture, const char *destination, const char *expected);

#endif
