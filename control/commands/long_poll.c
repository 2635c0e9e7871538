/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long polls: readers that wait for another revision than the one they know.
 *
 * Owns each from its order to its result. On the event loop's thread.
 */
#include "commands_parts.h"
#include "write.h"

#include <stdlib.h>

#define LONG_POLLS_MAX 512

struct long_poll {
	struct waiter waiter;
	struct commands *commands;
	struct commands_long_poll order;
	struct commands_reply reply;
};

static struct long_poll *long_poll_of(struct waiter *waiter)
{
	return (struct long_poll *)waiter; /* its first member */
}

static bool long_poll_look(struct waiter *waiter, bool is_last)
{
	const struct long_poll *poll = long_poll_of(waiter);

	return is_last || engine_shown_revision(poll->commands->engine) != poll->order.revision ||
	       !poll->order.is_awaited(poll->reply.context);
}

static void long_poll_end(struct waiter *waiter)
{
	struct long_poll *poll = long_poll_of(waiter);
	struct commands_result result = {.revision = engine_shown_revision(poll->commands->engine)};

	result.changed = result.revision != poll->order.revision;
	poll->commands->long_poll_count--;
	poll->reply.done(poll->reply.context, &result);
	free(poll);
}

void commands_await_revision(struct commands *commands, const struct commands_long_poll *order,
			     struct commands_reply reply)
{
	struct error_list errors = {0};
	struct long_poll *poll = NULL;

	if (commands->long_poll_count == LONG_POLLS_MAX)
		error_list_add(&errors, ERROR_BUSY, "",
			       "%d clients wait for another revision already", LONG_POLLS_MAX);
	else if (!(poll = calloc(1, sizeof(*poll))))
		error_list_add(&errors, ERROR_SYSTEM, "", "no memory to wait");
	if (!poll) {
		write_refuse_all(commands, &errors, reply);
		return;
	}
	*poll = (struct long_poll){
		.waiter =
			{
				.deadline_ms =
					uv_now(engine_loop(commands->engine)) + order->wait_ms,
				.look = long_poll_look,
				.end = long_poll_end,
			},
		.commands = commands,
		.order = *order,
		.reply = reply,
	};
	commands->long_poll_count++;
	waiters_add(&commands->waiters, &poll->waiter);
}
