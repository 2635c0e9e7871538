/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers to writes, at once and later. */
#ifndef CAROM_COMMANDS_WAITING_H
#define CAROM_COMMANDS_WAITING_H

#include "commands.h"

/* Writes that wait for their generation; a further one is refused. */
#define COMMANDS_WAITING_MAX 1024

/* A write that is in the desired state and not yet in the data plane. */
struct commands_waiting {
	struct commands_reply reply;
	struct commands_result result;
};

void commands_answer(const struct commands_reply *reply, const struct commands_result *result);
/* Answers a write with faults, and frees them. */
void commands_refuse(struct commands *commands, struct error_list *faults,
		     struct commands_reply reply);
void commands_refuse_with(struct commands *commands, const struct error *error,
			  struct commands_reply reply);

/* Lets a write wait until the desired state, as it is now, is published. -1: too many wait. */
int commands_enqueue(struct commands *commands, bool created, bool changed,
		     struct commands_reply reply);
/* Answers those whose write is in the data plane by now. */
void commands_answer_published(struct commands *commands);
void commands_refuse_waiting(struct commands *commands, const struct error *error);

#endif
