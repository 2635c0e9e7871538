/* SPDX-License-Identifier: BSD-2-Clause */
/* The rival's table: every flow is recorded, and the one that was seen least lately makes room.
 * Exactly so, while the kernel's LRU maps only come near it. */
#ifndef CAROM_TESTS_FLEET_LRU_H
#define CAROM_TESTS_FLEET_LRU_H

#include <stdbool.h>
#include <stdint.h>

struct lru;

/* capacity: of flows, a power of two. */
struct lru *lru_new(uint32_t capacity);
void lru_free(struct lru *lru);

/* Whether the flow is recorded, and with which backend; it is the latest seen now. */
bool lru_find(struct lru *lru, uint64_t flow, uint16_t *ret_backend);
/* Of a flow that is not recorded. */
void lru_put(struct lru *lru, uint64_t flow, uint16_t backend);
uint32_t lru_count(const struct lru *lru);

#endif
