/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps as arrays in memory, and the limits that size them. */
#ifndef CAROM_DATAPLANE_MEMORY_H
#define CAROM_DATAPLANE_MEMORY_H

#include "abi.h"
#include "control_page.h"

#include <stdint.h>

struct dataplane_limits {
	uint32_t vips;
	uint32_t backends;
	uint32_t slots;
	uint32_t flows;		      /* rounded up to a power of two */
	uint32_t flow_inserts_per_s;  /* by one CPU */
	uint32_t flow_idle_timeout_s; /* at most CAROM_FLOW_IDLE_MAX_S */
};

/*
 * The maps as arrays in memory. Those of VIPs, backends and slots hold several times
 * their limit (RANGE_ROOM, RANGE_BLOCKS_ROOM), so that a change fits beside what it replaces.
 */
struct dataplane_memory {
	struct carom_control *control; /* the page's copy, to be put */
	struct control_page *page;
	uint16_t *displacements;
	struct carom_address_entry *addresses;
	struct carom_vip *vips;
	uint16_t *slots;
	uint16_t *previous;
	uint16_t *changed_at;
	struct carom_flow *flows;
	struct carom_recorder *recorders;
	struct carom_share *shares;
	struct carom_backend *backends;
	struct carom_next_hop *next_hops;
	struct carom_vip_label *vip_labels;
	struct carom_backend_label *backend_labels;
	struct carom_counter *counters;
	struct carom_reason_counter *reasons;
	struct carom_capture *capture;
	struct carom_explanation *explanation;

	uint32_t displacement_count; /* of one table in one generation */
	uint32_t entry_count;	     /* of addresses, or of vips, in one generation */
	uint32_t slot_count;
	uint32_t backend_count;
	uint32_t next_hop_count;
	uint32_t flow_count; /* places: a power of two, at least twice the limit */
	uint32_t flow_idle_timeout_s;
	uint32_t counters_per_lane;
	uint32_t reasons_per_lane;
	uint32_t lane_count; /* possible CPUs, and last the lane that only userspace writes */
};

/* The ring of captured packets, and what each CPU does for a capture; borrowed file descriptors. */
struct dataplane_capture_maps {
	int captured;
	int lanes;
};

#endif
