/* SPDX-License-Identifier: BSD-2-Clause */
/* Following what happens: long polls, events, and whatever else is written as it comes. */
#ifndef CAROM_COMMANDS_WATCH_H
#define CAROM_COMMANDS_WATCH_H

#include "commands.h"

struct commands_watch_order {
	uint64_t revision; /* that the caller knows */
	uint64_t wait_ms;  /* for another one; 0 … COMMANDS_WATCH_WAIT_MS_MAX */
	commands_is_awaited *is_awaited;
};

#define COMMANDS_WATCH_WAIT_MS_MAX 600000

/* Replies as soon as commands_revision() is another than the caller knows (changed: true), or when
 * the wait is over (changed: false). Refuses if too many watch already. */
void commands_watch(struct commands *commands, const struct commands_watch_order *order,
		    struct commands_reply reply);

/* Where a producer writes that is not through at once. */
struct commands_sink {
	/* False: there is no room now, and nothing of it is taken. */
	bool (*write)(void *context, const void *bytes, size_t length);
	void (*end)(void *context);		 /* the producer is through, and forgets the sink */
	bool (*has_reader)(const void *context); /* whether who reads it is still there */
	void *context;
};

struct subscriber;

/*
 * Writes Server-Sent Events (WHATWG HTML, section 9.2): one for each revision that is published
 * after `since`, with what it changed, first those that are over already; and when there is nothing
 * a comment, at once and now and then, so that both sides notice when the other has gone. A
 * subscriber that does not keep up is ended, and may resume. since: 0: only what comes from now on.
 * NULL: too many subscribers, described.
 */
struct subscriber *commands_subscribe(struct commands *commands, uint64_t since,
				      struct commands_sink sink, struct error *ret_error);
/* The sink is forgotten, not ended. */
void commands_unsubscribe(struct subscriber *subscriber);

#endif
