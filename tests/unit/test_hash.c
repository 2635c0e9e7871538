/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flows' hash by its promises: no difference between two flows, small or contrived, makes them
 * collide under more keys than chance allows, and every slot is as likely as any other.
 */
#include "hash.h"
#include "hash_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define KEYS		1000
#define TUPLE_BYTES_MAX 37

/* A 5-tuple as bytes: source, destination, ports, protocol. */
struct tuple {
	uint8_t bytes[TUPLE_BYTES_MAX];
};

struct family_row {
	const char *name;
	size_t address_bytes;
};

static const struct family_row ipv4 = {"IPv4", 4};
static const struct family_row ipv6 = {"IPv6", 16};

static size_t bit_count(const struct family_row *family)
{
	return 8 * (2 * family->address_bytes + sizeof(uint32_t) + sizeof(uint8_t));
}

static uint64_t random_word(uint64_t number)
{
	return hash_key_siphash((const uint64_t[2]){1, 2}, &number, sizeof(number));
}

static struct tuple random_tuple(uint64_t number)
{
	struct tuple tuple;

	for (size_t i = 0; i < sizeof(tuple.bytes); i++)
		tuple.bytes[i] = (uint8_t)random_word(number * TUPLE_BYTES_MAX + i);
	return tuple;
}

static struct carom_hash_key random_key(uint64_t number)
{
	return hash_key_expand((const uint64_t[2]){random_word(number), random_word(~number)});
}

static struct tuple flipped(struct tuple tuple, size_t bit)
{
	tuple.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	return tuple;
}

static uint64_t hash_of(const struct family_row *family, const struct carom_hash_key *key,
			const struct tuple *tuple)
{
	const uint8_t *transport = tuple->bytes + 2 * family->address_bytes;
	uint64_t addresses[4];
	uint32_t words[2], ports;

	memcpy(&ports, transport, sizeof(ports));
	memcpy(words, tuple->bytes, sizeof(words));
	memcpy(addresses, tuple->bytes, sizeof(addresses));
	if (family == &ipv4)
		return carom_hash_ipv4(key, words[0], words[1], ports, transport[sizeof(ports)]);
	return carom_hash_ipv6(key, (const __u64 *)addresses, (const __u64 *)addresses + 2, ports,
			       transport[sizeof(ports)]);
}

/* ---- differences ---- */

#define LOOK_BITS     16 /* of each end of the hash: slots and the flow table's lines */
#define CHANCE(tries) ((tries) >> LOOK_BITS)

struct collisions {
	uint64_t tries;
	uint64_t whole;
	uint64_t top;
	uint64_t bottom;
};

static void compare(struct collisions *collisions, uint64_t left, uint64_t right)
{
	uint64_t difference = left ^ right;

	collisions->tries++;
	collisions->whole += difference == 0;
	collisions->top += difference >> (64 - LOOK_BITS) == 0;
	collisions->bottom += difference << (64 - LOOK_BITS) == 0;
}

/* Twice the expectation, and six more, are out of reach of chance here. */
static void assert_chance(const struct collisions *collisions)
{
	uint64_t most = 2 * CHANCE(collisions->tries) + 6;

	assert_int_equal(collisions->whole, 0);
	assert_in_range(collisions->top, 0, most);
	assert_in_range(collisions->bottom, 0, most);
}

/* All that differ in one bit or two, each under some keys. */
static void test_flips(void **state)
{
	const struct family_row *family = *state;
	size_t bits = bit_count(family);
	struct collisions collisions = {0};

	for (uint64_t i = 0; i < KEYS / 10; i++) {
		struct carom_hash_key key = random_key(i);
		struct tuple tuple = random_tuple(i);
		uint64_t hash = hash_of(family, &key, &tuple);

		for (size_t first = 0; first < bits; first++) {
			struct tuple one = flipped(tuple, first);

			compare(&collisions, hash, hash_of(family, &key, &one));
			for (size_t second = first + 1; second < bits; second++) {
				struct tuple two = flipped(one, second);

				compare(&collisions, hash, hash_of(family, &key, &two));
			}
		}
	}
	assert_chance(&collisions);
}

/* Each single difference must be hard under all keys, not only all differences together. */
static void test_each_top_bit(void **state)
{
	const struct family_row *family = *state;

	for (size_t bit = 7; bit < bit_count(family); bit += 8) {
		for (size_t other = bit + 8; other < bit_count(family); other += 8) {
			struct collisions collisions = {0};

			for (uint64_t i = 0; i < KEYS; i++) {
				struct carom_hash_key key = random_key(i);
				struct tuple left = random_tuple(i);
				struct tuple right = flipped(flipped(left, bit), other);

				compare(&collisions, hash_of(family, &key, &left),
					hash_of(family, &key, &right));
			}
			assert_chance(&collisions);
		}
	}
}

/* Top bits of three bytes of the source, which made any two flows collide under a hash of
 * multiplications and shifts, whatever its key. */
static void test_three_top_bits(void **state)
{
	static const size_t bytes[] = {7, 11, 15};
	struct collisions collisions = {0};

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		struct carom_hash_key key = random_key(i);
		struct tuple left = random_tuple(i), right = left;

		for (size_t j = 0; j < COUNT(bytes); j++)
			right = flipped(right, 8 * bytes[j] + 7);
		compare(&collisions, hash_of(&ipv6, &key, &left), hash_of(&ipv6, &key, &right));
	}
	assert_chance(&collisions);
}

/* ---- distribution ---- */

#define SLOTS	       256
#define FLOWS_PER_SLOT 256
/* Chance gives 255 on average; more than this it gives once in ten million tests. */
#define CHI_SQUARE_MAX 390

/* Of one key, over flows that differ by a counter in one place. */
static double chi_square(const struct family_row *family, const struct carom_hash_key *key,
			 size_t place, unsigned shift)
{
	unsigned counts[SLOTS] = {0};
	double sum = 0;

	for (uint32_t i = 0; i < SLOTS * FLOWS_PER_SLOT; i++) {
		struct tuple tuple = random_tuple(place);

		tuple.bytes[place] ^= (uint8_t)(i >> 8);
		tuple.bytes[place + 1] ^= (uint8_t)i;
		counts[hash_of(family, key, &tuple) >> shift & (SLOTS - 1)]++;
	}
	for (size_t i = 0; i < SLOTS; i++) {
		double excess = (double)counts[i] - FLOWS_PER_SLOT;

		sum += excess * excess / FLOWS_PER_SLOT;
	}
	return sum;
}

/* At both ends: slots are of the top bits, lines of the flow table of the low ones. */
static void test_counters_spread(void **state)
{
	const struct family_row *family = *state;
	struct carom_hash_key key = random_key(3);
	size_t last = bit_count(family) / 8 - 2;

	for (size_t place = 0; place < last; place += 2) {
		assert_true(chi_square(family, &key, place, 56) < CHI_SQUARE_MAX);
		assert_true(chi_square(family, &key, place, 0) < CHI_SQUARE_MAX);
	}
}

/* Every bit of the key and of the tuple flips any bit of the hash in half of all cases. */
static void test_avalanche(void **state)
{
	const struct family_row *family = *state;
	unsigned flips[64] = {0};

	for (uint64_t i = 0; i < KEYS * 4; i++) {
		struct carom_hash_key key = random_key(i);
		struct tuple tuple = random_tuple(i);
		struct tuple other = flipped(tuple, i % bit_count(family));
		uint64_t difference = hash_of(family, &key, &tuple) ^ hash_of(family, &key, &other);

		for (size_t bit = 0; bit < 64; bit++)
			flips[bit] += difference >> bit & 1;
	}
	/* Six standard deviations. */
	for (size_t bit = 0; bit < 64; bit++)
		assert_in_range(flips[bit], KEYS * 2 - 190, KEYS * 2 + 190);
}

/* ---- keys ---- */

/* The reference vector of the paper, appendix A. */
static void test_siphash(void **state)
{
	uint8_t message[15];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	assert_int_equal(
		hash_key_siphash((const uint64_t[2]){0x0706050403020100, 0x0f0e0d0c0b0a0908},
				 message, sizeof(message)),
		0xa129ca6149be45e5);
}

static void test_seeds_differ(void **state)
{
	static const char *const seeds[] = {"", "a", "b", "ab", "ba", "paris", "Paris"};
	uint64_t keys[COUNT(seeds)][2];

	(void)state;
	for (size_t i = 0; i < COUNT(seeds); i++) {
		hash_key_from_seed(seeds[i], keys[i]);
		assert_int_not_equal(keys[i][0], keys[i][1]);
		for (size_t j = 0; j < i; j++) {
			assert_int_not_equal(keys[i][0], keys[j][0]);
			assert_int_not_equal(keys[i][1], keys[j][1]);
			assert_int_not_equal(hash_key_fingerprint(keys[i]),
					     hash_key_fingerprint(keys[j]));
		}
	}
}

/* A bijection is what the finaliser's multiplications are only if they are odd. */
static void test_multipliers_are_odd(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < KEYS; i++) {
		struct carom_hash_key key = random_key(i);

		assert_true(key.multipliers[0] & key.multipliers[1] & 1);
	}
}

#define OF_FAMILY(test, family)                                                                    \
	{                                                                                          \
#test ", " #family, test, NULL, NULL, (void *)&(family)                            \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OF_FAMILY(test_flips, ipv4),	       OF_FAMILY(test_flips, ipv6),
		OF_FAMILY(test_each_top_bit, ipv4),    OF_FAMILY(test_each_top_bit, ipv6),
		cmocka_unit_test(test_three_top_bits), OF_FAMILY(test_counters_spread, ipv4),
		OF_FAMILY(test_counters_spread, ipv6), OF_FAMILY(test_avalanche, ipv4),
		OF_FAMILY(test_avalanche, ipv6),       cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_seeds_differ),   cmocka_unit_test(test_multipliers_are_odd),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
