/* SPDX-License-Identifier: BSD-2-Clause */
/* Routes, links and neighbours change beneath the resolver; see nexthop_fixture.h for the links. */
#include "nexthop_fixture.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY	     2000
#define AUDIT_MS     60000
#define FLOOD_EVENTS 30000

/* ---- routes ---- */

static void resolves_on_link(void **state)
{
	struct fixture *fixture = *state;
	struct carom_address both[] = {parse("10.1.0.2"), parse("fd02::2"), parse("10.1.0.2")};

	watch(fixture, both, 3);
	expect(fixture, "10.1.0.2", VIA_LEFT);
	expect(fixture, "fd02::2", VIA_RIGHT6);
	assert_int_equal(nexthop_unresolved_count(fixture->nexthop), 0);
}

static void resolves_by_gateway(void **state)
{
	struct fixture *fixture = *state;
	struct carom_address both[] = {parse("10.9.1.1"), parse("fd09::1")};

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2 && ip route add fd09::/64 via fd02::2");
	watch(fixture, both, 2);
	expect(fixture, "10.9.1.1", VIA_LEFT);
	expect(fixture, "fd09::1", VIA_RIGHT6);
}

static void resolves_ipv4_by_ipv6_gateway(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip route add 10.8.0.0/16 via inet6 fd01::2 dev left");
	watch_and_expect(fixture, "10.8.0.1", VIA_LEFT);
}

static void takes_the_lookups_choice_of_several(void **state)
{
	struct fixture *fixture = *state;
	struct carom_address address = parse("10.9.1.1");
	char chosen[IF_NAMESIZE];

	network_here("ip route add 10.9.0.0/16 nexthop via 10.1.0.2 nexthop via 10.2.0.2");
	watch(fixture, &address, 1);
	expect_unresolved(fixture, 0);
	if_indextoname(nexthop_find(fixture->nexthop, &address)->hop.interface, chosen);
	expect(fixture, "10.9.1.1", strcmp(chosen, "left") ? VIA_RIGHT : VIA_LEFT);
	assert_true(network_check("ip route get 10.9.1.1 | grep -q 'dev %s '", chosen));
}

static void follows_a_route(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2");
	watch_and_expect(fixture, "10.9.1.1", VIA_LEFT);
	network_here("ip route replace 10.9.0.0/16 via 10.2.0.2");
	expect_told(fixture, "10.9.1.1", VIA_RIGHT);
	network_here("ip route delete 10.9.0.0/16");
	expect_told(fixture, "10.9.1.1", "no route to 10.9.1.1");
	network_here("ip route add default via 10.1.0.2");
	expect_told(fixture, "10.9.1.1", VIA_LEFT);
	network_here("ip route add 10.9.1.0/30 via 10.2.0.2");
	expect_told(fixture, "10.9.1.1", VIA_RIGHT);
}

static void follows_an_ipv6_route(void **state)
{
	struct fixture *fixture = *state;
	struct carom_address both[] = {parse("10.1.0.2"), parse("fd09::1")};

	watch(fixture, both, 2);
	expect(fixture, "fd09::1", "no route to fd09::1");
	network_here("ip route add default via fd01::2");
	expect_told(fixture, "fd09::1", VIA_LEFT6);
	network_here("ip route add fd09::/17 via fd02::2");
	expect_told(fixture, "fd09::1", VIA_RIGHT6);
	network_here("ip route delete fd09::/17");
	expect_told(fixture, "fd09::1", VIA_LEFT6);
}

static void follows_a_rule(void **state)
{
	struct fixture *fixture = *state;

	watch_and_expect(fixture, "10.1.0.2", VIA_LEFT);
	network_here("ip rule add to 10.1.0.2 prohibit");
	expect_told(fixture, "10.1.0.2", "the route to 10.1.0.2 is of type 'prohibit'");
	network_here("ip rule delete to 10.1.0.2 prohibit");
	expect_told(fixture, "10.1.0.2", VIA_LEFT);
	watch_and_expect(fixture, "fd01::2", VIA_LEFT6);
	network_here("ip -6 rule add to fd01::2 prohibit");
	expect_told(fixture, "fd01::2", "the route to fd01::2 is of type 'prohibit'");
}

static void follows_a_nexthop_object(void **state)
{
	struct fixture *fixture = *state;

	/* Else the kernel also tells of the routes that use the object. */
	network_here("echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode");
	network_here("ip nexthop add id 1 via 10.1.0.2 dev left && "
		     "ip route add 10.9.0.0/16 nhid 1");
	watch_and_expect(fixture, "10.9.1.1", VIA_LEFT);
	network_here("ip nexthop replace id 1 via 10.2.0.2 dev right");
	expect_told(fixture, "10.9.1.1", VIA_RIGHT);
}

static void follows_the_source_address(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip address add 10.1.0.7/24 dev left && "
		     "ip route add 10.9.0.0/16 via 10.1.0.2 src 10.1.0.7");
	watch_and_expect(fixture, "10.9.1.1", LEFT "10.1.0.7");
	network_here("ip address delete 10.1.0.7/24 dev left");
	expect_told(fixture, "10.9.1.1", "no route to 10.9.1.1");
}

/* The route stays as it is: there is no other event than the address's. */
static void follows_a_source_address_that_is_promoted(void **state)
{
	struct fixture *fixture = *state;

	network_here("echo 1 > /proc/sys/net/ipv4/conf/right/promote_secondaries && "
		     "ip address add 10.2.0.9/24 dev right && "
		     "ip route add 10.9.0.0/16 via inet6 fd02::2 dev right");
	watch_and_expect(fixture, "10.9.1.1", VIA_RIGHT);
	network_here("ip address delete 10.2.0.1/24 dev right");
	expect_told(fixture, "10.9.1.1", RIGHT "10.2.0.9");
}

static void follows_the_ipv6_source_address(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip address add fd02::7/64 dev right nodad preferred_lft 0 && "
		     "ip route add fd09::/64 via fd02::2");
	watch_and_expect(fixture, "fd09::1", VIA_RIGHT6);
	network_here("ip address change fd02::7/64 dev right preferred_lft forever && "
		     "ip address change fd02::1/64 dev right preferred_lft 0");
	expect_told(fixture, "fd09::1", RIGHT "fd02::7");
}

static void wants_a_source_that_is_routed(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip -6 address flush dev right && ip -6 address flush dev foreign");
	watch_and_expect(fixture, "fd01::2", VIA_LEFT6);
	network_here("ip address delete fd01::1/64 dev left && ip route add fd01::/64 dev left");
	expect_told(fixture, "fd01::2", "this host has no address from which to reach fd01::2");
	network_here("ip address add fd01::1/64 dev left nodad");
	expect_told(fixture, "fd01::2", VIA_LEFT6);
}

static void refuses_a_foreign_interface(void **state)
{
	watch_and_expect(*state, "10.3.0.2",
			 "the route to 10.3.0.2 leaves by 'foreign', which is not one of "
			 "node.interfaces");
}

static void refuses_routes_that_lead_nowhere(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip route add blackhole 10.9.1.1 && ip route add unreachable 10.9.1.2 && "
		     "ip route add prohibit 10.9.1.3 && ip route add blackhole fd09::1");
	watch_and_expect(fixture, "10.9.1.1", "the route to 10.9.1.1 is of type 'blackhole'");
	watch_and_expect(fixture, "10.9.1.2", "the route to 10.9.1.2 is of type 'unreachable'");
	watch_and_expect(fixture, "10.9.1.3", "the route to 10.9.1.3 is of type 'prohibit'");
	watch_and_expect(fixture, "10.9.1.4", "no route to 10.9.1.4");
	watch_and_expect(fixture, "fd09::1", "the route to fd09::1 is of type 'blackhole'");
	watch_and_expect(fixture, "fd09::2", "no route to fd09::2");
	assert_int_equal(nexthop_unresolved_count(fixture->nexthop), 1);
}

static void refuses_what_is_not_one_other_host(void **state)
{
	struct fixture *fixture = *state;

	watch_and_expect(fixture, "10.1.0.1", "10.1.0.1 is an address of this host");
	watch_and_expect(fixture, "fd02::1", "fd02::1 is an address of this host");
	watch_and_expect(fixture, "10.1.0.255",
			 "10.1.0.255 is a broadcast, multicast or anycast address");
}

/* ---- links ---- */

static void follows_a_link(void **state)
{
	struct fixture *fixture = *state;

	watch_and_expect(fixture, "10.1.0.2", VIA_LEFT);
	network_here("ip link set left down");
	expect_told(fixture, "10.1.0.2", "no route to 10.1.0.2, and interface 'left' is down");
	network_here("ip link set left up");
	expect_told(fixture, "10.1.0.2", VIA_LEFT);
	network_there(&fixture->network, "ip link set left down");
	expect_told(fixture, "10.1.0.2", "interface 'left' has no carrier");
	network_there(&fixture->network, "ip link set left up");
	expect_told(fixture, "10.1.0.2", VIA_LEFT);
	network_here("ip link delete left");
	expect_told(fixture, "10.1.0.2", "no route to 10.1.0.2, and interface 'left' is down");
}

static void follows_a_source_mac(void **state)
{
	struct fixture *fixture = *state;

	watch_and_expect(fixture, "10.1.0.2", VIA_LEFT);
	network_here("ip link set left address 02:00:00:00:01:77");
	expect_told(fixture, "10.1.0.2",
		    "left 02:00:00:00:01:77 to 02:00:00:00:01:02 mtu 1500 from 10.1.0.1");
}

static void follows_the_mtu(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2 mtu 1280");
	watch_and_expect(fixture, "10.9.1.1",
			 "left 02:00:00:00:01:01 to 02:00:00:00:01:02 mtu 1280 from 10.1.0.1");
	network_here("ip route replace 10.9.0.0/16 via 10.1.0.2");
	expect_told(fixture, "10.9.1.1", VIA_LEFT);
	network_here("ip link set left mtu 1400");
	expect_told(fixture, "10.9.1.1",
		    "left 02:00:00:00:01:01 to 02:00:00:00:01:02 mtu 1400 from 10.1.0.1");
}

/* ---- neighbours ---- */

static void follows_a_gateways_mac(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2");
	watch_and_expect(fixture, "10.9.1.1", VIA_LEFT);
	network_there(&fixture->network, "ip link set left address 02:00:00:00:01:88");
	expect_told(fixture, "10.9.1.1",
		    "left 02:00:00:00:01:01 to 02:00:00:00:01:88 mtu 1500 from 10.1.0.1");
}

static void follows_a_neighbour(void **state)
{
	struct fixture *fixture = *state;

	watch_and_expect(fixture, "10.1.0.9", "neighbour 10.1.0.9 on left does not answer");
	network_there(&fixture->network, "ip address add 10.1.0.9/24 dev left");
	expect_told(fixture, "10.1.0.9", VIA_LEFT);
	network_there(&fixture->network, "ip address delete 10.1.0.9/24 dev left");
	expect_told(fixture, "10.1.0.9", "neighbour 10.1.0.9 on left does not answer");
	network_there(&fixture->network, "ip address add 10.1.0.9/24 dev left");
	expect_told(fixture, "10.1.0.9", VIA_LEFT);
	network_here("ip neighbour delete 10.1.0.9 dev left");
	drain(fixture);
	expect(fixture, "10.1.0.9", VIA_LEFT);
}

static void follows_an_ipv6_neighbour(void **state)
{
	struct fixture *fixture = *state;

	watch_and_expect(fixture, "fd01::9", "neighbour fd01::9 on left does not answer");
	network_there(&fixture->network, "ip address add fd01::9/64 dev left nodad");
	expect_told(fixture, "fd01::9", VIA_LEFT6);
	network_there(&fixture->network, "ip address delete fd01::9/64 dev left");
	expect_told(fixture, "fd01::9", "neighbour fd01::9 on left does not answer");
}

static bool is_managed(const char *neighbour)
{
	return network_check("ip neighbour show %s | grep -q managed", neighbour);
}

static void has_neighbours_managed_while_they_are_needed(void **state)
{
	struct fixture *fixture = *state;
	struct carom_address both[] = {parse("10.9.1.1"), parse("10.9.1.2")};

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2");
	watch(fixture, both, 2);
	expect(fixture, "10.9.1.2", VIA_LEFT);
	assert_true(is_managed("10.1.0.2"));
	watch(fixture, &both[1], 1);
	assert_null(nexthop_find(fixture->nexthop, &both[0]));
	assert_true(is_managed("10.1.0.2"));
	watch_and_expect(fixture, "10.2.0.2", VIA_RIGHT);
	assert_false(is_managed("10.1.0.2"));
	assert_true(network_check("ip neighbour show 10.1.0.2 | grep -q 02:00:00:00:01:02"));
	assert_true(is_managed("10.2.0.2"));
	watch(fixture, NULL, 0);
	assert_false(is_managed("10.2.0.2"));
	assert_int_equal(nexthop_unresolved_count(fixture->nexthop), 0);
}

static void follows_until_the_last_watch_is_taken_back(void **state)
{
	struct fixture *fixture = *state;
	struct carom_address twice[] = {parse("10.1.0.2"), parse("10.1.0.2")};
	struct carom_address never = parse("10.1.0.66");

	watch(fixture, twice, 2);
	expect(fixture, "10.1.0.2", VIA_LEFT);
	nexthop_unfollow(fixture->nexthop, twice, 1);
	fixture->watched_count = 1;
	expect(fixture, "10.1.0.2", VIA_LEFT);
	watch(fixture, &never, 1);
	assert_null(nexthop_find(fixture->nexthop, &twice[0]));
	assert_int_equal(nexthop_unresolved_count(fixture->nexthop), 1);
	watch(fixture, NULL, 0);
	assert_int_equal(nexthop_unresolved_count(fixture->nexthop), 0);
}

/* So that packets flow while the daemon is away, and its successor cleans up. */
static void leaves_neighbours_managed_when_it_ends(void **state)
{
	struct fixture *fixture = *state;

	watch_and_expect(fixture, "10.1.0.2", VIA_LEFT);
	nexthop_free(fixture->nexthop);
	assert_true(is_managed("10.1.0.2"));
	fixture->nexthop = make_nexthop(fixture);
	watch_and_expect(fixture, "10.1.0.2", VIA_LEFT);
	watch(fixture, NULL, 0);
	assert_false(is_managed("10.1.0.2"));
}

static void leaves_what_others_set_up(void **state)
{
	struct fixture *fixture = *state;

	network_here(
		"ip neighbour add 10.1.0.50 dev left lladdr 02:00:00:00:01:02 nud permanent && "
		"ip neighbour add 10.2.0.2 dev right managed");
	watch_and_expect(fixture, "10.1.0.50", VIA_LEFT);
	watch_and_expect(fixture, "10.2.0.2", VIA_RIGHT);
	watch(fixture, NULL, 0);
	assert_true(network_check("ip neighbour show 10.1.0.50 | grep -q PERMANENT"));
	assert_true(is_managed("10.2.0.2"));
}

/* ---- many, lost events, and none ---- */

static void watch_many(struct fixture *fixture, struct carom_address addresses[MANY])
{
	char text[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "10.9.%u.%u", i / 250, 1 + i % 250);
		addresses[MANY - 1 - i] = parse(text);
	}
	watch(fixture, addresses, MANY);
}

static void expect_many(struct fixture *fixture, const struct carom_address addresses[MANY],
			const char *expected)
{
	char found[TEXT_BYTES];

	for (unsigned i = 0; i < MANY; i++) {
		describe(nexthop_find(fixture->nexthop, &addresses[i]), found);
		assert_string_equal(found, expected);
	}
}

/* More than one call looks up: so it must say that it is readable until it is through. */
static void follows_many(void **state)
{
	struct fixture *fixture = *state;
	struct carom_address addresses[MANY];

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2");
	watch_many(fixture, addresses);
	assert_in_range(nexthop_new_count(fixture->nexthop), 1, MANY - 1);
	drain(fixture);
	assert_int_equal(nexthop_new_count(fixture->nexthop), 0);
	expect_many(fixture, addresses, VIA_LEFT);
	network_here("ip route replace 10.9.0.0/16 via 10.2.0.2");
	drain(fixture);
	expect_many(fixture, addresses, VIA_RIGHT);
	network_here("ip route delete 10.9.0.0/16");
	drain(fixture);
	assert_int_equal(nexthop_unresolved_count(fixture->nexthop), MANY);
	watch_many(fixture, addresses);
	assert_int_equal(nexthop_unresolved_count(fixture->nexthop), MANY);
}

static void flood(void)
{
	network_here("yes 'route add 10.77.0.0/16 dev foreign\nroute del 10.77.0.0/16 dev foreign' "
		     "| head -n %d | ip -batch -",
		     FLOOD_EVENTS);
	assert_true(network_check("awk '{ drops += $9 } END { exit !drops }' /proc/net/netlink"));
}

static void survives_lost_events(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2");
	watch_and_expect(fixture, "10.9.1.1", VIA_LEFT);
	flood();
	network_here("ip route replace 10.9.0.0/16 via 10.2.0.2");
	expect_told(fixture, "10.9.1.1", VIA_RIGHT);
}

static void survives_a_lost_neighbour_event(void **state)
{
	struct fixture *fixture = *state;

	watch_and_expect(fixture, "10.1.0.2", VIA_LEFT);
	flood();
	network_here("ip neighbour replace 10.1.0.2 dev left lladdr 02:00:00:00:01:99 "
		     "nud permanent");
	expect_told(fixture, "10.1.0.2",
		    "left 02:00:00:00:01:01 to 02:00:00:00:01:99 mtu 1500 from 10.1.0.1");
}

/* Of a second loss, before the queue was read to its end, the kernel does not tell. */
static void survives_events_lost_while_it_recovers(void **state)
{
	struct fixture *fixture = *state;

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2");
	watch_and_expect(fixture, "10.9.1.1", VIA_LEFT);
	flood();
	nexthop_read(fixture->nexthop, network_now_ms());
	network_here("ip link set right mtu 1300 && ip route replace 10.9.0.0/16 via 10.2.0.2");
	expect_told(fixture, "10.9.1.1",
		    "right 02:00:00:00:02:01 to 02:00:00:00:02:02 mtu 1300 from 10.2.0.1");
}

static void audits(void **state)
{
	struct fixture *fixture = *state;
	struct carom_address address = parse("10.9.1.1");
	char found[TEXT_BYTES];

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2");
	watch_and_expect(fixture, "10.9.1.1", VIA_LEFT);
	network_here("ip route replace blackhole 10.9.0.0/16");
	nexthop_tick(fixture->nexthop, network_now_ms());
	describe(nexthop_find(fixture->nexthop, &address), found);
	assert_string_equal(found, VIA_LEFT); /* a tick reads no events */
	nexthop_tick(fixture->nexthop, network_now_ms() + AUDIT_MS);
	describe(nexthop_find(fixture->nexthop, &address), found);
	assert_string_equal(found, "the route to 10.9.1.1 is of type 'blackhole'");
}

static void tells_nothing_when_nothing_differs(void **state)
{
	struct fixture *fixture = *state;
	unsigned changed_before;

	network_here("ip route add 10.9.0.0/16 via 10.1.0.2");
	watch_and_expect(fixture, "10.9.1.1", VIA_LEFT);
	changed_before = fixture->changed_count;
	network_here("ip route add 10.9.0.0/17 via 10.1.0.2 && ip link set foreign down && "
		     "ip address add 10.4.0.1/24 dev right");
	drain(fixture);
	expect(fixture, "10.9.1.1", VIA_LEFT);
	assert_int_equal(fixture->changed_count, changed_before);
}

static void refuses_an_interface_that_does_not_exist(void **state)
{
	uint32_t interface = 4711;
	struct nexthop_options options = {.interfaces = &interface, .interface_count = 1};
	struct error error = {0};

	(void)state;
	assert_null(nexthop_new(&options, &error));
	assert_string_equal(error.message, "interface of index 4711: No such device");
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(resolves_on_link),
		LAB_TEST(resolves_by_gateway),
		LAB_TEST(resolves_ipv4_by_ipv6_gateway),
		LAB_TEST(takes_the_lookups_choice_of_several),
		LAB_TEST(follows_a_route),
		LAB_TEST(follows_an_ipv6_route),
		LAB_TEST(follows_a_rule),
		LAB_TEST(follows_a_nexthop_object),
		LAB_TEST(follows_the_source_address),
		LAB_TEST(follows_a_source_address_that_is_promoted),
		LAB_TEST(follows_the_ipv6_source_address),
		LAB_TEST(wants_a_source_that_is_routed),
		LAB_TEST(refuses_a_foreign_interface),
		LAB_TEST(refuses_routes_that_lead_nowhere),
		LAB_TEST(refuses_what_is_not_one_other_host),
		LAB_TEST(follows_a_link),
		LAB_TEST(follows_a_source_mac),
		LAB_TEST(follows_the_mtu),
		LAB_TEST(follows_a_gateways_mac),
		LAB_TEST(follows_a_neighbour),
		LAB_TEST(follows_an_ipv6_neighbour),
		LAB_TEST(has_neighbours_managed_while_they_are_needed),
		LAB_TEST(follows_until_the_last_watch_is_taken_back),
		LAB_TEST(leaves_neighbours_managed_when_it_ends),
		LAB_TEST(leaves_what_others_set_up),
		LAB_TEST(follows_many),
		LAB_TEST(survives_lost_events),
		LAB_TEST(survives_a_lost_neighbour_event),
		LAB_TEST(survives_events_lost_while_it_recovers),
		LAB_TEST(audits),
		LAB_TEST(tells_nothing_when_nothing_differs),
		LAB_TEST(refuses_an_interface_that_does_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
