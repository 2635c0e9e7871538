/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the counters, and what becomes of a number's counts when its VIP or backend goes. The VIP
 * inherits from its backends, so that no total ever falls.
 */
#ifndef CAROM_COUNTERS_H
#define CAROM_COUNTERS_H

#include "abi.h"

#include <stddef.h>
#include <stdint.h>

struct counters;
struct placed;
struct published;
struct room;

/* Sums over all lanes; bytes are of the clients' IP packets. `vip` is an index into the image. */
struct carom_counter counters_backend(const struct counters *counters, size_t vip, size_t ordinal);
/* What its backends count, and what removed ones had counted. */
struct carom_counter counters_vip(const struct counters *counters, size_t vip);
struct carom_reason_counter counters_reasons(const struct counters *counters, size_t vip);
/* Of packets to a VIP's address for which no VIP was found. */
struct carom_reason_counter counters_unattributed(const struct counters *counters);

/* ---- for publish ---- */

/* published: borrowed until counters_free(). NULL: out of memory. */
struct counters *counters_new(const struct published *published);
void counters_free(struct counters *counters);

/* Makes room to retire so many numbers more, before a flip, after which nothing may fail. Returns 0
 * or -1: out of memory. */
int counters_reserve(struct counters *counters, size_t number_count);
/* Retires the numbers that `gone` has and its heir (NULL: none) does not. Packets of the generation
 * that ended with `epoch` may still count on them. */
void counters_retire(struct counters *counters, const struct placed *gone,
		     const struct placed *heir, uint64_t epoch);
/* Hands on and clears what numbers retired up to `epoch` have counted, and retires them in room. */
void counters_settle(struct counters *counters, struct room *room, uint64_t epoch);
/* Clears all numbers that no published VIP or backend has. */
void counters_clear_unused(const struct counters *counters);

/* Copies counts from the predecessor's maps, of a VIP or, by NULL, those of no VIP. */
void counters_inherit(const struct counters *counters, const struct counters *predecessor,
		      const struct placed *from, const struct placed *to);

#endif
