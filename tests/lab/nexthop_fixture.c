/* SPDX-License-Identifier: BSD-2-Clause */
#include "nexthop_fixture.h"

#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEADLINE_MS 15000 /* a neighbour that is gone is noticed within seven seconds */
#define TICK_MS	    200
#define QUIET_MS    100

/* Of a link: its name, its number, and the host's number on it. */
#define ADDRESSING                                                                                 \
	"ip link set %1$s addrgenmode none up && "                                                 \
	"ip address add 10.%2$d.0.%3$d/24 dev %1$s && "                                            \
	"ip address add fd0%2$d::%3$d/64 dev %1$s nodad && "                                       \
	"ip address add fe80::%3$d/64 dev %1$s nodad"

static void count_change(void *context)
{
	struct fixture *fixture = context;

	fixture->changed_count++;
}

/* Short times, so that the kernel gives a neighbour up within seconds. */
static void hasten_neighbours(const char *link)
{
	for (int version = 4; version <= 6; version += 2)
		network_here("cd /proc/sys/net/ipv%d/neigh/%s && echo 50 > retrans_time_ms && "
			     "echo 500 > base_reachable_time_ms && echo 1 > ucast_solicit && "
			     "echo 1 > delay_first_probe_time",
			     version, link);
}

static void make_link(const struct network *network, const char *link, int number)
{
	network_here("ip link add %s address 02:00:00:00:0%d:01 type veth "
		     "peer name %s address 02:00:00:00:0%d:02 netns %d",
		     link, number, link, number, (int)network->peer);
	network_here(ADDRESSING, link, number, 1);
	network_there(network, "sh -c '" ADDRESSING "'", link, number, 2);
	hasten_neighbours(link);
}

struct nexthop *make_nexthop(struct fixture *fixture)
{
	uint32_t interfaces[] = {if_nametoindex("left"), if_nametoindex("right")};
	struct nexthop_options options = {
		.interfaces = interfaces,
		.interface_count = 2,
		.changed = count_change,
		.context = fixture,
	};
	struct error error = {0};
	struct nexthop *nexthop = nexthop_new(&options, &error);

	if (!nexthop)
		fail_msg("%s", error.message);
	fixture->watched_count = 0;
	return nexthop;
}

int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	network_up(&fixture->network);
	make_link(&fixture->network, "left", 1);
	make_link(&fixture->network, "right", 2);
	make_link(&fixture->network, "foreign", 3);
	fixture->nexthop = make_nexthop(fixture);
	return 0;
}

int tear_down(void **state)
{
	struct fixture *fixture = *state;

	nexthop_free(fixture->nexthop);
	network_down(&fixture->network);
	free(fixture->watched);
	free(fixture);
	return 0;
}

struct carom_address parse(const char *text)
{
	struct carom_address address;

	if (!address_parse(text, &address))
		fail_msg("'%s' is not an address", text);
	return address;
}

void watch(struct fixture *fixture, const struct carom_address *addresses, size_t count)
{
	struct error error = {0};

	if (nexthop_follow(fixture->nexthop, addresses, count, network_now_ms(), &error))
		fail_msg("%s", error.message);
	nexthop_unfollow(fixture->nexthop, fixture->watched, fixture->watched_count);
	free(fixture->watched);
	fixture->watched = calloc(count + 1, sizeof(*addresses));
	fixture->watched_count = count;
	if (count > 0)
		memcpy(fixture->watched, addresses, count * sizeof(*addresses));
}

void watch_one(struct fixture *fixture, const char *text)
{
	struct carom_address address = parse(text);

	watch(fixture, &address, 1);
}

/* False: nothing came in time. */
static bool read_once(struct fixture *fixture, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = nexthop_fd(fixture->nexthop), .events = POLLIN};
	unsigned changed_before = fixture->changed_count;

	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return false;
	nexthop_read(fixture->nexthop, network_now_ms());
	assert_in_range(fixture->changed_count - changed_before, 0, 1);
	return true;
}

void turn(struct fixture *fixture)
{
	read_once(fixture, TICK_MS);
	if (network_now_ms() < fixture->ticked_at_ms + TICK_MS)
		return;
	fixture->ticked_at_ms = network_now_ms();
	nexthop_tick(fixture->nexthop, fixture->ticked_at_ms);
}

void drain(struct fixture *fixture)
{
	uint64_t deadline_ms = network_now_ms() + DEADLINE_MS;

	while (read_once(fixture, QUIET_MS)) {
		if (network_now_ms() > deadline_ms)
			fail_msg("there is always something to read");
	}
}

static void format_mac(const uint8_t mac[6], char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

void describe(const struct resolution *resolution, char text[TEXT_BYTES])
{
	const struct next_hop *hop = resolution ? &resolution->hop : NULL;
	char link[IF_NAMESIZE] = "?", from[18], to[18], source[ADDRESS_TEXT_BYTES];

	if (!hop || !hop->resolved) {
		snprintf(text, TEXT_BYTES, "%s", resolution ? resolution->reason : "not watched");
		return;
	}
	if_indextoname(hop->interface, link);
	format_mac(hop->source_mac, from);
	format_mac(hop->destination_mac, to);
	snprintf(text, TEXT_BYTES, "%s %s to %s mtu %u from %s", link, from, to, hop->mtu,
		 address_format(&hop->source, source));
}

void expect_address(struct fixture *fixture, const struct carom_address *address,
		    const char *expected)
{
	uint64_t deadline_ms = network_now_ms() + DEADLINE_MS;
	char found[TEXT_BYTES];

	describe(nexthop_find(fixture->nexthop, address), found);
	while (strcmp(found, expected) != 0 && network_now_ms() < deadline_ms) {
		turn(fixture);
		describe(nexthop_find(fixture->nexthop, address), found);
	}
	if (strcmp(found, expected) != 0) {
		char destination[ADDRESS_TEXT_BYTES];

		fail_msg("%s: expected \"%s\", found \"%s\"", address_format(address, destination),
			 expected, found);
	}
}

void expect(struct fixture *fixture, const char *destination, const char *expected)
{
	struct carom_address address = parse(destination);

	expect_address(fixture, &address, expected);
}

void expect_told(struct fixture *fixture, const char *destination, const char *expected)
{
	unsigned before = fixture->changed_count;

	expect(fixture, destination, expected);
	assert_int_not_equal(fixture->changed_count, before);
}

void expect_unresolved(struct fixture *fixture, size_t count)
{
	uint64_t deadline_ms = network_now_ms() + DEADLINE_MS;

	while (nexthop_unresolved_count(fixture->nexthop) != count &&
	       network_now_ms() < deadline_ms)
		turn(fixture);
	assert_int_equal(nexthop_unresolved_count(fixture->nexthop), count);
}

void watch_and_expect(struct fixture *fixture, const char *destination, const char *expected)
{
	watch_one(fixture, destination);
	expect(fixture, destination, expected);
	drain(fixture);
}
