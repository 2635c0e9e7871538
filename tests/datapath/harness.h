/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The balancer's real program and maps, attached nowhere: a test says which VIPs there are, puts a
 * frame in, and sees what comes out and what was counted.
 */
#ifndef CAROM_TESTS_HARNESS_H
#define CAROM_TESTS_HARNESS_H

#include "dataplane.h"
#include "explain.h"
#include "packet.h"
#include "publish.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HARNESS_BPF_DIR "/sys/fs/bpf/carom-test"
#define HARNESS_INGRESS 1 /* the ifindex that test runs come in by: the loopback interface */

struct harness {
	struct dataplane *dataplane;
	struct publish *publish;
	int program;
	struct explain *twin;
};

/* What is left out: the loopback interface to leave by, an MTU of 1500, and an outer source of the
 * address's family, 10.255.0.1 or fd00:255::1. */
struct backend {
	const char *address;
	uint32_t weight; /* 0: no share */
	uint32_t interface;
	uint16_t mtu;
	bool is_drained;
	const char *outer_source;
	uint32_t source_host_bits; /* how many of its low bits the flow's hash fills */
};

struct vip {
	const char *address;
	uint16_t port;	  /* 0: any */
	uint8_t protocol; /* 0: TCP */
	unsigned ring_bits;
	const struct backend *backends;
	size_t backend_count;
	const uint16_t *slots; /* NULL: by maglev_fill() */
	bool tracked;	       /* what changed is tracked; else flows follow their slots at once */
	bool records_all;      /* every flow is recorded */
};

struct harness_options {
	struct dataplane_limits limits;
	uint64_t hash_key[2];
};

/* Each ends the program with a message when it fails. */
struct harness harness_open(const struct harness_options *options);
void harness_close(struct harness *harness);
/* As if the process died and another one came up with these options: takes over what there is as
 * caromd does. False: there was nothing that it could adopt, and it begins anew. */
bool harness_restart(struct harness *harness, const struct harness_options *options);
/* Nothing else runs the program meanwhile. */
void harness_publish(struct harness *harness, const struct vip *vips, size_t count);
/* The same in two steps, for tests in which packets flow meanwhile. */
void harness_commit(struct harness *harness, const struct vip *vips, size_t count);

/* Everything counted so far. */
struct ledger {
	struct carom_counter forwarded;
	uint64_t of_vip[CAROM_REASON_COUNT];
	uint64_t of_none[CAROM_REASON_COUNT];
};

struct harness_result {
	uint32_t action; /* enum xdp_action */
	struct frame frame;
	struct ledger counted; /* by this packet */
};

/* The twin sees the frame first, and must agree. */
struct harness_result harness_run(const struct harness *harness, const struct frame *frame);
/* With so little room before the frame that no outer header fits. False: this kernel cannot. */
bool harness_run_cramped(const struct harness *harness, const struct frame *frame,
			 struct harness_result *ret_result);
/* Runs any XDP program; returns the action. */
uint32_t harness_run_program(int program, const struct frame *frame, struct frame *ret_frame);

/* Index into the published image. */
size_t harness_find_vip(const struct harness *harness, const struct vip *vip);

/* What the outer header of a packet to this backend says, but for what the packet and its flow
 * decide. */
struct tunnel harness_tunnel(const struct backend *backend);

/* For what the program limits by CPU: new flows, packets that are copied. */
void harness_stay_on_this_cpu(void);

#endif
