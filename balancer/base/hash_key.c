/* SPDX-License-Identifier: BSD-2-Clause */
#include "hash_key.h"

#include <string.h>

#define BLOCK_BYTES	    8
#define COMPRESSION_ROUNDS  2
#define FINALISATION_ROUNDS 4

/* What is made of a key, as the first word of the hashed message. */
enum purpose { PURPOSE_WORD, PURPOSE_FINGERPRINT };

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void mix(uint64_t state[4], unsigned rounds)
{
	while (rounds--) {
		state[0] += state[1];
		state[2] += state[3];
		state[1] = rotate(state[1], 13) ^ state[0];
		state[3] = rotate(state[3], 16) ^ state[2];
		state[0] = rotate(state[0], 32);
		state[2] += state[1];
		state[0] += state[3];
		state[1] = rotate(state[1], 17) ^ state[2];
		state[3] = rotate(state[3], 21) ^ state[0];
		state[2] = rotate(state[2], 32);
	}
}

static uint64_t read_little(const uint8_t *bytes, size_t count)
{
	uint64_t word = 0;

	while (count--)
		word = word << 8 | bytes[count];
	return word;
}

static void absorb(uint64_t state[4], uint64_t word)
{
	state[3] ^= word;
	mix(state, COMPRESSION_ROUNDS);
	state[0] ^= word;
}

uint64_t hash_key_siphash(const uint64_t key[2], const void *bytes, size_t length)
{
	/* "somepseudorandomlygeneratedbytes" */
	uint64_t state[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			     key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
	size_t whole = length - length % BLOCK_BYTES;
	const uint8_t *message = bytes;

	for (size_t i = 0; i < whole; i += BLOCK_BYTES)
		absorb(state, read_little(message + i, BLOCK_BYTES));
	absorb(state, read_little(message + whole, length - whole) | (uint64_t)length << 56);
	state[2] ^= 0xff;
	mix(state, FINALISATION_ROUNDS);
	return state[0] ^ state[1] ^ state[2] ^ state[3];
}

void hash_key_from_seed(const char *seed, uint64_t ret_key[2])
{
	for (uint64_t i = 0; i < 2; i++)
		ret_key[i] = hash_key_siphash((const uint64_t[2]){0, i}, seed, strlen(seed));
}

static uint64_t derive(const uint64_t key[2], enum purpose purpose, uint64_t number)
{
	const uint64_t message[2] = {purpose, number};

	return hash_key_siphash(key, message, sizeof(message));
}

struct carom_hash_key hash_key_expand(const uint64_t key[2])
{
	struct carom_hash_key expanded;
	uint64_t words[sizeof(expanded) / sizeof(uint64_t)];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		words[i] = derive(key, PURPOSE_WORD, i);
	memcpy(&expanded, words, sizeof(expanded));
	for (size_t i = 0; i < 2; i++)
		expanded.multipliers[i] |= 1;
	return expanded;
}

uint64_t hash_key_fingerprint(const uint64_t key[2])
{
	return derive(key, PURPOSE_FINGERPRINT, 0);
}
