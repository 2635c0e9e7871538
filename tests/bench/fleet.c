/* SPDX-License-Identifier: BSD-2-Clause */
#include "fleet.h"

#include "hash.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CLIENTS	    0x64400000u /* 100.64.0.0/10 */
#define CLIENT_BITS 22
#define PORT_BITS   16
#define SCATTER	    0x9e3779b97f4a7c15ull /* odd: a bijection of the low bits */

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

struct fleet_flow fleet_flow(uint64_t number, const struct carom_hash_key *key)
{
	uint64_t scattered = number * SCATTER;
	uint32_t client = scattered >> PORT_BITS & ((1u << CLIENT_BITS) - 1);
	struct fleet_flow flow = {
		.number = number,
		.source = htonl(CLIENTS | client),
		.source_port = htons((uint16_t)scattered),
	};

	flow.hash = carom_hash_ipv4(key, flow.source, inet_addr(FLEET_VIP_ADDRESS),
				    flow.source_port | (uint32_t)htons(FLEET_VIP_PORT) << 16,
				    IPPROTO_TCP);
	return flow;
}
