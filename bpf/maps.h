/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map of the balancer. All are arrays that userspace maps into its memory and lays out, for
 * an array look-up is a bounds check and an addition, and writing needs no system call. The sizes
 * here stand for none: userspace sets max_entries before it loads the program.
 */
#ifndef CAROM_MAPS_H
#define CAROM_MAPS_H

#include "abi.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define ARRAY(name, value_type)                                                                    \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__uint(max_entries, 1);                                                            \
		__type(key, __u32);                                                                \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

ARRAY(displacements, struct carom_displacement_line);
ARRAY(addresses, struct carom_address_entry);
ARRAY(vips, struct carom_vip);
ARRAY(slots, struct carom_slot_line);
/* Parallel to slots, and cold. */
ARRAY(previous, struct carom_slot_line);
/* control.clock, cut, when the slot last changed, or last had a flow that could not be recorded. */
ARRAY(changed_at, struct carom_slot_line);
ARRAY(flows, struct carom_flow_line);
ARRAY(recorders, struct carom_recorder); /* one a lane, as the counters */
ARRAY(shares, struct carom_share);	 /* one a VIP's number */
ARRAY(backends, struct carom_backend);
ARRAY(next_hops, struct carom_next_hop);
/* No program reads the labels: they are here to outlive caromd. */
ARRAY(vip_labels, struct carom_vip_label);
ARRAY(backend_labels, struct carom_backend_label);
ARRAY(counters, struct carom_counter);
ARRAY(reasons, struct carom_reason_counter);

/* The rest is caromd's own and ends with it: neither pinned nor adopted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct carom_capture_lane);
} capture_lanes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CAROM_CAPTURE_RING_BYTES);
} captured SEC(".maps");

struct carom_capture capture SEC(".data.capture");
struct carom_explanation explanation SEC(".data.explanation");

/* A section of its own, so that it becomes a map of its own, which can be pinned and adopted. */
struct carom_control control SEC(".data.control");

const volatile struct carom_settings settings SEC(".rodata");

#endif
