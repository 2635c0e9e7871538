/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DUMP_LINE_BYTES 16

static const char *action_name(uint32_t action)
{
	static const char *const names[] = {
		[XDP_ABORTED] = "XDP_ABORTED",	 [XDP_DROP] = "XDP_DROP",
		[XDP_PASS] = "XDP_PASS",	 [XDP_TX] = "XDP_TX",
		[XDP_REDIRECT] = "XDP_REDIRECT",
	};

	return action < sizeof(names) / sizeof(names[0]) ? names[action] : "an unknown action";
}

void check_action(const struct frame *frame, uint32_t found, uint32_t expected)
{
	if (found != expected)
		fail_msg("a frame of %zu bytes: expected %s, found %s", frame->length,
			 action_name(expected), action_name(found));
}

/* ---- frames ---- */

static void dump_line(const char *what, const struct frame *frame, size_t offset)
{
	char text[3 * DUMP_LINE_BYTES + 1] = "";

	for (size_t i = offset; i < frame->length && i < offset + DUMP_LINE_BYTES; i++)
		sprintf(text + 3 * (i - offset), "%02x ", frame->bytes[i]);
	print_error("%s %4zu: %s\n", what, offset, text);
}

/* The lines that differ. */
static void dump_difference(const struct frame *found, const struct frame *expected)
{
	size_t length = found->length > expected->length ? found->length : expected->length;

	print_error("expected %zu bytes, found %zu\n", expected->length, found->length);
	for (size_t offset = 0; offset < length; offset += DUMP_LINE_BYTES) {
		if (offset + DUMP_LINE_BYTES <= found->length &&
		    offset + DUMP_LINE_BYTES <= expected->length &&
		    memcmp(found->bytes + offset, expected->bytes + offset, DUMP_LINE_BYTES) == 0)
			continue;
		dump_line("expected", expected, offset);
		dump_line("found   ", found, offset);
	}
}

void check_frame(const struct frame *found, const struct frame *expected)
{
	if (found->length == expected->length &&
	    memcmp(found->bytes, expected->bytes, found->length) == 0)
		return;
	dump_difference(found, expected);
	fail_msg("the frame is not the expected one");
}

/* ---- counters ---- */

static void check_count(const char *what, uint64_t found, uint64_t expected)
{
	if (found != expected)
		fail_msg("counted %llu %s, expected %llu", (unsigned long long)found, what,
			 (unsigned long long)expected);
}

static void check_reasons(const char *whose, const uint64_t found[CAROM_REASON_COUNT],
			  const uint64_t expected[CAROM_REASON_COUNT])
{
	static const char *const names[] = {
#define REASON_NAME(name, number, label, action, help) label,
		CAROM_REASONS(REASON_NAME)
#undef REASON_NAME
	};
	char what[64];

	for (size_t reason = 0; reason < CAROM_REASON_COUNT; reason++) {
		snprintf(what, sizeof(what), "%s %s", names[reason], whose);
		check_count(what, found[reason], expected[reason]);
	}
}

static void check_ledger(const struct ledger *found, const struct ledger *expected)
{
	check_count("packets", found->forwarded.packets, expected->forwarded.packets);
	check_count("bytes", found->forwarded.bytes, expected->forwarded.bytes);
	check_count("connections", found->forwarded.connections, expected->forwarded.connections);
	check_reasons("of VIPs", found->of_vip, expected->of_vip);
	check_reasons("of no VIP", found->of_none, expected->of_none);
}

/* ---- what becomes of a frame ---- */

/* Takes over the flow's label, and its bits of the source address: those that it may choose. */
static void adopt_flow_bits(struct tunnel *tunnel, const struct frame *outer,
			    const struct backend *backend)
{
	__be32 mask = htonl((uint32_t)((1ull << backend->source_host_bits) - 1)), found;
	bool ipv4 = address_is_ipv4(&tunnel->destination);

	memcpy(&found, outer->bytes + (ipv4 ? AT_IPV4_SOURCE : AT_IPV6_SOURCE + 12), sizeof(found));
	tunnel->source.words[3] |= found & mask;
	if (ipv4)
		return;
	tunnel->flow_label =
		(outer->bytes[AT_IP + 1] & 0xfu) << 16 | frame_read16(outer, AT_IP + 2);
	if (!tunnel->flow_label)
		fail_msg("the flow label is zero");
}

void check_forwarded(const struct harness *harness, const struct frame *frame,
		     const struct forwarding *expected)
{
	const struct backend *backend = expected->backend;
	struct harness_result result = harness_run(harness, frame);
	struct tunnel tunnel = harness_tunnel(backend);
	struct frame wrapped;

	check_action(frame, result.action, backend->interface ? XDP_REDIRECT : XDP_TX);
	tunnel.traffic_class = expected->traffic_class;
	tunnel.dont_fragment = expected->dont_fragment;
	tunnel.identification = expected->identification;
	adopt_flow_bits(&tunnel, &result.frame, backend);
	wrapped = packet_wrap(frame, &tunnel);
	check_frame(&result.frame, &wrapped);
	check_ledger(&result.counted,
		     &(struct ledger){.forwarded = {1, frame_ip_bytes(frame), expected->opens, 0}});
}

void check_passed(const struct harness *harness, const struct frame *frame)
{
	struct harness_result result = harness_run(harness, frame);

	check_action(frame, result.action, XDP_PASS);
	check_frame(&result.frame, frame);
	check_ledger(&result.counted, &(struct ledger){0});
}

static uint32_t reason_action(enum carom_reason reason)
{
	static const uint32_t actions[] = {
#define REASON_ACTION(name, number, label, action, help) XDP_##action,
		CAROM_REASONS(REASON_ACTION)
#undef REASON_ACTION
	};

	return actions[reason];
}

void check_result_refused(const struct harness_result *result, const struct frame *frame,
			  enum carom_reason reason, enum attribution attribution)
{
	struct ledger expected = {0};

	if (attribution == OF_VIP)
		expected.of_vip[reason] = 1;
	else
		expected.of_none[reason] = 1;
	check_action(frame, result->action, reason_action(reason));
	check_frame(&result->frame, frame);
	check_ledger(&result->counted, &expected);
}

void check_refused(const struct harness *harness, const struct frame *frame,
		   enum carom_reason reason, enum attribution attribution)
{
	struct harness_result result = harness_run(harness, frame);

	check_result_refused(&result, frame, reason, attribution);
}

/* ---- tests made of rows ---- */

/* Owned by the caller. */
static char *name_test(const char *group, const void *row)
{
	char *name;

	return asprintf(&name, "%s: %s", group, *(const char *const *)row) < 0 ? NULL : name;
}

int check_rows(const char *group, void *subject, const void *rows, size_t row_count,
	       size_t row_bytes, CMUnitTestFunction test)
{
	struct CMUnitTest *tests = calloc(row_count, sizeof(tests[0]));
	struct trial *trials = calloc(row_count, sizeof(trials[0]));
	int failed = -1;

	for (size_t i = 0; tests && trials && i < row_count; i++) {
		const void *row = (const char *)rows + i * row_bytes;

		trials[i] = (struct trial){subject, row};
		tests[i] = (struct CMUnitTest){
			.name = name_test(group, row),
			.test_func = test,
			.initial_state = &trials[i],
		};
	}
	if (tests && trials)
		failed = _cmocka_run_group_tests(group, tests, row_count, NULL, NULL);
	for (size_t i = 0; tests && i < row_count; i++)
		free((void *)(uintptr_t)tests[i].name);
	free(tests);
	free(trials);
	return failed;
}
