/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Capturing: packets are copied to userspace as they came, with what became of them.
 *
 * What is not wanted is left out here already, so that a capture of drops does not copy all
 * traffic; and a CPU copies so many packets a second and no more. Whoever is over the limit, or
 * finds the ring full, is counted. The time of all this is control.clock: it stands still without
 * caromd, so that copying ends by itself, and later the watching.
 */
#ifndef CAROM_TAP_H
#define CAROM_TAP_H

#include "maps.h"
#include "packet.h"
#include "watch.h"

/* What this CPU does for the capture of this number; NULL: nothing any more. */
static __always_inline struct carom_capture_lane *tap_lane(__u32 number)
{
	__u32 zero = 0;
	struct carom_capture_lane *lane = bpf_map_lookup_elem(&capture_lanes, &zero);

	if (!lane)
		return NULL;
	if (lane->capture != number) {
		lane->capture = number;
		lane->second = 0;
		lane->rate_limited = 0;
		lane->ring_full = 0;
	}
	if (lane->second != control.clock) {
		lane->second = control.clock;
		lane->watched = 0;
		lane->copied = 0;
	}
	if (++lane->watched < CAROM_CAPTURE_WATCHED_MAX)
		return lane;
	__sync_val_compare_and_swap(&control.capture, number, 0);
	return NULL;
}

static __always_inline bool tap_wants(const struct watch *watch)
{
	return capture.verdicts >> (watch->verdict & 63) & 1 &&
	       (!capture.vip || capture.vip == watch->vip);
}

/* How many bytes of the frame to copy. */
static __always_inline __u32 tap_length(const struct watch *watch)
{
	__u32 length = watch->length;

	if (length > capture.snap_bytes)
		length = capture.snap_bytes;
	/* Linux 6.1's verifier sees these bounds only if each is a comparison of its own. */
	barrier_var(length);
	if (length > CAROM_CAPTURE_SNAP_MAX)
		length = CAROM_CAPTURE_SNAP_MAX;
	barrier_var(length);
	return length;
}

/* The Ethernet header from the notebook; what follows it lies where it lay, behind an outer header
 * if there is one now. Returns how many bytes it copied. */
static __always_inline __u32 tap_frame(struct carom_capture_lane *lane, struct xdp_md *context,
				       const struct watch *watch)
{
	__u32 length = tap_length(watch), grown = frame_length(context) - watch->length;

	__builtin_memcpy(lane->frame, watch->ethernet, ETH_HLEN);
	if (length <= ETH_HLEN)
		return ETH_HLEN;
	barrier_var(length);
	if (bpf_xdp_load_bytes(context, grown + ETH_HLEN, lane->frame + ETH_HLEN,
			       length - ETH_HLEN))
		return ETH_HLEN;
	return length;
}

static __always_inline void tap_packet(struct xdp_md *context, const struct watch *watch)
{
	__u32 number = control.capture;
	struct carom_capture_lane *lane = tap_lane(number);
	__u32 bytes;

	if (!lane || !tap_wants(watch))
		return;
	if (lane->copied >= CAROM_CAPTURE_PER_SECOND) {
		lane->rate_limited++;
		return;
	}
	lane->copied++;
	lane->head = (struct carom_captured){
		.time_ns = bpf_ktime_get_ns(),
		.capture = number,
		.interface = context->ingress_ifindex,
		.verdict = watch->verdict,
		.vip = watch->vip,
		.backend = watch->backend,
		.backend_counter = watch->backend_counter,
		.length = watch->length,
	};
	bytes = tap_frame(lane, context, watch);
	lane->head.captured = bytes;
	if (bytes <= CAROM_CAPTURE_SNAP_MAX &&
	    bpf_ringbuf_output(&captured, &lane->head, sizeof(lane->head) + bytes, 0))
		lane->ring_full++;
}

#endif
