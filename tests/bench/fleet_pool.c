/* SPDX-License-Identifier: BSD-2-Clause */
#include "fleet_pool.h"

#include "fleet.h"

#include <arpa/inet.h>
#include <stdio.h>

#define BACKENDS   0x0a010000u /* 10.1.0.0; the last two bytes are the number */
#define NAME_BYTES 32

void pool_add(struct pool *pool)
{
	if (pool->count == CAROM_BACKENDS_PER_VIP_MAX)
		fleet_give_up("more than %d backends; ask for fewer events",
			      CAROM_BACKENDS_PER_VIP_MAX);
	pool->backends[pool->count++] = (struct pool_backend){POOL_ACTIVE, POOL_WEIGHT};
}

size_t pool_count(const struct pool *pool, enum pool_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < pool->count; i++)
		count += pool->backends[i].state == state;
	return count;
}

size_t pool_find(const struct pool *pool, enum pool_state state, size_t index)
{
	size_t number = 0;

	while (pool->backends[number].state != state || index--)
		number++;
	return number;
}

bool pool_serves(const struct pool *pool, uint16_t number)
{
	return pool->backends[number].state != POOL_REMOVED;
}

uint16_t pool_number(const struct carom_address *address)
{
	return (uint16_t)(ntohl(address_ipv4(address)) - BACKENDS);
}

static json_t *backend_json(const struct pool_backend *backend, size_t number)
{
	struct carom_address address = address_from_ipv4(htonl(BACKENDS + (uint32_t)number));
	char text[ADDRESS_TEXT_BYTES];

	return json_pack("{s:s, s:i, s:s}", "address", address_format(&address, text), "weight",
			 (int)backend->weight, "state",
			 backend->state == POOL_DRAINED ? "drain" : "active");
}

static json_t *pool_json(const struct pool *pool)
{
	json_t *backends = fleet_taken(json_object());
	char name[NAME_BYTES];

	for (size_t i = 0; i < pool->count; i++) {
		if (pool->backends[i].state == POOL_REMOVED)
			continue;
		snprintf(name, sizeof(name), "backend-%zu", i);
		json_object_set_new(backends, name, backend_json(&pool->backends[i], i));
	}
	return json_pack("{s:s, s:i, s:s, s:i, s:o}", "address", FLEET_VIP_ADDRESS, "port",
			 FLEET_VIP_PORT, "protocol", "tcp", "ring_slots", 1 << pool->ring_bits,
			 "backends", backends);
}

struct config_vip *pool_make_vip(const struct pool *pool)
{
	struct error_list errors = {0};
	json_t *json = fleet_taken(pool_json(pool));
	struct config_vip *vip = config_vip_from_json(json, "web", "", &errors);

	if (!vip)
		fleet_give_up("%s", errors.count ? errors.items[0].message : "out of memory");
	json_decref(json);
	error_list_done(&errors);
	return vip;
}
