/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the bench tells its BPF programs. */
#ifndef CAROM_TESTS_BENCH_H
#define CAROM_TESTS_BENCH_H

#include <linux/types.h>

/* All in one run of the program: before a repeated one the kernel waits for 16 ms. */
#define BENCH_PACKETS_PER_RUN 1024

struct bench_settings {
	__u32 flow;		 /* the next packet's, counted on */
	__u32 flow_mask;	 /* number of flows, a power of two, less one */
	__u32 destination;	 /* the last word of the first destination, in host order */
	__u32 destination_count; /* at most 65536; each flow has one of them */
};

#endif
