/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A flow's hash, which chooses its slot and names its record: keyed, so that without the key no two
 * flows can be found that share it, and no flow that meets a given slot.
 *
 * Source: MULTILINEAR-HM of Lemire and Kaser, "Strongly universal string hashing is fast" (The
 * Computer Journal, 2014), the pairwise sums of products of NH (UMAC, RFC 4418) with a constant
 * term and keys of twice the width of the characters. Over the characters s of 32 bits and the keys
 * m of 64 bits,
 *
 *   (m[0] + (m[1] + s[1]) (m[2] + s[2]) + (m[3] + s[3]) (m[4] + s[4]) + …) mod 2^64, its top half,
 *
 * is strongly universal: for any two different flows all pairs of results are equally likely over
 * the keys. (The difference of two sums is linear in the keys; a character's difference is below
 * 2^32, so at most 31 low bits of its product are certain, and the top half drops 32.) Two such
 * halves with keys of their own make 64 bits, and the finaliser is a bijection of them. So
 *
 *   any two given flows collide with a probability of 2^-64, and share one of 2^n slots with 2^-n,
 *
 * whatever the difference between them. The bound is of flows that were chosen without seeing
 * hashes. The finaliser is there for clients that see which backend answers them: without it, a
 * counting port would walk the slots in steps of one length. It carries no proof.
 */
#ifndef CAROM_HASH_H
#define CAROM_HASH_H

#include "abi.h"

#define CAROM_HASH_INLINE static inline __attribute__((always_inline))

/* The sums of the two halves. */
struct carom_hash_sums {
	__u64 first;
	__u64 second;
};

/* place: of the left character, from 1, and odd. */
CAROM_HASH_INLINE void carom_hash_add(const volatile struct carom_hash_key *key, unsigned place,
				      __u32 left, __u32 right, struct carom_hash_sums *sums)
{
	const volatile struct carom_hash_word *words = &key->words[place];

	sums->first += (words[0].first + left) * (words[1].first + right);
	sums->second += (words[0].second + left) * (words[1].second + right);
}

/* Two characters that lie in one word. */
CAROM_HASH_INLINE void carom_hash_add_word(const volatile struct carom_hash_key *key,
					   unsigned place, __u64 word, struct carom_hash_sums *sums)
{
	carom_hash_add(key, place, (__u32)word, word >> 32, sums);
}

CAROM_HASH_INLINE struct carom_hash_sums carom_hash_begin(const volatile struct carom_hash_key *key,
							  __u32 ports, __u8 protocol)
{
	struct carom_hash_sums sums = {key->words[0].first, key->words[0].second};

	carom_hash_add(key, 1, ports, protocol, &sums);
	return sums;
}

CAROM_HASH_INLINE __u64 carom_hash_finish(const volatile struct carom_hash_key *key,
					  struct carom_hash_sums sums)
{
	__u64 hash = sums.first >> 32 << 32 | sums.second >> 32;

	hash = (hash ^ hash >> 32) * key->multipliers[0];
	hash = (hash ^ hash >> 32) * key->multipliers[1];
	return hash ^ hash >> 32;
}

/* All as on the wire; ports: the source's, and then the destination's. */
CAROM_HASH_INLINE __u64 carom_hash_ipv4(const volatile struct carom_hash_key *key, __be32 source,
					__be32 destination, __u32 ports, __u8 protocol)
{
	struct carom_hash_sums sums = carom_hash_begin(key, ports, protocol);

	carom_hash_add(key, 3, source, destination, &sums);
	return carom_hash_finish(key, sums);
}

/* source, destination: halves of the addresses, as they lie in memory. */
CAROM_HASH_INLINE __u64 carom_hash_ipv6(const volatile struct carom_hash_key *key,
					const __u64 source[2], const __u64 destination[2],
					__u32 ports, __u8 protocol)
{
	struct carom_hash_sums sums = carom_hash_begin(key, ports, protocol);

	carom_hash_add_word(key, 3, source[0], &sums);
	carom_hash_add_word(key, 5, source[1], &sums);
	carom_hash_add_word(key, 7, destination[0], &sums);
	carom_hash_add_word(key, 9, destination[1], &sums);
	return carom_hash_finish(key, sums);
}

#endif
