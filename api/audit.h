/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of the log for each write, and for each capture of packets, whether it is accepted or
 * refused:
 *
 *	audit: token deploy from 192.0.2.7:40022: PUT /v1/vips/web: 200, revision 8
 *
 * who, from where, what, the answer's status, the revision that is in force then, and, if it is so,
 * ", unchanged" or ", dry run". What a capture is of, and how it ended, capture_command.c says.
 */
#ifndef CAROM_AUDIT_H
#define CAROM_AUDIT_H

#include "peer.h"

#include <stdbool.h>
#include <stdint.h>

#define AUDIT_METHOD_BYTES 16
#define AUDIT_PATH_BYTES   256

/* What is asked; a client may be gone when it is answered. */
struct audit_subject {
	char from[PEER_TEXT_BYTES];
	char method[AUDIT_METHOD_BYTES];
	char path[AUDIT_PATH_BYTES]; /* fit for a log; long ones are cut, and end in "..." */
};

struct audit_outcome {
	unsigned status;
	uint64_t revision;
	const char *remark; /* "", ", unchanged", ", dry run" */
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

/* who: NULL: nobody that is known. */
void audit_log(struct audit_gate *gate, const struct audit_subject *subject, const char *who,
	       const struct audit_outcome *outcome, uint64_t now_ms);

#endif
