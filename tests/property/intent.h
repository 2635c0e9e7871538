/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operator wants and what the network allows, as plain values: a handful of VIPs of every
 * kind, each with a few backends that may be there or not, up or down.
 */
#ifndef CAROM_TESTS_INTENT_H
#define CAROM_TESTS_INTENT_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTENT_VIPS	   6
#define INTENT_BACKENDS	   8
#define INTENT_FLOWS	   192
#define INTENT_NAME_BYTES  16
#define INTENT_WEIGHT_LIKE 10 /* of a backend that nothing else is said of */

struct intent_backend {
	bool is_there;
	bool is_up; /* it has a next hop */
	uint32_t weight;
	enum config_state state;
};

struct intent_vip {
	bool is_there;
	unsigned ring_bits; /* a ring never shrinks, whatever is asked for */
	enum config_tracking tracking;
	enum config_on_down on_down;
	struct intent_backend backends[INTENT_BACKENDS];
};

struct intent {
	struct intent_vip vips[INTENT_VIPS];
};

/* All VIPs, half of the backends, the smallest rings. */
struct intent intent_initial(void);

/* What never changes of a VIP. */
struct intent_service {
	const char *name;
	const char *address;
	uint16_t port; /* host order */
	uint8_t protocol;
};
const struct intent_service *intent_service(size_t vip);

/* "b0" … */
const char *intent_backend_name(size_t backend);
/* Its last two bytes tell the VIP and the backend. Backends of both families. */
struct carom_address intent_backend_address(size_t vip, size_t backend);
/* False: it is none of the backends'. */
bool intent_find_backend(uint16_t last_bytes, size_t *ret_vip, size_t *ret_backend);

/* Which VIP a flow is for: a few have most of the flows, so that many flows share a slot. */
size_t intent_flow_vip(size_t flow);
bool intent_flow_is_tcp(size_t flow);

/* Ends the program if the config library refuses it. */
struct config_vip *intent_to_config(const struct intent *intent, size_t vip);

#endif
