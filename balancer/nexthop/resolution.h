/* SPDX-License-Identifier: BSD-2-Clause */
/* A next hop, and whether one is known. */
#ifndef CAROM_RESOLUTION_H
#define CAROM_RESOLUTION_H

#include "abi.h"

#include <stdbool.h>
#include <stdint.h>

/* The way to a destination: what packets need of it. */
struct next_hop {
	bool resolved;	    /* the rest is valid only then */
	uint32_t interface; /* ifindex to leave by */
	uint16_t mtu;	    /* of route or interface, the smaller; at most 65535 */
	uint8_t destination_mac[6];
	uint8_t source_mac[6];
	struct carom_address source; /* the address this node would use towards the destination */
};

/* What is known of the way. */
struct resolution {
	struct next_hop hop;
	char reason[128]; /* why it is not resolved: "no route", "neighbour 10.0.0.1 on eth0 …" */
};

#endif
