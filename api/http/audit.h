/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of the log for each write, and for each capture of packets, whether it is accepted or
 * refused:
 *
 *	audit: token deploy from 192.0.2.7:40022: PUT /v1/vips/web: 200, revision 8
 *
 * caller, address, method and path, the response's status, and a remark of the handlers.
 */
#ifndef CAROM_AUDIT_H
#define CAROM_AUDIT_H

#include "peer.h"

#include <stdbool.h>
#include <stdint.h>

#define AUDIT_METHOD_BYTES 16
#define AUDIT_PATH_BYTES   256
#define AUDIT_REMARK_BYTES 64

/* What is asked; a client may be gone when it is answered. */
struct audit_subject {
	char from[PEER_TEXT_BYTES];
	char method[AUDIT_METHOD_BYTES];
	char path[AUDIT_PATH_BYTES]; /* fit for a log; long ones are cut, and end in "..." */
};

/* Strangers could fill the disk with lines about themselves: only so many a second are written. All
 * zeroes to begin with. */
struct audit_gate {
	uint64_t second;
	unsigned line_count;
	uint64_t omitted_count;
};

void audit_set_subject(struct audit_subject *ret_subject, const struct peer *peer,
		       const char *method, const char *path);

/* caller: NULL: it is not known. remark: ", revision 8, unchanged", or "". */
void audit_log(struct audit_gate *gate, const struct audit_subject *subject, const char *caller,
	       unsigned status, const char *remark, uint64_t now_ms);

#endif
