/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of a request to explain: a packet, described or whole.
 *
 *   {"source": "198.51.100.7", "source_port": 40000, "destination": "192.0.2.10",
 *    "destination_port": 443, "protocol": "tcp", "flags": "syn", "length": 60,
 *    "interface": "eth0"}
 *   {"frame": "hexadecimal or base64", "interface": "eth0"}
 *
 * Pure.
 */
#ifndef CAROM_EXPLAIN_REQUEST_H
#define CAROM_EXPLAIN_REQUEST_H

#include "config.h"
#include "error.h"

#include <jansson.h>

#define EXPLAIN_REQUEST_FRAME_MIN 14   /* an Ethernet header */
#define EXPLAIN_REQUEST_FRAME_MAX 3072 /* what the kernel runs a program on, and some room */

struct explain_request {
	char interface[CONFIG_INTERFACE_BYTES]; /* empty: any */
	uint8_t frame[EXPLAIN_REQUEST_FRAME_MAX];
	size_t length;
};

/* Every fault is listed with its pointer. Returns 0 or -1. */
int explain_request_decode(const json_t *body, struct explain_request *ret_request,
			   struct error_list *errors);

#endif
