/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches: readers that wait for another revision than the one they know (long polls). They are
 * looked at whenever something is published, when one's time is over, and at each tick for those
 * who have gone.
 *
 * Owns the watches, each from its order to its answer. On the event loop's thread.
 */
#include "commands_parts.h"

#include <errno.h>
#include <stdlib.h>

#define WATCHES_MAX 512

struct watch {
	struct watch *next;
	struct commands_watch_order order;
	struct commands_reply reply;
	uint64_t deadline_ms;
};

static bool has_ended(const struct commands *commands, const struct watch *watch)
{
	return commands_revision(commands) != watch->order.revision || commands->nobody_waits ||
	       uv_now(commands->loop) >= watch->deadline_ms ||
	       !watch->order.is_awaited(watch->reply.context);
}

static void answer(const struct commands *commands, const struct watch *watch)
{
	struct commands_result result = {.revision = commands_revision(commands)};

	result.changed = result.revision != watch->order.revision;
	watch->reply.done(watch->reply.context, &result);
}

void commands_watch(struct commands *commands, const struct commands_watch_order *order,
		    struct commands_reply reply)
{
	struct error_list faults = {0};
	struct watch *watch = NULL;

	if (commands->watch_count == WATCHES_MAX)
		error_list_add(&faults, ERROR_BUSY, "",
			       "%d clients wait for another revision already", WATCHES_MAX);
	else if (!(watch = calloc(1, sizeof(*watch))))
		error_list_add(&faults, ERROR_SYSTEM, "", "no memory to wait");
	if (!watch) {
		commands_refuse(commands, &faults, reply);
		return;
	}
	*watch = (struct watch){
		.next = commands->watches,
		.order = *order,
		.reply = reply,
		.deadline_ms = uv_now(commands->loop) + order->wait_ms,
	};
	commands->watches = watch;
	commands->watch_count++;
	if (has_ended(commands, watch))
		commands_look_at_watches(commands);
	else
		commands_waits_note(commands, watch->deadline_ms);
}

uint64_t commands_watch_deadline(const struct commands *commands)
{
	uint64_t earliest_ms = COMMANDS_NO_DEADLINE;

	for (const struct watch *watch = commands->watches; watch; watch = watch->next)
		if (watch->deadline_ms < earliest_ms)
			earliest_ms = watch->deadline_ms;
	return earliest_ms;
}

/* An answer may bring new orders, so those that have ended are taken out first. */
void commands_look_at_watches(struct commands *commands)
{
	struct watch **link = &commands->watches, *ended = NULL, *watch;

	while ((watch = *link)) {
		if (!has_ended(commands, watch)) {
			link = &watch->next;
			continue;
		}
		*link = watch->next;
		commands->watch_count--;
		watch->next = ended;
		ended = watch;
	}
	while ((watch = ended)) {
		ended = watch->next;
		answer(commands, watch);
		free(watch);
	}
}
