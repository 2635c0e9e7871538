/* SPDX-License-Identifier: BSD-2-Clause */
/* What people are told of a packet, for each way that one can go. */
#include "address.h"
#include "explain_words.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE	     CAROM_ORDINAL_NONE
#define RING_BITS    8

/* Ethernet and IPv4 as far as words need it: 10.255.0.1 to 10.0.1.12. */
static const uint8_t wrapped[] = {
	2,  0, 0, 0, 0, 1,  2, 0, 0, 0,	 0,   2, 8, 0,	0x45, 0, 0,
	80, 0, 0, 0, 0, 64, 4, 0, 0, 10, 255, 0, 1, 10, 0,    1, 12,
};
static const uint8_t ipv4_frame[34] = {[12] = 8};
static const uint8_t other_frame[34] = {[12] = 8, [13] = 6};
static const uint8_t short_frame[20] = {[12] = 8};

static struct image_vip *make_vip(void)
{
	struct image_vip *vip = image_vip_new(2);

	assert_non_null(vip);
	vip->ring = image_ring_new(RING_BITS);
	assert_non_null(vip->ring);
	strcpy(vip->name, "web");
	address_parse("192.0.2.10", &vip->address);
	vip->port = 443;
	vip->protocol = IPPROTO_TCP;
	strcpy(vip->backends[0].name, "web-1");
	strcpy(vip->backends[1].name, "web-2");
	address_parse("10.0.1.11", &vip->backends[0].address);
	address_parse("10.0.1.12", &vip->backends[1].address);
	return vip;
}

struct row {
	uint32_t action;
	struct carom_explanation decided;
	bool has_vip;
	const uint8_t *frame;
	size_t length;
	const char *summary;
	const char *step; /* that is among the others */
};

/* Through an untracked slot, or through a tracked one with current, previous, recorded, chosen. */
#define TO_WEB_2                                                                                   \
	.verdict = CAROM_VERDICT_TX, .slot = 77, .current = 1, .previous = NONE, .recorded = NONE, \
	.chosen = 1
#define TRACKED(is_current, was_previous, is_recorded, is_chosen, fate)                            \
	.verdict = CAROM_VERDICT_TX, .slot = 77, .current = is_current, .previous = was_previous,  \
	.recorded = is_recorded, .chosen = is_chosen, .flow = fate
#define SENT  "sent to backend 'web-2' (10.0.1.12) of vip 'web' by interface 'eth1', as the "
#define FRAME ipv4_frame, sizeof(ipv4_frame)

static const struct row rows[] = {
	{XDP_TX,
	 {TO_WEB_2},
	 true,
	 FRAME,
	 SENT "current one; slot 77 is not tracked",
	 "its flow hashes to slot 77 of 256, which no change has moved lately: all its packets go "
	 "to backend 'web-2'"},
	{XDP_REDIRECT,
	 {TO_WEB_2},
	 true,
	 FRAME,
	 SENT "current one; slot 77 is not tracked",
	 "it leaves by interface 'eth1' to 02:00:00:00:00:01, another than it came from "
	 "(XDP_REDIRECT)"},
	{XDP_TX,
	 {TO_WEB_2},
	 true,
	 FRAME,
	 SENT "current one; slot 77 is not tracked",
	 "it is wrapped from 10.255.0.1 to 10.0.1.12: a frame of 34 bytes becomes one of 34"},
	{XDP_TX,
	 {TRACKED(1, 0, NONE, 1, CAROM_FLOW_RECORDABLE), .opens = 1},
	 true,
	 FRAME,
	 SENT "current one; slot 77 is tracked, and the flow would be recorded",
	 "its flow is not recorded yet, and this packet would record it"},
	{XDP_TX,
	 {TRACKED(0, 1, 1, 1, CAROM_FLOW_RECORDED)},
	 true,
	 FRAME,
	 SENT "recorded one; slot 77 is tracked, and the flow is recorded",
	 "its flow is recorded for backend 'web-2'"},
	{XDP_TX,
	 {TRACKED(0, 1, NONE, 1, CAROM_FLOW_RECORDABLE)},
	 true,
	 FRAME,
	 SENT "previous one; slot 77 is tracked, and the flow would be recorded",
	 "its flow hashes to slot 77 of 256, which is tracked: new flows go to the current backend "
	 "'web-1', those of before the change to the previous one 'web-2'"},
	{XDP_TX,
	 {TRACKED(1, 1, NONE, 1, CAROM_FLOW_UNNEEDED)},
	 true,
	 FRAME,
	 SENT "current one; slot 77 is tracked, and the flow needs no record",
	 "its flow hashes to slot 77 of 256, which is tracked, and has moved back: its current and "
	 "its previous backend is 'web-2'"},
	{XDP_TX,
	 {TRACKED(0, 1, NONE, 1, CAROM_FLOW_UNRECORDED), .opens = 1},
	 true,
	 FRAME,
	 SENT "previous one; slot 77 is tracked, but the flow cannot be recorded",
	 "its flow cannot be recorded: the flow table has no room for it, or too many were "
	 "recorded "
	 "in this second"},
	/* Its backend has given it up. */
	{XDP_TX,
	 {TRACKED(1, NONE, 0, 1, CAROM_FLOW_RECORDED)},
	 true,
	 FRAME,
	 SENT "current one; slot 77 is tracked, and the flow is recorded",
	 "its flow is recorded for backend 'web-1'"},
	{XDP_DROP,
	 {.verdict = CAROM_REASON_NO_BACKEND,
	  .slot = 3,
	  .current = NONE,
	  .previous = NONE,
	  .recorded = NONE,
	  .chosen = NONE},
	 true,
	 FRAME,
	 "dropped at vip 'web': no_backend: the VIP has no backend that can take the packet",
	 "its flow hashes to slot 3 of 256, which no change has moved lately: all its packets go "
	 "to "
	 "backend 'none'"},
	{XDP_DROP,
	 {.verdict = CAROM_REASON_FRAGMENT, .slot = CAROM_NONE},
	 false,
	 FRAME,
	 "dropped: fragment: an IP fragment, whose flow cannot be told",
	 "it is for the address of a VIP"},
	{XDP_PASS,
	 {.verdict = CAROM_VERDICT_FOREIGN, .slot = CAROM_NONE},
	 false,
	 FRAME,
	 "left to the kernel: no VIP has this address",
	 "it comes in by interface 'eth0', a frame of 34 bytes"},
	{XDP_PASS,
	 {.verdict = CAROM_VERDICT_FOREIGN, .slot = CAROM_NONE},
	 false,
	 other_frame,
	 sizeof(other_frame),
	 "left to the kernel: it is neither IPv4 nor IPv6 right behind the Ethernet header",
	 "it comes in by interface 'eth0', a frame of 34 bytes"},
	{XDP_PASS,
	 {.verdict = CAROM_VERDICT_FOREIGN, .slot = CAROM_NONE},
	 false,
	 short_frame,
	 sizeof(short_frame),
	 "left to the kernel: it is too short to have a destination",
	 "it comes in by interface 'eth0', a frame of 20 bytes"},
};

static void check_step(const json_t *steps, const char *expected)
{
	json_t *step;
	size_t index;

	json_array_foreach((json_t *)steps, index, step)
	{
		if (strcmp(json_string_value(step), expected) == 0)
			return;
	}
	json_array_foreach((json_t *)steps, index, step)
		print_error("step: %s\n", json_string_value(step));
	fail_msg("expected among them: %s", expected);
}

static void check_row(const struct row *row, const struct image_vip *vip)
{
	struct explain_packet packet = {.frame = row->frame, .length = row->length};
	struct explain_result result = {.action = row->action, .decided = row->decided};
	struct explain_facts facts = {
		.packet = &packet,
		.interface = "eth0",
		.result = &result,
		.vip = row->has_vip ? vip : NULL,
		.out_interface = "eth1",
	};
	json_t *summary, *steps;

	memcpy(result.frame, wrapped, sizeof(wrapped));
	result.length = sizeof(wrapped);
	summary = explain_words_summary(&facts);
	steps = explain_words_steps(&facts);
	assert_string_equal(json_string_value(summary), row->summary);
	check_step(steps, row->step);
	json_decref(summary);
	json_decref(steps);
}

static void test_words(void **state)
{
	struct image_vip *vip = make_vip();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i], vip);
	image_vip_unref(vip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};

	return cmocka_run_group_tests_name("explain_words", tests, NULL, NULL);
}
