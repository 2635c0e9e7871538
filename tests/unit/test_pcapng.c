/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapng as the draft has it, byte by byte, and what becomes of it when room is short. */
#include "pcapng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 4096

/* This machine is little-endian, and so is what it writes. */
static void expect_bytes(const struct pcapng *pcapng, const uint8_t *expected, size_t length)
{
	for (size_t i = 0; i < length && i < pcapng->used; i++) {
		if (pcapng->bytes[i] != expected[i])
			fail_msg("byte %zu is 0x%02x, expected 0x%02x", i, pcapng->bytes[i],
				 expected[i]);
	}
	assert_int_equal(pcapng->used, length);
}

static void test_section(void **state)
{
	static const uint8_t expected[] = {
		0x0a, 0x0d, 0x0d, 0x0a, 52,   0,    0,	  0,	0x4d, 0x3c, 0x2b, 0x1a, 1,
		0,    0,    0,	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4,	0,
		5,    0,    'c',  'a',	'r',  'o',  'm',  0,	0,    0,    1,	  0,	4,
		0,    'n',  'o',  't',	'e',  0,    0,	  0,	0,    52,   0,	  0,	0,
	};
	uint8_t bytes[SIZE];
	struct pcapng pcapng = {bytes, sizeof(bytes), 0};

	(void)state;
	assert_true(pcapng_section(&pcapng, "carom", "note"));
	expect_bytes(&pcapng, expected, sizeof(expected));
}

static void test_interface(void **state)
{
	static const uint8_t expected[] = {
		1,   0,	  0,   0,   40, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 2,  0, 4, 0,
		'e', 't', 'h', '0', 9,	0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0,
	};
	uint8_t bytes[SIZE];
	struct pcapng pcapng = {bytes, sizeof(bytes), 0};

	(void)state;
	assert_true(pcapng_interface(&pcapng, "eth0", 256));
	expect_bytes(&pcapng, expected, sizeof(expected));
}

static void test_packet(void **state)
{
	static const uint8_t frame[] = {0xaa, 0xbb, 0xcc, 0xdd, 0xee};
	static const uint8_t expected[] = {
		6,    0,    0,	  0,	76,   0,    0, 0, /* type, length */
		2,    0,    0,	  0,			  /* interface */
		0x23, 0x01, 0,	  0,	0x67, 0x45, 0, 0, /* high and low half of the time */
		5,    0,    0,	  0,	60,   0,    0, 0, /* captured, on the wire */
		0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0,    0, 0, /* the frame, padded */
		2,    0,    4,	  0,	1,    0,    0, 0, /* flags: inbound */
		7,    0,    9,	  0,	2,    3,    0, 0, /* verdict: XDP, TX ... */
		0,    0,    0,	  0,	0,    0,    0, 0, /* ... and its padding */
		1,    0,    2,	  0,	't',  'x',  0, 0, /* comment */
		0,    0,    0,	  0,			  /* end of options */
		76,   0,    0,	  0,			  /* length again */
	};
	uint8_t bytes[SIZE];
	struct pcapng pcapng = {bytes, sizeof(bytes), 0};
	struct pcapng_packet packet = {
		.interface = 2,
		.time_ns = 0x12300004567,
		.bytes = frame,
		.captured = sizeof(frame),
		.length = 60,
		.xdp_action = 3,
		.comment = "tx",
	};

	(void)state;
	assert_true(pcapng_packet(&pcapng, &packet));
	expect_bytes(&pcapng, expected, sizeof(expected));
}

static void test_statistics(void **state)
{
	static const uint8_t expected[] = {
		5, 0, 0, 0, 76, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, /* at the time 7 */
		2, 0, 8, 0, 0,	0, 0, 0, 5, 0, 0, 0,			     /* from 5 */
		3, 0, 8, 0, 0,	0, 0, 0, 6, 0, 0, 0,			     /* to 6 */
		7, 0, 8, 0, 3,	0, 0, 0, 0, 0, 0, 0,			     /* lost */
		8, 0, 8, 0, 9,	0, 0, 0, 0, 0, 0, 0,			     /* delivered */
		0, 0, 0, 0, 76, 0, 0, 0,
	};
	uint8_t bytes[SIZE];
	struct pcapng pcapng = {bytes, sizeof(bytes), 0};
	struct pcapng_statistics statistics = {
		.interface = 1,
		.time_ns = 7,
		.begin_ns = 5,
		.end_ns = 6,
		.delivered = 9,
		.lost = 3,
		.comment = "",
	};

	(void)state;
	assert_true(pcapng_statistics(&pcapng, &statistics));
	expect_bytes(&pcapng, expected, sizeof(expected));
}

static uint32_t word_at(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static bool write_packet(struct pcapng *pcapng, uint32_t captured, const char *comment)
{
	static const uint8_t zeros[256];

	return pcapng_packet(pcapng, &(struct pcapng_packet){.bytes = zeros,
							     .captured = captured,
							     .length = captured,
							     .comment = comment});
}

/* Blocks of every length lie one behind the other, and say their length at both ends. */
static void test_chain(void **state)
{
	uint8_t bytes[64 * 1024];
	struct pcapng pcapng = {bytes, sizeof(bytes), 0};
	size_t at = 0, count = 0;

	(void)state;
	for (uint32_t captured = 0; captured <= 256; captured++)
		assert_true(write_packet(&pcapng, captured, "drop no_backend vip 'web'"));
	for (; at < pcapng.used; count++) {
		uint32_t length = word_at(bytes + at + 4);

		assert_int_equal(length % 4, 0);
		assert_int_equal(word_at(bytes + at), 6);
		assert_int_equal(word_at(bytes + at + 20), count);
		assert_int_equal(word_at(bytes + at + length - 4), length);
		at += length;
	}
	assert_int_equal(at, pcapng.used);
	assert_int_equal(count, 257);
}

/* A block is there whole or not at all, and nothing is written behind the end. */
static void test_no_room(void **state)
{
	uint8_t bytes[256], guard[256];
	struct pcapng whole = {bytes, sizeof(bytes), 0};
	size_t needed;

	(void)state;
	memset(guard, 0x5a, sizeof(guard));
	assert_true(write_packet(&whole, 33, "tx"));
	needed = whole.used;
	for (size_t size = 0; size < needed; size++) {
		struct pcapng pcapng = {bytes, size, 0};

		memset(bytes, 0x5a, sizeof(bytes));
		assert_false(write_packet(&pcapng, 33, "tx"));
		assert_int_equal(pcapng.used, 0);
		assert_memory_equal(bytes + size, guard, sizeof(bytes) - size);
	}
}

static void test_long_comment(void **state)
{
	char comment[2 * PCAPNG_TEXT_BYTES_MAX];
	uint8_t bytes[SIZE];
	struct pcapng pcapng = {bytes, sizeof(bytes), 0};

	(void)state;
	memset(comment, 'c', sizeof(comment));
	comment[sizeof(comment) - 1] = '\0';
	assert_true(write_packet(&pcapng, 256, comment));
	assert_in_range(pcapng.used, 256 + PCAPNG_TEXT_BYTES_MAX, 256 + PCAPNG_PACKET_OVERHEAD_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section),	     cmocka_unit_test(test_interface),
		cmocka_unit_test(test_packet),	     cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_chain),	     cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_long_comment),
	};

	return cmocka_run_group_tests_name("pcapng", tests, NULL, NULL);
}
