/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The balancer as the bench runs it, thousands of times over one frame: each run makes the frame
 * the next flow's, calls the subject, and cuts off again what that put before the packet.
 *
 * The subject is the balancer, or one of two to compare it with: the floor, which does nothing, and
 * a constant encapsulation, which looks at nothing. All that is not the subject is the same for the
 * three and cancels when the floor is subtracted. Each is a function that is not inlined, and
 * global, so that neither compiler nor verifier knows anything of the frame that they would not
 * know in a real run.
 */
#include "balancer.bpf.c"

#include "bench.h"

#define ENCAPSULATION_BYTES (sizeof(struct ethhdr) + sizeof(struct iphdr))
#define HEADERS_BYTES	    (sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + sizeof(struct udphdr))
#define DESTINATION_PORT    80

struct bench_settings bench;

__noinline int subject_floor(struct xdp_md *context)
{
	/* Keeps the call from being dropped. */
	asm volatile("" ::"r"(context));
	return XDP_TX;
}

__noinline int subject_encapsulation(struct xdp_md *context)
{
	static const __u8 header[ENCAPSULATION_BYTES] = {
		0x02, 1, 2, 3,	4,  5, 0x02, 5, 4,  3, 2,    1,	   0x08, 0x00, /* Ethernet */
		0x45, 0, 0, 60, 0,  0, 0x40, 0, 64, 4, 0x26, 0xb3, /* IPv4, of 60 bytes */
		10,   0, 0, 1,	10, 0, 0,    2,
	};
	__u8 *data;

	if (bpf_xdp_adjust_head(context, -(int)sizeof(struct iphdr)))
		return XDP_ABORTED;
	data = (void *)(long)context->data;
	if ((void *)(data + sizeof(header)) > (void *)(long)context->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(data, header, sizeof(header));
	return XDP_TX;
}

__noinline int subject_balancer(struct xdp_md *context)
{
	return balance(context);
}

/* Spread over the destinations by the flow's number, without a division. */
static __always_inline __be32 destination_of(__u32 flow)
{
	__u32 spread = (flow * 0x9e3779b1) >> 16;

	return bpf_htonl(bench.destination + (spread * bench.destination_count >> 16));
}

static __always_inline __u32 ports_of(__u32 flow)
{
	return (__u32)bpf_htons(DESTINATION_PORT) << 16 | (flow & 0xffff);
}

/*
 * Stores are at least as wide as the balancer's loads: the processor hands a wide store on to a
 * narrow load at once, but the other way round the load waits, which a real packet's does not.
 */
static __always_inline void set_flow_ipv4(void *data, __u32 flow)
{
	__be32 source = bpf_htonl(0xc6330000 + (flow >> 16));

	*(__be16 *)(data + 12) = bpf_htons(ETH_P_IP);
	*(__u64 *)(data + ETH_HLEN + 12) = (__u64)destination_of(flow) << 32 | source;
	*(__u32 *)(data + ETH_HLEN + sizeof(struct iphdr)) = ports_of(flow);
}

static __always_inline void set_flow_ipv6(void *data, __u32 flow)
{
	*(__be16 *)(data + 12) = bpf_htons(ETH_P_IPV6);
	*(__u64 *)(data + ETH_HLEN + 16) = (__u64)bpf_htonl(1 + (flow >> 16)) << 32;
	*(__u64 *)(data + ETH_HLEN + 32) = (__u64)destination_of(flow) << 32;
	*(__u32 *)(data + ETH_HLEN + sizeof(struct ipv6hdr)) = ports_of(flow);
}

static __always_inline bool set_flow(struct xdp_md *context, const enum carom_family family)
{
	void *data = (void *)(long)context->data;
	__u32 flow = bench.flow++ & bench.flow_mask;

	if (data + HEADERS_BYTES > (void *)(long)context->data_end)
		return false;
	if (family == CAROM_IPV4)
		set_flow_ipv4(data, flow);
	else
		set_flow_ipv6(data, flow);
	return true;
}

static __always_inline __u32 frame_bytes(const struct xdp_md *context)
{
	__u32 bytes = context->data_end - context->data;

	/* The verifier allows this difference, but no other order that sums of it may take. */
	barrier_var(bytes);
	return bytes;
}

/* What it grew by is cut off; the wrapper does it for all subjects, grown or not. */
static __always_inline int run_packet(struct xdp_md *context, const enum carom_family family,
				      int (*const subject)(struct xdp_md *))
{
	__u32 bytes = frame_bytes(context);
	int action;

	if (!set_flow(context, family))
		return XDP_ABORTED;
	action = subject(context);
	if (bpf_xdp_adjust_head(context, frame_bytes(context) - bytes))
		return XDP_ABORTED;
	return action;
}

static __always_inline int run(struct xdp_md *context, const enum carom_family family,
			       int (*const subject)(struct xdp_md *))
{
	int action = XDP_ABORTED;

	for (int i = 0; i < BENCH_PACKETS_PER_RUN; i++)
		action = run_packet(context, family, subject);
	return action;
}

#define BENCH(subject, version)                                                                    \
	SEC("xdp") int bench_##subject##version(struct xdp_md *context)                            \
	{                                                                                          \
		return run(context, CAROM_IPV##version, subject_##subject);                        \
	}

BENCH(floor, 4)
BENCH(floor, 6)
BENCH(encapsulation, 4)
BENCH(encapsulation, 6)
BENCH(balancer, 4)
BENCH(balancer, 6)
