/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of a request to capture; every key may be left out.
 *
 *   {"filter": "tcp port 443", "vip": "web", "verdict": "drop", "reason": "no_backend",
 *    "count": 1000, "duration_ms": 10000, "snap_bytes": 256}
 *
 * Pure.
 */
#ifndef CAROM_CAPTURE_REQUEST_H
#define CAROM_CAPTURE_REQUEST_H

#include "abi.h"
#include "capture_filter.h"
#include "error.h"

#include <jansson.h>

#define CAPTURE_REQUEST_COUNT_DEFAULT	    1000
#define CAPTURE_REQUEST_COUNT_MAX	    1000000
#define CAPTURE_REQUEST_DURATION_MS_DEFAULT 10000
#define CAPTURE_REQUEST_DURATION_MS_MAX	    600000
#define CAPTURE_REQUEST_SNAP_BYTES_DEFAULT  256
#define CAPTURE_REQUEST_SNAP_BYTES_MIN	    14 /* an Ethernet header */

struct capture_request {
	struct capture_filter *filter; /* owned */
	char vip[CAROM_NAME_BYTES];    /* empty: all */
	uint64_t verdicts;	       /* bit n: packets of verdict n; see abi.h */
	uint32_t count;
	uint32_t duration_ms;
	uint32_t snap_bytes; /* at most CAROM_CAPTURE_SNAP_MAX */
};

/* body: NULL for an empty one. Every fault is listed with its pointer. Returns 0 or -1; a request
 * that is good is to be given to capture_request_done(). */
int capture_request_decode(const json_t *body, struct capture_request *ret_request,
			   struct error_list *errors);
void capture_request_done(struct capture_request *request);

#endif
