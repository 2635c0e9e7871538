/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writes that wait for their answers, in the order in which they came: each until its revision
 * is published, or until it is known that it will not be.
 *
 * Owns the queue. On the event loop's thread.
 */
#include "commands_parts.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

void commands_answer(const struct commands_reply *reply, const struct commands_result *result)
{
	if (reply->done)
		reply->done(reply->context, result);
}

void commands_refuse(struct commands *commands, struct error_list *faults,
		     struct commands_reply reply)
{
	struct commands_result result = {
		.faults = faults,
		.revision = commands->revision,
	};

	commands_answer(&reply, &result);
	error_list_done(faults);
}

/* The body is good by now. That the operating system misses something, or has it twice, is no word
 * on what the client named: it must not become a 404 or 409. */
static void append_failure(struct error_list *faults, const struct error *error)
{
	struct error failure = *error;

	if (failure.system_errno)
		failure.kind = ERROR_SYSTEM;
	error_list_append(faults, &failure);
}

void commands_refuse_with(struct commands *commands, const struct error *error,
			  struct commands_reply reply)
{
	struct error_list faults = {0};

	append_failure(&faults, error);
	commands_refuse(commands, &faults, reply);
}

/* Takes out the answered ones first, for an answer may bring new writes. */
static void answer_first(struct commands *commands, size_t count, const struct error_list *faults)
{
	struct commands_waiting *answered = malloc((count + 1) * sizeof(answered[0]));

	if (!answered) {
		log_line(LOG_LEVEL_ERROR, "no memory to answer %zu writes yet", count);
		return;
	}
	memcpy(answered, commands->waiting, count * sizeof(answered[0]));
	commands->waiting_count -= count;
	memmove(commands->waiting, commands->waiting + count,
		commands->waiting_count * sizeof(commands->waiting[0]));
	for (size_t i = 0; i < count; i++) {
		answered[i].result.faults = faults;
		if (faults)
			answered[i].result.revision = commands->revision;
		commands_answer(&answered[i].reply, &answered[i].result);
	}
	free(answered);
}

void commands_refuse_waiting(struct commands *commands, const struct error *error)
{
	struct error_list faults = {0};

	append_failure(&faults, error);
	answer_first(commands, commands->waiting_count, &faults);
	error_list_done(&faults);
}

/* Those whose write is in the data plane by now. */
void commands_answer_published(struct commands *commands)
{
	size_t count = 0;

	while (count < commands->waiting_count &&
	       commands->waiting[count].result.revision <= commands->published_revision)
		count++;
	answer_first(commands, count, NULL);
}

int commands_enqueue(struct commands *commands, bool created, bool changed,
		     struct commands_reply reply)
{
	if (commands->waiting_count == COMMANDS_WAITING_MAX)
		return -1;
	commands->waiting[commands->waiting_count++] = (struct commands_waiting){
		.reply = reply,
		.result =
			{
				.revision = commands->revision,
				.created = created,
				.changed = changed,
			},
	};
	return 0;
}
