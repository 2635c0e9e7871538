/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_api_rings [ROUNDS]
 *
 * A ring of 65,536 slots for 1,000 backends: how long it takes to fill, with equal weights and with
 * weights of all sizes; its fingerprint; and how long to write and publish it, when another one was
 * published, alone and beside 4,096 VIPs that stay as they are. The real maglev and publishing, on
 * maps that no packet reads. Prints a line of JSON: of each, the times in microseconds.
 */
#include "harness.h"
#include "maglev.h"

#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING_BITS      16
#define BACKENDS       1000
#define WEIGHT_SPREAD  100 /* weights of all sizes: from 1 to this */
#define OTHER_VIPS     4096
#define OTHER_BACKENDS 16
#define OTHER_BITS     12
#define ROUNDS	       201
#define ROUNDS_MAX     10000
#define MTU	       1500
#define BACKEND_BASE   0x0a000000 /* 10.0.0.0 */
#define OTHER_BASE     0x0b000000
#define VIP_BASE       0xc0000200 /* 192.0.2.0 */

static void __attribute__((noreturn)) give_up(const char *what)
{
	fprintf(stderr, "bench_api_rings: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void *taken(void *memory)
{
	if (!memory)
		give_up("memory");
	return memory;
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct carom_address ipv4(uint32_t number)
{
	return address_from_ipv4(htonl(number));
}

/* ---- a series of times ---- */

enum what { FILL_EQUAL, FILL_SPREAD, DIGEST, PUBLISH_ALONE, PUBLISH_BESIDE, WHAT_COUNT };

static const char *const names[WHAT_COUNT] = {
	[FILL_EQUAL] = "fill, equal weights",
	[FILL_SPREAD] = "fill, weights 1 to 100",
	[DIGEST] = "digest",
	[PUBLISH_ALONE] = "publish, alone",
	[PUBLISH_BESIDE] = "publish, beside 4096 VIPs",
};

struct series {
	double times_us[ROUNDS_MAX];
	size_t count;
};

static void print(const struct series *all)
{
	for (size_t what = 0; what < WHAT_COUNT; what++) {
		printf("%s\"%s\": [", what ? ", " : "{", names[what]);
		for (size_t i = 0; i < all[what].count; i++)
			printf("%s%.1f", i ? ", " : "", all[what].times_us[i]);
		putchar(']');
	}
	puts("}");
}

/* ---- filling ---- */

struct ring_input {
	struct maglev_backend backends[BACKENDS];
	uint64_t identities[BACKENDS];
	uint16_t slots[1 << RING_BITS];
};

static struct ring_input *make_input(uint32_t spread)
{
	struct ring_input *input = taken(calloc(1, sizeof(*input)));

	for (uint32_t i = 0; i < BACKENDS; i++) {
		struct carom_address address = ipv4(BACKEND_BASE + i);
		uint64_t identity = maglev_identity("backend", &address);

		input->identities[i] = identity;
		input->backends[i] = (struct maglev_backend){
			.identity = identity,
			.weight = 1 + (uint32_t)(identity % spread),
			.ordinal = (uint16_t)i,
		};
	}
	return input;
}

/* Another ring each time: a CPU that has seen one before guesses its branches right. */
static void measure_fill(struct series *series, struct ring_input *input)
{
	double began_us;

	for (size_t i = 0; i < BACKENDS; i++)
		input->backends[i].identity = carom_mix(input->backends[i].identity, 1);
	began_us = now_us();
	if (maglev_fill(input->backends, BACKENDS, RING_BITS, input->slots))
		give_up("filling a ring");
	series->times_us[series->count++] = now_us() - began_us;
}

static void measure_digest(struct series *series, const struct ring_input *input)
{
	double began_us = now_us();
	volatile uint64_t digest = maglev_digest(input->slots, RING_BITS, input->identities);

	(void)digest;
	series->times_us[series->count++] = now_us() - began_us;
}

/* ---- publishing ---- */

static struct image_vip *make_vip(uint32_t number, uint32_t first_address, size_t backend_count)
{
	struct image_vip *vip = taken(image_vip_new(backend_count));

	snprintf(vip->name, sizeof(vip->name), "vip-%06u", number);
	vip->address = ipv4(VIP_BASE + number);
	vip->port = 80;
	vip->protocol = IPPROTO_TCP;
	vip->tracking = TRACKING_CHANGES;
	for (size_t i = 0; i < backend_count; i++) {
		struct image_backend *backend = &vip->backends[i];

		snprintf(backend->name, sizeof(backend->name), "backend-%zu", i);
		backend->address = ipv4(first_address + (uint32_t)i);
		backend->weight = 1;
		backend->state = CAROM_BACKEND_ACTIVE;
		backend->keeps_flows = true;
		backend->next_hop = (struct next_hop){
			.resolved = true,
			.interface = HARNESS_INGRESS,
			.mtu = MTU,
			.source = ipv4(BACKEND_BASE),
		};
	}
	return vip;
}

static struct image_ring *make_ring(unsigned bits, const struct ring_input *input)
{
	struct image_ring *ring = taken(image_ring_new(bits));

	if (input)
		memcpy(ring->slots, input->slots, sizeof(ring->slots[0]) << bits);
	else
		memset(ring->slots, 0, sizeof(ring->slots[0]) << bits);
	return ring;
}

/* VIP 0 with this ring, and so many others that are the same as in `former`. */
static struct image *make_image(const struct ring_input *input, size_t other_count,
				const struct image *former)
{
	struct image *image = taken(image_new(1 + other_count));

	image->vips[0] = make_vip(0, BACKEND_BASE, BACKENDS);
	image->vips[0]->ring = make_ring(RING_BITS, input);
	for (uint32_t i = 1; i <= other_count; i++) {
		if (former) {
			image->vips[i] = image_vip_ref(former->vips[i]);
			continue;
		}
		image->vips[i] = make_vip(i, OTHER_BASE + i * OTHER_BACKENDS, OTHER_BACKENDS);
		image->vips[i]->ring = make_ring(OTHER_BITS, NULL);
	}
	return image;
}

static void commit(struct harness *harness, struct image *image)
{
	struct error error = {0};

	if (publish_commit(harness->publish, image, &error)) {
		fprintf(stderr, "bench_api_rings: %s\n", error.message);
		exit(EXIT_FAILURE);
	}
}

/* The two rings take turns; no packet reads the maps, so what was replaced is free at once. */
static void measure_publish(struct series *series, struct ring_input *const *inputs,
			    size_t other_count, size_t rounds)
{
	struct harness harness = harness_open(&(struct harness_options){
		.limits =
			{
				.vips = OTHER_VIPS + 1,
				.backends = OTHER_VIPS * OTHER_BACKENDS + BACKENDS,
				.slots = (OTHER_VIPS << OTHER_BITS) + (2 << RING_BITS),
				.flows = 1,
				.flow_inserts_per_s = 1,
				.flow_idle_timeout_s = 1,
			},
	});
	struct image *image = make_image(inputs[0], other_count, NULL);

	commit(&harness, image);
	for (size_t round = 1; round <= rounds; round++) {
		struct image *next = make_image(inputs[round % 2], other_count, image);
		double began_us;

		image_unref(image);
		image = next;
		publish_reclaim(harness.publish, publish_epoch(harness.publish));
		began_us = now_us();
		commit(&harness, image);
		series->times_us[series->count++] = now_us() - began_us;
	}
	image_unref(image);
	harness_close(&harness);
}

int main(int count, char **values)
{
	static struct series all[WHAT_COUNT];
	size_t rounds = count > 1 ? strtoul(values[1], NULL, 10) : ROUNDS;
	struct ring_input *inputs[] = {make_input(1), make_input(WEIGHT_SPREAD)};

	if (rounds < 1 || rounds > ROUNDS_MAX)
		rounds = ROUNDS;
	for (size_t round = 0; round < rounds; round++) {
		measure_fill(&all[FILL_EQUAL], inputs[0]);
		measure_fill(&all[FILL_SPREAD], inputs[1]);
		measure_digest(&all[DIGEST], inputs[0]);
	}
	measure_publish(&all[PUBLISH_ALONE], inputs, 0, rounds);
	measure_publish(&all[PUBLISH_BESIDE], inputs, OTHER_VIPS, rounds);
	print(all);
	free(inputs[0]);
	free(inputs[1]);
	return EXIT_SUCCESS;
}
