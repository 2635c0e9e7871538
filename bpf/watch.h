/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Watching packets. The pipeline is compiled a second time, with a notebook (struct watch) in which
 * the steps write down what they decide, for two readers:
 *
 *   capture   copies packets to userspace while control.capture says so;
 *   the twin  is the same program, loaded with settings.explains: caromd runs it on packets that
 *             never were, and it counts nothing, records nothing, and fills `explanation`.
 *
 * In the copy that packets take unwatched, none of this leaves an instruction; in a
 * program that is no twin, the verifier takes out what only a twin does.
 */
#ifndef CAROM_WATCH_H
#define CAROM_WATCH_H

#include "maps.h"
#include "packet.h"

static __always_inline bool watch_is_wanted(void)
{
	return unlikely(control.capture || settings.explains);
}

static __always_inline bool is_explained(const struct packet *packet)
{
	return packet->watch && settings.explains;
}

/* ---- what the steps write down ---- */

static __always_inline void watch_verdict(const struct packet *packet, __u32 verdict)
{
	if (!packet->watch)
		return;
	packet->watch->verdict = verdict;
	packet->watch->vip = packet->vip_counter;
}

/* slot: within the ring; entry: what the ring says there. */
static __always_inline void watch_slot(const struct packet *packet, __u32 slot, __u16 entry)
{
	if (!packet->watch)
		return;
	packet->watch->slot = slot;
	packet->watch->current = entry & CAROM_SLOT_ORDINAL;
}

static __always_inline void watch_backend(const struct packet *packet, const struct carom_vip *vip,
					  __u32 ordinal, const struct carom_backend *backend)
{
	if (!packet->watch)
		return;
	packet->watch->chosen = ordinal;
	packet->watch->backend = vip->first_backend + ordinal;
	packet->watch->backend_counter = backend->counter;
}

/* ---- what only the twin writes down ---- */

/* recorded: the ordinal in the flow's record; CAROM_ORDINAL_NONE: it has none. */
static __always_inline void explain_tracked(__u32 previous, __u32 recorded, bool opens)
{
	if (!settings.explains)
		return;
	explanation.previous = previous;
	explanation.recorded = recorded;
	explanation.opens = opens;
	explanation.flow = CAROM_FLOW_UNNEEDED;
}

static __always_inline void explain_flow(enum carom_flow_fate fate)
{
	if (settings.explains)
		explanation.flow = fate;
}

/* ---- around the pipeline ---- */

static __always_inline __u32 frame_length(const struct xdp_md *context)
{
	__u32 length = context->data_end - context->data;

	/* The verifier allows this difference, but no other order that sums of it may take. */
	barrier_var(length);
	return length;
}

static __always_inline void watch_begin(struct watch *watch, const struct xdp_md *context)
{
	const void *frame = (void *)(long)context->data;

	watch->length = frame_length(context);
	watch->verdict = CAROM_VERDICT_FOREIGN;
	watch->slot = CAROM_NONE;
	watch->backend = CAROM_NONE;
	watch->current = watch->chosen = CAROM_ORDINAL_NONE;
	if (frame + ETH_HLEN <= (void *)(long)context->data_end)
		__builtin_memcpy(watch->ethernet, frame, ETH_HLEN);
}

static __always_inline void watch_explain(const struct watch *watch)
{
	explanation.verdict = watch->verdict;
	explanation.vip = watch->vip;
	explanation.slot = watch->slot;
	explanation.backend = watch->backend;
	explanation.chosen = watch->chosen;
	explanation.current = watch->current;
}

#endif
