/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A commit of ten VIPs is one transaction: no packet sees a part of it.
 *
 * Revisions are told from each other by the packets themselves: in revision N, the backends of VIP
 * V are 10.V?.N.N, so that every packet that comes out says which VIP and which revision it met.
 * While one thread commits revisions, by turns in two shapes, others send packets to all the VIPs
 * in turn.
 *
 * What holds for every packet then proves that there is but one flip for all ten:
 *
 * - it is the packet of its own VIP and of one revision, in every byte;
 * - that revision is not older than any whose commit had returned before the packet was sent, nor
 *   newer than any whose commit had begun before it came back;
 * - nor is it older than what the packet before it met, which was to another VIP.
 */
#include "check.h"

#include "grace.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define VIPS	      10
#define BACKENDS      3 /* of each VIP, at most */
#define REVISIONS     300
#define SENDERS	      2
#define ADDRESS_BYTES 48

/* ---- revisions ---- */

/* A VIP's packets in one revision go to these. */
struct shape {
	char addresses[VIPS][BACKENDS][ADDRESS_BYTES];
	struct backend backends[VIPS][BACKENDS];
	struct vip vips[VIPS];
};

static const char *vip_address(unsigned vip)
{
	static const char *const addresses[VIPS] = {
		"192.0.2.1", "192.0.2.2",     "192.0.2.3",     "192.0.2.4",	"192.0.2.5",
		"192.0.2.6", "2001:db8::a:1", "2001:db8::b:2", "2001:db8::c:3", "2001:db8::d:4",
	};

	return addresses[vip];
}

static void write_backend_address(unsigned vip, unsigned backend, unsigned revision,
				  char ret_text[ADDRESS_BYTES])
{
	snprintf(ret_text, ADDRESS_BYTES, "10.%u.%u.%u", vip * BACKENDS + backend, revision >> 8,
		 revision & 0xff);
}

/* By turns many backends in small rings, and few in large ones. */
static void fill_shape(struct shape *shape, unsigned revision)
{
	size_t count = revision % 2 ? BACKENDS : 1;

	for (unsigned v = 0; v < VIPS; v++) {
		for (unsigned b = 0; b < count; b++) {
			write_backend_address(v, b, revision, shape->addresses[v][b]);
			shape->backends[v][b] = (struct backend){
				.address = shape->addresses[v][b],
				.weight = 1,
			};
		}
		shape->vips[v] = (struct vip){
			.address = vip_address(v),
			.port = 80,
			.ring_bits = revision % 2 ? 8 : 10,
			.backends = shape->backends[v],
			.backend_count = count,
		};
	}
}

/* ---- senders ---- */

/* Of commits that begin and return. */
struct progress {
	atomic_uint begun, returned;
	atomic_bool is_over;
};

struct sender {
	const struct harness *harness;
	struct progress *progress;
	uint16_t source_port;
	unsigned last;	 /* revision that the last packet met */
	unsigned flips;	 /* that were met within a round of all VIPs */
	char fault[256]; /* the first; empty: none */
};

static struct frame packet_to(unsigned vip, uint16_t source_port)
{
	return packet_build(&(struct packet){
		.destination = vip_address(vip),
		.source_port = source_port,
		.destination_port = 80,
		.tcp_flags = TCP_ACK,
	});
}

static unsigned revision_of(const struct frame *outer)
{
	return frame_read16(outer, AT_IPV4_DESTINATION + 2);
}

/* As the backend that it was sent to should get it. */
static bool is_whole(const struct frame *outer, const struct frame *inner, unsigned vip)
{
	unsigned backend = outer->bytes[AT_IPV4_DESTINATION + 1] % BACKENDS;
	char address[ADDRESS_BYTES];
	struct tunnel tunnel;
	struct frame expected;

	write_backend_address(vip, backend, revision_of(outer), address);
	tunnel = harness_tunnel(&(struct backend){.address = address});
	tunnel.dont_fragment = frame_read16(outer, AT_IPV4_FRAGMENT) != 0;
	expected = packet_wrap(inner, &tunnel);
	return outer->length == expected.length &&
	       memcmp(outer->bytes, expected.bytes, expected.length) == 0;
}

static void send_packet(struct sender *sender, unsigned vip)
{
	struct frame inner = packet_to(vip, sender->source_port++), outer;
	unsigned oldest = atomic_load(&sender->progress->returned), newest;
	uint32_t action = harness_run_program(sender->harness->program, &inner, &outer);
	unsigned revision = revision_of(&outer);

	newest = atomic_load(&sender->progress->begun);
	if (action != XDP_TX || !is_whole(&outer, &inner, vip))
		snprintf(sender->fault, sizeof(sender->fault),
			 "VIP %u: action %u, and a frame of no revision, to backend 10.%u.%u.%u",
			 vip, action, outer.bytes[AT_IPV4_DESTINATION + 1], revision >> 8,
			 revision & 0xff);
	else if (revision < oldest || revision > newest)
		snprintf(sender->fault, sizeof(sender->fault),
			 "VIP %u: a packet met revision %u; expected %u to %u", vip, revision,
			 oldest, newest);
	else if (revision < sender->last)
		snprintf(sender->fault, sizeof(sender->fault),
			 "VIP %u: a packet met revision %u after one had met %u", vip, revision,
			 sender->last);
	sender->flips += vip > 0 && revision > sender->last;
	sender->last = revision;
}

static void *send_packets(void *context)
{
	struct sender *sender = context;

	while (!atomic_load(&sender->progress->is_over) && !sender->fault[0])
		for (unsigned vip = 0; vip < VIPS && !sender->fault[0]; vip++)
			send_packet(sender, vip);
	return NULL;
}

/* ---- commits ---- */

static void commit_revision(struct harness *harness, struct grace *grace, struct progress *progress,
			    unsigned revision)
{
	struct shape shape;
	struct error error;
	uint64_t epoch;

	fill_shape(&shape, revision);
	atomic_store(&progress->begun, revision);
	harness_commit(harness, shape.vips, VIPS);
	atomic_store(&progress->returned, revision);
	epoch = publish_epoch(harness->publish);
	if (grace_wait(grace, &error))
		fail_msg("%s", error.message);
	publish_reclaim(harness->publish, epoch);
}

static void test_no_packet_sees_a_mixture(void **state)
{
	struct harness *harness = *state;
	struct error error;
	struct grace *grace = grace_new(&error);
	struct progress progress = {0};
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];

	assert_non_null(grace);
	commit_revision(harness, grace, &progress, 1);
	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){.harness = harness, .progress = &progress};
		assert_int_equal(pthread_create(&threads[i], NULL, send_packets, &senders[i]), 0);
	}
	for (unsigned revision = 2; revision <= REVISIONS; revision++)
		commit_revision(harness, grace, &progress, revision);
	atomic_store(&progress.is_over, true);
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	grace_free(grace);
	for (unsigned i = 0; i < SENDERS; i++) {
		assert_string_equal(senders[i].fault, "");
		/* Or the test has seen nothing of what it is about. */
		assert_in_range(senders[i].flips, 1, REVISIONS);
	}
}

int main(void)
{
	struct harness harness = harness_open(&(struct harness_options){
		.limits = {.vips = VIPS, .backends = 1024, .slots = VIPS << 12}});
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_no_packet_sees_a_mixture, &harness),
	};
	int failed = cmocka_run_group_tests_name("transaction", tests, NULL, NULL);

	harness_close(&harness);
	return failed != 0;
}
