/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the reader's side of the ring, and the number of the capture that is on. Numbers begin anew
 * with each process: what an earlier one left in a ring went with the ring.
 *
 * Names are looked up when a packet is read, a moment after it was copied. A place that was given
 * to another backend meanwhile is noticed by the number that it counts under. On the event loop's
 * thread.
 */
#include "capture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

struct capture {
	const struct dataplane_memory *memory;
	int lanes;
	struct ring_buffer *ring;
	uint32_t number;
	uint64_t epoch_ns; /* of CLOCK_MONOTONIC, since 1970, as the capture began */
	struct carom_capture_lane *lane_copies; /* one a possible CPU */
	/* Of the call of capture_read() that runs. */
	capture_take *take;
	void *context;
	size_t count, count_max;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- reading ---- */

static const char *vip_name(const struct dataplane_memory *memory, uint32_t number)
{
	return number && number < memory->reasons_per_lane ? memory->vip_labels[number].name : NULL;
}

static const char *backend_name(const struct dataplane_memory *memory,
				const struct carom_captured *head)
{
	if (head->backend >= memory->backend_count ||
	    memory->backends[head->backend].counter != head->backend_counter)
		return NULL;
	return memory->backend_labels[head->backend].name;
}

/* libbpf takes what is negative for a wish to stop; the packet itself has been taken. */
static int on_record(void *context, void *record, size_t bytes)
{
	struct capture *capture = context;
	const struct carom_captured *head = record;
	struct capture_packet packet = {
		.time_ns = capture->epoch_ns + head->time_ns,
		.verdict = head->verdict,
		.interface = head->interface,
		.vip = vip_name(capture->memory, head->vip),
		.backend = backend_name(capture->memory, head),
		.frame = (const uint8_t *)(head + 1),
		.captured = head->captured,
		.length = head->length,
	};
	bool goes_on = true;

	capture->count++;
	if (head->capture == capture->number && sizeof(*head) + head->captured <= bytes)
		goes_on = capture->take(capture->context, &packet);
	return goes_on && capture->count < capture->count_max ? 0 : -ECANCELED;
}

size_t capture_read(struct capture *capture, size_t count_max, capture_take *take, void *context)
{
	capture->take = take;
	capture->context = context;
	capture->count = 0;
	capture->count_max = count_max;
	ring_buffer__consume(capture->ring);
	return capture->count;
}

int capture_fd(const struct capture *capture)
{
	return ring_buffer__epoll_fd(capture->ring);
}

/* ---- on and off ---- */

struct capture *capture_new(const struct dataplane *dataplane, struct error *ret_error)
{
	struct dataplane_capture_maps maps = dataplane_capture_maps(dataplane);
	struct capture *capture = calloc(1, sizeof(*capture));

	if (capture) {
		capture->memory = dataplane_memory(dataplane);
		capture->lanes = maps.lanes;
		capture->lane_copies =
			calloc((size_t)libbpf_num_possible_cpus(), sizeof(capture->lane_copies[0]));
		capture->ring = ring_buffer__new(maps.captured, on_record, capture, NULL);
	}
	if (capture && capture->lane_copies && capture->ring)
		return capture;
	error_set_errno(ret_error, capture && capture->lane_copies ? errno : ENOMEM,
			"the ring of captured packets");
	capture_free(capture);
	return NULL;
}

void capture_free(struct capture *capture)
{
	if (!capture)
		return;
	capture_stop(capture);
	ring_buffer__free(capture->ring);
	free(capture->lane_copies);
	free(capture);
}

void capture_start(struct capture *capture, const struct capture_order *order)
{
	*capture->memory->capture = (struct carom_capture){
		.verdicts = order->verdicts,
		.vip = order->vip,
		.snap_bytes = order->snap_bytes,
	};
	capture->epoch_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	/* A program that sees the number sees the order: it is put with release. */
	capture->memory->control->capture = ++capture->number;
	control_page_put(capture->memory->page);
}

void capture_stop(struct capture *capture)
{
	capture->memory->control->capture = 0;
	control_page_put(capture->memory->page);
}

int capture_losses(const struct capture *capture, struct capture_losses *ret_losses)
{
	struct capture_losses losses = {0};
	int count = libbpf_num_possible_cpus();
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(capture->lanes, &zero, capture->lane_copies))
		return -1;
	for (int cpu = 0; cpu < count; cpu++) {
		const struct carom_capture_lane *lane = &capture->lane_copies[cpu];

		if (lane->capture != capture->number)
			continue;
		losses.rate_limited += lane->rate_limited;
		losses.ring_full += lane->ring_full;
	}
	*ret_losses = losses;
	return 0;
}
