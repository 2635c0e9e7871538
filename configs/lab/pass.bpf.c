/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For the router's end of the balancer's link. A veth is woken by what its peer sends with XDP_TX
 * only if it has an XDP program of its own: this one does nothing.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int lab_pass(struct xdp_md *context)
{
	(void)context;
	return XDP_PASS;
}
