/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key of the flows' hash (bpf/hash.h): 128 bits, the same across a fleet. All that follows from
 * it is made by SipHash-2-4, so that it tells nothing of the key. Pure.
 */
#ifndef CAROM_HASH_KEY_H
#define CAROM_HASH_KEY_H

#include "abi.h"

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 (Aumasson and Bernstein, INDOCRYPT 2012). */
uint64_t hash_key_siphash(const uint64_t key[2], const void *bytes, size_t length);

void hash_key_from_seed(const char *seed, uint64_t ret_key[2]);

/* As the program wants it. */
struct carom_hash_key hash_key_expand(const uint64_t key[2]);

/* Tells keys apart and may be shown. Of a seed that can be guessed, it confirms a guess. */
uint64_t hash_key_fingerprint(const uint64_t key[2]);

#endif
