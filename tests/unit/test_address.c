/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct carom_address parse(const char *text)
{
	struct carom_address address;

	if (!address_parse(text, &address))
		fail_msg("'%s' was refused", text);
	return address;
}

static void test_text_becomes_canonical(void **state)
{
	static const char *const cases[][2] = {
		{"192.0.2.1", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"::", "::"},
		{"::1", "::1"},
		{"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct carom_address address = parse(cases[i][0]);
		char text[ADDRESS_TEXT_BYTES];

		assert_string_equal(address_format(&address, text), cases[i][1]);
	}
}

static void test_what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	      "1",	  "1.2.3",	"1.2.3.4.5",	  "10.0.0.300", "010.0.0.1",
		" 1.2.3.4",   "1.2.3.4 ", "1.2.3.4/32", "[::1]",	  "::1%lo",	"1::2::3",
		":::",	      "2001:db8", "12345::",	"::ffff:1.2.3.4", "::ffff:0:0", "localhost",
		"0x7f.0.0.1",
	};
	struct carom_address address = parse("192.0.2.1");
	struct carom_address untouched = address;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (address_parse(texts[i], &address))
			fail_msg("'%s' was accepted", texts[i]);
		assert_memory_equal(&address, &untouched, sizeof(address));
	}
}

static void test_ipv4_is_held_mapped(void **state)
{
	static const unsigned char mapped[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
	struct carom_address address = parse("192.0.2.1");
	struct carom_address made = address_from_ipv4(htonl(0xc0000201));
	struct carom_address compatible = parse("::192.0.2.1");

	(void)state;
	assert_memory_equal(&address, mapped, sizeof(mapped));
	assert_true(address_equal(&address, &made));
	assert_true(address_is_ipv4(&address));
	assert_int_equal(address_family(&address), CAROM_IPV4);
	assert_int_equal(address_ipv4(&address), htonl(0xc0000201));
	assert_false(address_is_ipv4(&compatible));
	assert_int_equal(address_family(&compatible), CAROM_IPV6);
}

static void test_order_is_numeric(void **state)
{
	static const char *const ascending[] = {"::",	      "::1",	       "0.0.0.0",
						"10.0.0.2",   "10.0.0.10",     "255.0.0.1",
						"2001:db8::", "2001:db8::1:0", "ff02::1"};

	(void)state;
	for (size_t i = 0; i < COUNT(ascending); i++)
		for (size_t j = 0; j < COUNT(ascending); j++) {
			struct carom_address left = parse(ascending[i]);
			struct carom_address right = parse(ascending[j]);
			int order = address_compare(&left, &right);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(address_equal(&left, &right), i == j);
		}
}

enum { ZERO = 1, LOOPBACK = 2, MULTICAST = 4, LINK_LOCAL = 8, BROADCAST = 16 };

static unsigned classes_of(const struct carom_address *address)
{
	return (address_is_zero(address) ? ZERO : 0) |
	       (address_is_loopback(address) ? LOOPBACK : 0) |
	       (address_is_multicast(address) ? MULTICAST : 0) |
	       (address_is_link_local(address) ? LINK_LOCAL : 0) |
	       (address_is_broadcast(address) ? BROADCAST : 0);
}

static void test_classes(void **state)
{
	static const struct {
		const char *text;
		unsigned classes;
	} cases[] = {
		{"0.0.0.0", ZERO},
		{"::", ZERO},
		{"0.0.0.1", 0},
		{"::2", 0},
		{"127.0.0.1", LOOPBACK},
		{"127.255.255.255", LOOPBACK},
		{"126.255.255.255", 0},
		{"128.0.0.0", 0},
		{"::1", LOOPBACK},
		{"1::1", 0},
		{"223.255.255.255", 0},
		{"224.0.0.0", MULTICAST},
		{"239.255.255.255", MULTICAST},
		{"240.0.0.0", 0},
		{"ff00::", MULTICAST},
		{"feff:ffff::", 0},
		{"169.253.255.255", 0},
		{"169.254.0.0", LINK_LOCAL},
		{"169.255.0.0", 0},
		{"fe7f:ffff::", 0},
		{"fe80::1", LINK_LOCAL},
		{"febf:ffff::", LINK_LOCAL},
		{"fec0::", 0},
		{"255.255.255.255", BROADCAST},
		{"255.255.255.254", 0},
		{"2001:db8::ffff:ffff", 0},
		{"192.0.2.1", 0},
		{"2001:db8::1", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct carom_address address = parse(cases[i].text);

		if (classes_of(&address) != cases[i].classes)
			fail_msg("'%s': expected classes %u, found %u", cases[i].text,
				 cases[i].classes, classes_of(&address));
	}
}

static void test_prefixes_become_canonical(void **state)
{
	static const struct {
		const char *text;
		const char *canonical;
		unsigned bits;
	} cases[] = {
		{"10.0.0.0/8", "10.0.0.0/8", 8},
		{"0.0.0.0/0", "0.0.0.0/0", 0},
		{"192.0.2.1", "192.0.2.1/32", 32},
		{"192.0.2.1/32", "192.0.2.1/32", 32},
		{"192.0.2.128/25", "192.0.2.128/25", 25},
		{"2001:DB8::/32", "2001:db8::/32", 32},
		{"2001:db8::1", "2001:db8::1/128", 128},
		{"::/0", "::/0", 0},
		{"8000::/1", "8000::/1", 1},
		{"2001:db8:0:0:8000::/65", "2001:db8:0:0:8000::/65", 65},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[PREFIX_TEXT_BYTES];
		struct prefix prefix;

		if (!prefix_parse(cases[i].text, &prefix))
			fail_msg("'%s' was refused", cases[i].text);
		assert_int_equal(prefix.bits, cases[i].bits);
		assert_string_equal(prefix_format(&prefix, text), cases[i].canonical);
	}
}

static void test_what_is_no_prefix_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		"/8",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/08",
		"10.0.0.0/ 8",
		"10.0.0.0/8 ",
		"10.0.0.0/8/8",
		"10.0.0.1/8",
		"10.0.0.1/31",
		"0.0.0.1/0",
		"::1/0",
		"::/129",
		"2001:db8::1/127",
		"2001:db9::/31",
		"::ffff:10.0.0.0/104",
		"10.0.0.0/4294967304",
		"2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0000/32",
	};
	struct prefix prefix = {.bits = 77};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (prefix_parse(texts[i], &prefix))
			fail_msg("'%s' was accepted", texts[i]);
		assert_int_equal(prefix.bits, 77);
	}
}

/* Each bit below the prefix is a host bit, and none within it is. */
static void test_host_bits_of_every_length(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits <= 128; bits++)
		for (unsigned set = 0; set < 128; set++) {
			struct carom_address address = {0};
			char text[PREFIX_TEXT_BYTES];
			struct prefix prefix;

			address.words[set / 32] = htonl(0x80000000u >> set % 32);
			address_format(&address, text);
			sprintf(text + strlen(text), "/%u", bits);
			if (prefix_parse(text, &prefix) != (set < bits))
				fail_msg("'%s' was %s", text, set < bits ? "refused" : "accepted");
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_becomes_canonical),
		cmocka_unit_test(test_what_is_no_address_is_refused),
		cmocka_unit_test(test_ipv4_is_held_mapped),
		cmocka_unit_test(test_order_is_numeric),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_prefixes_become_canonical),
		cmocka_unit_test(test_what_is_no_prefix_is_refused),
		cmocka_unit_test(test_host_bits_of_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
