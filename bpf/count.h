/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting: what is forwarded by backend, what is not by VIP and reason. */
#ifndef CAROM_COUNT_H
#define CAROM_COUNT_H

#include "maps.h"
#include "packet.h"
#include "watch.h"

/* Plain additions: a lane belongs to one CPU, and XDP is not preempted there. */
static __always_inline void count_forwarded(const struct packet *packet,
					    const struct carom_backend *backend)
{
	__u32 number = bpf_get_smp_processor_id() * settings.counters_per_lane + backend->counter;
	struct carom_counter *counter = bpf_map_lookup_elem(&counters, &number);

	if (is_explained(packet))
		return;
	if (unlikely(!counter))
		return;
	counter->packets++;
	counter->bytes += packet->bytes;
	if (packet->opens)
		counter->connections++;
}

/* Not inlined: the rare way, and shared by all the places that refuse. */
static __noinline void count_refused(__u32 vip_counter, __u32 reason)
{
	__u32 number = bpf_get_smp_processor_id() * settings.reasons_per_lane + vip_counter;
	struct carom_reason_counter *counter = bpf_map_lookup_elem(&reasons, &number);

	if (counter && reason < CAROM_REASON_COUNT_MAX)
		counter->packets[reason]++;
}

/* Ends a packet's way: counts the reason and returns the action that goes with it. */
static __always_inline int refuse(const struct packet *packet, const enum carom_reason reason)
{
	watch_verdict(packet, reason);
	if (!is_explained(packet))
		count_refused(packet->vip_counter, reason);
	switch (reason) {
#define REASON_ACTION(name, number, label, action, help)                                           \
	case CAROM_REASON_##name: return XDP_##action;
		CAROM_REASONS(REASON_ACTION)
#undef REASON_ACTION
	case CAROM_REASON_COUNT: break;
	}
	return XDP_ABORTED;
}

#endif
