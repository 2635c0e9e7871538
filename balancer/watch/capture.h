/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's side of capturing: says which packets the program is to copy, and reads them. One
 * capture at a time, for there is one order in the maps.
 *
 * It ends with its process: the program stops copying when control.clock stands still.
 */
#ifndef CAROM_CAPTURE_H
#define CAROM_CAPTURE_H

#include "dataplane.h"

#include <stddef.h>
#include <stdint.h>

/* dataplane: borrowed until capture_free(). NULL on failure, described. */
struct capture;
struct capture *capture_new(const struct dataplane *dataplane, struct error *ret_error);
/* Stops what is on. */
void capture_free(struct capture *capture);

struct capture_order {
	uint64_t verdicts;   /* bit n: packets of verdict n; see abi.h */
	uint32_t vip;	     /* the number that it counts under; 0: of all */
	uint32_t snap_bytes; /* of a frame, at most CAROM_CAPTURE_SNAP_MAX */
};

/* Ends the one before. */
void capture_start(struct capture *capture, const struct capture_order *order);
/* Nothing more is copied; what was, can still be read. */
void capture_stop(struct capture *capture);

struct capture_packet {
	uint64_t time_ns; /* since 1970 */
	uint32_t verdict;
	uint32_t interface;  /* ifindex that it came in by */
	const char *vip;     /* its name; NULL: none was found */
	const char *backend; /* likewise */
	const uint8_t *frame;
	uint32_t captured;
	uint32_t length; /* on the wire */
};

/* Borrowed during the call. Returns whether it takes another one. */
typedef bool capture_take(void *context, const struct capture_packet *packet);

/* To be polled for reading; capture_read() when it is readable. */
int capture_fd(const struct capture *capture);
/* Reads at most count_max packets, hands over those of the last capture, and throws the others
 * away. Returns how many it read; 0: there is none left. */
size_t capture_read(struct capture *capture, size_t count_max, capture_take *take, void *context);

/* Packets that were wanted by the last capture, and not copied. */
struct capture_losses {
	uint64_t rate_limited; /* over CAROM_CAPTURE_PER_SECOND a CPU */
	uint64_t ring_full;    /* the reader was behind */
};
/* Returns 0; -1: they cannot be read. */
int capture_losses(const struct capture *capture, struct capture_losses *ret_losses);

#endif
