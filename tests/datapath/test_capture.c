/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a capture copies of the packets that the program handles, what it leaves out, and that it
 * ends: by order, by the limits, and when whoever ordered it is gone.
 */
#include "capture.h"
#include "check.h"
#include "verdict.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define SEEN_MAX      16
#define ALL_VERDICTS  (~(1ull << CAROM_VERDICT_FOREIGN))
#define READ_ALL      1000000
#define NS_PER_S      1000000000ull
#define OTHER_ADAPTER 77

static const struct backend to_ipv4 = {.address = "10.0.0.4", .weight = 1};
static const struct backend to_ipv6 = {.address = "fd00::6", .weight = 1};
static const struct backend elsewhere = {
	.address = "10.0.0.7", .weight = 1, .interface = OTHER_ADAPTER};
static const struct backend narrow = {.address = "10.0.0.8", .weight = 1, .mtu = 60};
static const struct backend idle = {.address = "10.0.0.9", .weight = 0};

enum { FOUR_IN_FOUR, FOUR_IN_SIX, SIX_IN_SIX, SIX_IN_FOUR, REDIRECTED, NARROW, EMPTY };

#define VIP(at, to)                                                                                \
	{                                                                                          \
		.address = at, .port = 80, .backends = &to, .backend_count = 1                     \
	}

static const struct vip vips[] = {
	[FOUR_IN_FOUR] = VIP("192.0.2.1", to_ipv4), [FOUR_IN_SIX] = VIP("192.0.2.2", to_ipv6),
	[SIX_IN_SIX] = VIP("2001:db8::1", to_ipv6), [SIX_IN_FOUR] = VIP("2001:db8::2", to_ipv4),
	[REDIRECTED] = VIP("192.0.2.3", elsewhere), [NARROW] = VIP("192.0.2.4", narrow),
	[EMPTY] = VIP("192.0.2.5", idle),
};

struct subject {
	struct harness harness;
	struct capture *capture;
};

/* ---- packets that were captured ---- */

struct seen {
	struct capture_packet packet;
	struct frame frame;
};

struct reading {
	struct seen seen[SEEN_MAX];
	size_t count; /* may be more than were kept */
};

static bool keep(void *context, const struct capture_packet *packet)
{
	struct reading *reading = context;

	if (reading->count < SEEN_MAX) {
		struct seen *seen = &reading->seen[reading->count];

		seen->packet = *packet;
		seen->frame.length = packet->captured;
		memcpy(seen->frame.bytes, packet->frame, packet->captured);
	}
	reading->count++;
	return true;
}

/* Static: it is large. */
static const struct reading *read_all(struct subject *subject)
{
	static struct reading reading;

	reading.count = 0;
	while (capture_read(subject->capture, READ_ALL, keep, &reading))
		;
	return &reading;
}

static const struct seen *read_one(struct subject *subject)
{
	const struct reading *reading = read_all(subject);

	if (reading->count != 1)
		fail_msg("captured %zu packets, expected 1", reading->count);
	return &reading->seen[0];
}

static void start(struct subject *subject, uint64_t verdicts, uint32_t vip, uint32_t snap_bytes)
{
	capture_start(subject->capture, &(struct capture_order){verdicts, vip, snap_bytes});
}

static void start_all(struct subject *subject)
{
	start(subject, ALL_VERDICTS, 0, CAROM_CAPTURE_SNAP_MAX);
}

static int stop(void **state)
{
	const struct trial *trial = *state;
	struct subject *subject = trial->subject;

	capture_stop(subject->capture);
	read_all(subject);
	return 0;
}

static struct frame frame_to(size_t vip)
{
	return packet_build(&(struct packet){
		.destination = vips[vip].address, .destination_port = 80, .payload_bytes = 40});
}

static void check_text(const char *what, const char *found, const char *expected)
{
	if (!found != !expected || (found && strcmp(found, expected) != 0))
		fail_msg("the %s is %s, expected %s", what, found ? found : "none",
			 expected ? expected : "none");
}

/* ---- what a record says ---- */

struct record_row {
	const char *name;
	struct packet packet;
	uint32_t verdict;
	const struct vip *vip;	       /* NULL: none is known */
	const struct backend *backend; /* likewise */
};

#define WEB .destination_port = 80, .payload_bytes = 40

static const struct record_row record_rows[] = {
	{"IPv4 in IPv4",
	 {.destination = "192.0.2.1", WEB},
	 CAROM_VERDICT_TX,
	 &vips[FOUR_IN_FOUR],
	 &to_ipv4},
	{"IPv4 in IPv6",
	 {.destination = "192.0.2.2", WEB},
	 CAROM_VERDICT_TX,
	 &vips[FOUR_IN_SIX],
	 &to_ipv6},
	{"IPv6 in IPv6",
	 {.destination = "2001:db8::1", WEB},
	 CAROM_VERDICT_TX,
	 &vips[SIX_IN_SIX],
	 &to_ipv6},
	{"IPv6 in IPv4",
	 {.destination = "2001:db8::2", WEB},
	 CAROM_VERDICT_TX,
	 &vips[SIX_IN_FOUR],
	 &to_ipv4},
	{"padding behind the packet",
	 {.destination = "192.0.2.1", WEB, .padding_bytes = 6},
	 CAROM_VERDICT_TX,
	 &vips[FOUR_IN_FOUR],
	 &to_ipv4},
	{"to another interface",
	 {.destination = "192.0.2.3", WEB},
	 CAROM_VERDICT_REDIRECT,
	 &vips[REDIRECTED],
	 &elsewhere},
	{"too big",
	 {.destination = "192.0.2.4", WEB},
	 CAROM_REASON_TOO_BIG,
	 &vips[NARROW],
	 &narrow},
	{"no backend",
	 {.destination = "192.0.2.5", WEB},
	 CAROM_REASON_NO_BACKEND,
	 &vips[EMPTY],
	 NULL},
	{"no VIP has the port",
	 {.destination = "192.0.2.1", .destination_port = 81},
	 CAROM_REASON_NOT_SERVED,
	 NULL,
	 NULL},
	{"a fragment",
	 {.destination = "192.0.2.1", WEB, .fragment = FRAGMENT_MORE},
	 CAROM_REASON_FRAGMENT,
	 NULL,
	 NULL},
};

static uint64_t realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static const char *name_of(const struct subject *subject, const struct vip *vip)
{
	const struct image *image = publish_image(subject->harness.publish);

	return vip ? image->vips[harness_find_vip(&subject->harness, vip)]->name : NULL;
}

static void test_record(void **state)
{
	const struct trial *trial = *state;
	const struct record_row *row = trial->row;
	struct subject *subject = trial->subject;
	struct frame frame = packet_build(&row->packet);
	uint64_t before_ns;
	const struct seen *seen;

	start_all(subject);
	before_ns = realtime_ns();
	harness_run(&subject->harness, &frame);
	seen = read_one(subject);
	assert_int_equal(seen->packet.verdict, row->verdict);
	assert_int_equal(seen->packet.interface, HARNESS_INGRESS);
	assert_int_equal(seen->packet.length, frame.length);
	check_text("VIP", seen->packet.vip, name_of(subject, row->vip));
	check_text("backend", seen->packet.backend, row->backend ? row->backend->address : NULL);
	check_frame(&seen->frame, &frame);
	/* The clocks' distance was taken as the capture began, which costs a moment. */
	assert_in_range(seen->packet.time_ns, before_ns - NS_PER_S, realtime_ns() + NS_PER_S);
}

struct foreign_row {
	const char *name;
	struct packet packet;
	size_t cut; /* to so many bytes; 0: not */
};

static const struct foreign_row foreign_rows[] = {
	{"for another IPv4 address", {.destination = "192.0.2.99", WEB}, 0},
	{"for another IPv6 address", {.destination = "2001:db8::99", WEB}, 0},
	{"too short for a destination", {.destination = "192.0.2.1", WEB}, 20},
};

static void test_foreign(void **state)
{
	const struct trial *trial = *state;
	const struct foreign_row *row = trial->row;
	struct subject *subject = trial->subject;
	struct frame frame = packet_build(&row->packet);

	frame.length = row->cut ? row->cut : frame.length;
	start_all(subject);
	harness_run(&subject->harness, &frame);
	assert_int_equal(read_all(subject)->count, 0);
}

struct snap_row {
	const char *name;
	size_t vip;
	uint32_t snap_bytes;
};

static const struct snap_row snap_rows[] = {
	{"the Ethernet header", FOUR_IN_FOUR, ETHERNET_BYTES},
	{"a byte more", FOUR_IN_SIX, ETHERNET_BYTES + 1},
	{"within the IP header", SIX_IN_SIX, 33},
	{"one less than the frame", FOUR_IN_FOUR, ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES + 39},
	{"all of a frame that is refused", EMPTY, ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES + 40},
	{"more than the frame has", SIX_IN_FOUR, 2000},
};

static void test_snap(void **state)
{
	const struct trial *trial = *state;
	const struct snap_row *row = trial->row;
	struct subject *subject = trial->subject;
	struct frame frame = frame_to(row->vip), expected = frame;
	const struct seen *seen;

	if (row->snap_bytes < frame.length)
		expected.length = row->snap_bytes;
	start(subject, ALL_VERDICTS, 0, row->snap_bytes);
	harness_run(&subject->harness, &frame);
	seen = read_one(subject);
	assert_int_equal(seen->packet.length, frame.length);
	check_frame(&seen->frame, &expected);
}

/* ---- what is left out ---- */

static void run_each(const struct subject *subject)
{
	struct frame frame;

	for (size_t i = 0; i < COUNT(vips); i++) {
		frame = frame_to(i);
		harness_run(&subject->harness, &frame);
	}
}

struct choice_row {
	const char *name;
	uint64_t verdicts;
	int vip; /* -1: all */
	size_t expected;
};

static const struct choice_row choice_rows[] = {
	{"everything", ALL_VERDICTS, -1, COUNT(vips)},
	{"what is sent back", 1ull << CAROM_VERDICT_TX, -1, 4},
	{"one reason", 1ull << CAROM_REASON_NO_BACKEND, -1, 1},
	{"two reasons", 1ull << CAROM_REASON_NO_BACKEND | 1ull << CAROM_REASON_TOO_BIG, -1, 2},
	{"one VIP", ALL_VERDICTS, SIX_IN_FOUR, 1},
	{"one VIP's drops, of which there are none", 1ull << CAROM_REASON_NO_BACKEND, SIX_IN_FOUR,
	 0},
	{"nothing", 0, -1, 0},
};

static void test_choice(void **state)
{
	const struct trial *trial = *state;
	const struct choice_row *row = trial->row;
	struct subject *subject = trial->subject;
	const struct publish *publish = subject->harness.publish;
	const struct reading *reading;
	uint32_t number = 0;

	if (row->vip >= 0)
		number = publish_vip_number(publish,
					    harness_find_vip(&subject->harness, &vips[row->vip]));
	start(subject, row->verdicts, number, 64);
	run_each(subject);
	reading = read_all(subject);
	assert_int_equal(reading->count, row->expected);
	for (size_t i = 0; i < reading->count; i++)
		assert_true(row->verdicts >> reading->seen[i].packet.verdict & 1);
}

/* ---- on and off ---- */

static void test_off(void **state)
{
	struct subject *subject = ((struct trial *)*state)->subject;

	run_each(subject);
	assert_int_equal(read_all(subject)->count, 0);
	start_all(subject);
	capture_stop(subject->capture);
	run_each(subject);
	assert_int_equal(read_all(subject)->count, 0);
}

static void test_what_was_copied_is_read_after_stop(void **state)
{
	struct subject *subject = ((struct trial *)*state)->subject;

	start_all(subject);
	run_each(subject);
	capture_stop(subject->capture);
	assert_int_equal(read_all(subject)->count, COUNT(vips));
}

static void test_next_capture_has_its_own_only(void **state)
{
	struct subject *subject = ((struct trial *)*state)->subject;
	struct frame frame = frame_to(EMPTY);

	start_all(subject);
	run_each(subject);
	start_all(subject);
	harness_run(&subject->harness, &frame);
	assert_int_equal(read_one(subject)->packet.verdict, CAROM_REASON_NO_BACKEND);
}

static bool take_two(void *context, const struct capture_packet *packet)
{
	size_t *count = context;

	(void)packet;
	return ++*count < 2;
}

static void test_reading_in_parts(void **state)
{
	struct subject *subject = ((struct trial *)*state)->subject;
	size_t taken = 0;

	start_all(subject);
	run_each(subject);
	assert_int_equal(capture_read(subject->capture, READ_ALL, take_two, &taken), 2);
	assert_int_equal(taken, 2);
	taken = 0;
	assert_int_equal(capture_read(subject->capture, 1, take_two, &taken), 1);
	assert_int_equal(read_all(subject)->count, COUNT(vips) - 3);
}

/* ---- limits: a frame that is refused comes out as it was, and can be run again and again ---- */

static void run_repeated(const struct subject *subject, const struct frame *frame, int times)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		    .data_size_in = (uint32_t)frame->length, .repeat = times);

	if (bpf_prog_test_run_opts(subject->harness.program, &options))
		fail_msg("BPF_PROG_TEST_RUN: %s", strerror(errno));
}

static void test_rate_limit(void **state)
{
	struct subject *subject = ((struct trial *)*state)->subject;
	struct publish *publish = subject->harness.publish;
	struct frame frame = frame_to(EMPTY);
	struct capture_losses losses;

	start(subject, ALL_VERDICTS, 0, 60);
	run_repeated(subject, &frame, CAROM_CAPTURE_PER_SECOND + 10);
	assert_int_equal(read_all(subject)->count, CAROM_CAPTURE_PER_SECOND);
	assert_int_equal(capture_losses(subject->capture, &losses), 0);
	assert_int_equal(losses.rate_limited, 10);
	assert_int_equal(losses.ring_full, 0);
	flows_set_clock(publish_flows(publish), flows_clock(publish_flows(publish)) + 1);
	run_each(subject);
	assert_int_equal(read_all(subject)->count, COUNT(vips));
}

static void test_ring_full(void **state)
{
	struct subject *subject = ((struct trial *)*state)->subject;
	struct frame frame = packet_build(&(struct packet){
		.destination = vips[EMPTY].address, .destination_port = 80, .payload_bytes = 1400});
	struct capture_losses losses;
	size_t count;

	start_all(subject);
	run_repeated(subject, &frame, 5000);
	count = read_all(subject)->count;
	assert_int_equal(capture_losses(subject->capture, &losses), 0);
	assert_in_range(count, 2000, 4999);
	assert_int_equal(losses.rate_limited, 0);
	assert_int_equal(losses.ring_full, 5000 - count);
	run_each(subject);
	assert_int_equal(read_all(subject)->count, COUNT(vips));
}

static void test_losses_begin_anew(void **state)
{
	struct subject *subject = ((struct trial *)*state)->subject;
	struct frame frame = frame_to(EMPTY);
	struct capture_losses losses;

	start(subject, ALL_VERDICTS, 0, 60);
	run_repeated(subject, &frame, CAROM_CAPTURE_PER_SECOND + 10);
	start_all(subject);
	run_each(subject);
	assert_int_equal(capture_losses(subject->capture, &losses), 0);
	assert_int_equal(losses.rate_limited, 0);
}

/* ---- whoever ordered it is gone ---- */

/* Lets every CPU have watched so many packets in this second. */
static void set_watched(const struct subject *subject, uint32_t watched)
{
	int lanes = dataplane_capture_maps(subject->harness.dataplane).lanes, zero = 0;
	size_t count = (size_t)libbpf_num_possible_cpus();
	struct carom_capture_lane *copies = calloc(count, sizeof(copies[0]));

	assert_non_null(copies);
	assert_int_equal(bpf_map_lookup_elem(lanes, &zero, copies), 0);
	for (size_t i = 0; i < count; i++)
		copies[i].watched = watched;
	assert_int_equal(bpf_map_update_elem(lanes, &zero, copies, BPF_ANY), 0);
	free(copies);
}

static void test_clock_that_stands_still(void **state)
{
	struct subject *subject = ((struct trial *)*state)->subject;
	const struct carom_control *control =
		dataplane_memory(subject->harness.dataplane)->page->mapped;
	struct frame frame = frame_to(FOUR_IN_FOUR), foreign;

	foreign = packet_build(&(struct packet){.destination = "192.0.2.99"});
	start_all(subject);
	harness_run(&subject->harness, &frame);
	set_watched(subject, CAROM_CAPTURE_WATCHED_MAX - 1);
	harness_run_program(subject->harness.program, &foreign, &frame);
	assert_int_equal(control->capture, 0);
	read_all(subject);
	run_each(subject);
	assert_int_equal(read_all(subject)->count, 0);
}

static void test_restart(void **state)
{
	struct subject *subject = ((struct trial *)*state)->subject;
	const struct harness_options options = {
		.limits = {.vips = 64, .backends = 64, .slots = 64 << CAROM_RING_BITS_MIN}};
	struct error error;

	start_all(subject);
	run_each(subject);
	capture_free(subject->capture);
	/* As if nobody had stopped it. */
	dataplane_memory(subject->harness.dataplane)->page->mapped->capture = 4242;
	assert_true(harness_restart(&subject->harness, &options));
	assert_int_equal(dataplane_memory(subject->harness.dataplane)->page->mapped->capture, 0);
	subject->capture = capture_new(subject->harness.dataplane, &error);
	assert_non_null(subject->capture);
	run_each(subject);
	assert_int_equal(read_all(subject)->count, 0);
	start_all(subject);
	run_each(subject);
	assert_int_equal(read_all(subject)->count, COUNT(vips));
}

#define TEST(function)                                                                             \
	{                                                                                          \
#function, function, NULL, stop, &trial                                            \
	}

int main(void)
{
	struct subject subject = {
		.harness = harness_open(
			&(struct harness_options){.limits = {.vips = 64,
							     .backends = 64,
							     .slots = 64 << CAROM_RING_BITS_MIN}}),
	};
	struct error error;
	struct trial trial = {&subject, NULL};
	const struct CMUnitTest tests[] = {
		TEST(test_off),
		TEST(test_what_was_copied_is_read_after_stop),
		TEST(test_next_capture_has_its_own_only),
		TEST(test_reading_in_parts),
		TEST(test_rate_limit),
		TEST(test_ring_full),
		TEST(test_losses_begin_anew),
		TEST(test_clock_that_stands_still),
		TEST(test_restart),
	};
	int failed = 0;

	harness_stay_on_this_cpu();
	harness_publish(&subject.harness, vips, COUNT(vips));
	subject.capture = capture_new(subject.harness.dataplane, &error);
	if (!subject.capture) {
		fprintf(stderr, "%s\n", error.message);
		return EXIT_FAILURE;
	}
	failed |= CHECK_ROWS("capture/record", &subject, record_rows, test_record);
	failed |= CHECK_ROWS("capture/foreign", &subject, foreign_rows, test_foreign);
	failed |= CHECK_ROWS("capture/snap", &subject, snap_rows, test_snap);
	failed |= CHECK_ROWS("capture/choice", &subject, choice_rows, test_choice);
	capture_stop(subject.capture);
	failed |= cmocka_run_group_tests_name("capture", tests, NULL, NULL);
	capture_free(subject.capture);
	harness_close(&subject.harness);
	return failed != 0;
}
