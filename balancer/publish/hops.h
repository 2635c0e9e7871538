/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The next hops that published backends have, each once, under a number of its own: few, for most
 * backends share a gateway. Pure.
 */
#ifndef CAROM_HOPS_H
#define CAROM_HOPS_H

#include "abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Number 0 is no next hop's. */
#define HOPS_NONE 0

struct hops;

/* count: of numbers, 0 included. NULL: out of memory. */
struct hops *hops_new(uint32_t count);
/* reclaimed: as if all that is retired were reusable. NULL: out of memory. */
struct hops *hops_copy(const struct hops *hops, bool reclaimed);
void hops_free(struct hops *hops);

/* Counts one user more of a next hop, which gets a number if it has none. Returns 0; -1: no number
 * is free, or there is no memory. */
int hops_take(struct hops *hops, const struct carom_next_hop *hop, uint32_t *ret_number);
/* The same for one that has this number already, by the word of what is adopted. Returns 0; -1: the
 * number has another next hop, or is none. */
int hops_take_at(struct hops *hops, const struct carom_next_hop *hop, uint32_t number);
/* One user less. With the last one the number is retired; reusable after hops_reclaim() of that
 * epoch. Needs no memory. */
void hops_release(struct hops *hops, uint32_t number, uint64_t epoch);
void hops_reclaim(struct hops *hops, uint64_t epoch);

/* Of a number that has users. Borrowed until the next hops_take(). */
const struct carom_next_hop *hops_at(const struct hops *hops, uint32_t number);

#endif
