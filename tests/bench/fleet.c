/* SPDX-License-Identifier: BSD-2-Clause */
#include "fleet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CLIENTS		0x64400000u /* 100.64.0.0/10 */
#define CLIENT_BITS	22
#define PORT_BITS	16
#define SCATTER		0x9e3779b97f4a7c15ull /* odd: a bijection of the low bits */
#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ull /* as in bpf/steer.h */

void fleet_give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("bench_fleet: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

void *fleet_taken(void *memory)
{
	if (!memory)
		fleet_give_up("out of memory");
	return memory;
}

static uint64_t hash_step(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * HASH_MULTIPLIER;
	return hash ^ hash >> 32;
}

/* What steer_hash() of bpf/steer.h makes of it; the simulation checks that it does. */
static uint64_t flow_hash(const struct fleet_flow *flow, const __u64 hash_key[2])
{
	uint64_t destination = inet_addr(FLEET_VIP_ADDRESS);
	uint32_t ports = flow->source_port | (uint32_t)htons(FLEET_VIP_PORT) << 16;
	uint64_t hash = hash_step(hash_key[0], flow->source | destination << 32);

	hash = hash_step(hash, (uint64_t)IPPROTO_TCP << 32 | ports);
	return (hash ^ hash_key[1]) * HASH_MULTIPLIER;
}

struct fleet_flow fleet_flow(uint64_t number, const __u64 hash_key[2])
{
	uint64_t scattered = number * SCATTER;
	uint32_t client = scattered >> PORT_BITS & ((1u << CLIENT_BITS) - 1);
	struct fleet_flow flow = {
		.number = number,
		.source = htonl(CLIENTS | client),
		.source_port = htons((uint16_t)scattered),
	};

	flow.hash = flow_hash(&flow, hash_key);
	return flow;
}
