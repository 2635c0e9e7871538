/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams the packets that the balancer handles, as pcapng, with what became of each. */
#ifndef CAROM_CAPTURE_COMMAND_H
#define CAROM_CAPTURE_COMMAND_H

#include "error.h"
#include "sink.h"

#include <jansson.h>

#define CAPTURE_COMMAND_CONTENT_TYPE "application/x-pcapng"
#define CAPTURE_COMMAND_BODY_BYTES   16384
/* The most bytes that are written at once. */
#define CAPTURE_COMMAND_WRITE_BYTES_MAX 65536

struct capture_command;
struct commands;

struct capture_command_order {
	const json_t *body; /* as capture_request.h says, or NULL */
	const char *author; /* who asks, for the record; cut to COMMANDS_AUTHOR_BYTES */
};

/*
 * The order is borrowed during the call; its beginning and its end are lines of the log, for a
 * capture copies what others send. What is written are whole blocks; those for
 * which the sink has no room are left out and counted. Writes from here, too: the file's head. Ends
 * the sink by itself, when enough packets are written or the time is over, and is gone then. NULL
 * with the errors listed; ERROR_BUSY while another capture is on, for there is one at a time.
 */
struct capture_command *capture_command_start(struct commands *commands,
					      const struct capture_command_order *order,
					      struct commands_sink sink, struct error_list *errors);
/* The sink is forgotten, not ended. */
void capture_command_stop(struct capture_command *capture);
/* Lets the capture that is on, if one is, end in order as soon as its sink has room. */
void capture_command_end(struct commands *commands);
/* Ends its sink without what that has no room for. */
void capture_command_cut(struct commands *commands);

#endif
