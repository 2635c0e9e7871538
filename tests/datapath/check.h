/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a frame is expected to come to. Each check runs the frame through the program and judges
 * everything: the action, every byte that comes out, and every counter, whether it should have
 * moved or not. It fails the cmocka test with what was expected and what was found.
 */
#ifndef CAROM_TESTS_CHECK_H
#define CAROM_TESTS_CHECK_H

#include "harness.h"

#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct forwarding {
	const struct backend *backend;
	uint8_t traffic_class;
	bool dont_fragment;	 /* of an outer IPv4 header */
	uint16_t identification; /* of an outer IPv4 header */
	bool opens;		 /* counts as a new connection */
};

/* What else is in the outer header, the flow's own bits among it, is as it is for everybody. */
void check_forwarded(const struct harness *harness, const struct frame *frame,
		     const struct forwarding *expected);
/* Left to the kernel as it came, and counted nowhere. */
void check_passed(const struct harness *harness, const struct frame *frame);

enum attribution { OF_NO_VIP, OF_VIP };

/* Left as it came, with the action that abi.h gives to the reason, and counted once, there. */
void check_refused(const struct harness *harness, const struct frame *frame,
		   enum carom_reason reason, enum attribution attribution);
void check_result_refused(const struct harness_result *result, const struct frame *frame,
			  enum carom_reason reason, enum attribution attribution);

void check_action(const struct frame *frame, uint32_t found, uint32_t expected);
void check_frame(const struct frame *found, const struct frame *expected);

/* The state of a test that was made of a row. */
struct trial {
	void *subject; /* a struct harness, or whatever is tested */
	const void *row;
};

/* Runs a test for each row, named by the group and the row's first member, a string. Returns how
 * many failed. */
int check_rows(const char *group, void *subject, const void *rows, size_t row_count,
	       size_t row_bytes, CMUnitTestFunction test);

#define CHECK_ROWS(group, subject, rows, test)                                                     \
	check_rows(group, subject, rows, sizeof(rows) / sizeof((rows)[0]), sizeof((rows)[0]), test)

#endif
