/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's packet, made from a description: whole, with right checksums, and a payload of zeros.
 * Pure. */
#ifndef CAROM_SPECIMEN_H
#define CAROM_SPECIMEN_H

#include "abi.h"

#include <stddef.h>
#include <stdint.h>

struct specimen {
	struct carom_address source;
	struct carom_address destination; /* of the same family */
	uint16_t source_port;		  /* host order, as the other */
	uint16_t destination_port;
	uint8_t protocol;  /* IPPROTO_TCP or IPPROTO_UDP */
	uint8_t tcp_flags; /* as in the header */
	uint16_t length;   /* of the IP packet; 0: headers only */
};

/* Of its IP packet without a payload: the least that `length` can be. */
size_t specimen_headers_bytes(const struct specimen *specimen);

/* Writes the Ethernet frame and returns its length; 0: it does not fit. */
size_t specimen_build(const struct specimen *specimen, uint8_t *ret_frame, size_t size);

#endif
