/* SPDX-License-Identifier: BSD-2-Clause */
/* The desired state of the one VIP: its backends by number, numbers never used again. */
#ifndef CAROM_TESTS_FLEET_POOL_H
#define CAROM_TESTS_FLEET_POOL_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_WEIGHT 64 /* of a new backend */

enum pool_state { POOL_ACTIVE, POOL_DRAINED, POOL_REMOVED };

struct pool_backend {
	enum pool_state state;
	uint32_t weight;
};

struct pool {
	unsigned ring_bits;
	size_t count; /* of numbers given away */
	struct pool_backend backends[CAROM_BACKENDS_PER_VIP_MAX];
};

void pool_add(struct pool *pool);
size_t pool_count(const struct pool *pool, enum pool_state state);
/* The number of the index-th backend in this state. */
size_t pool_find(const struct pool *pool, enum pool_state state, size_t index);
bool pool_serves(const struct pool *pool, uint16_t number);

/* The config of it. */
struct config_vip *pool_make_vip(const struct pool *pool);
/* The number of the backend at this address. */
uint16_t pool_number(const struct carom_address *address);

#endif
