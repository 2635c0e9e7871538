/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A filter in tcpdump's language, pcap-filter(7), over Ethernet frames. Compiled by libpcap; pure
 * and bounded: names of hosts and networks are refused, for they would be looked up.
 */
#ifndef CAROM_CAPTURE_FILTER_H
#define CAROM_CAPTURE_FILTER_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_FILTER_BYTES_MAX 1024

struct capture_filter;

/* text: may be empty, which lets every frame through. NULL on failure, with libpcap's message. */
struct capture_filter *capture_filter_new(const char *text, struct error *ret_error);
void capture_filter_free(struct capture_filter *filter);

/* frame: the first `captured` bytes of one with `length`. */
bool capture_filter_matches(const struct capture_filter *filter, const uint8_t *frame,
			    size_t captured, size_t length);

#endif
