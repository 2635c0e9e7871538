/* SPDX-License-Identifier: BSD-2-Clause */
/* Server-Sent Events (WHATWG HTML, section 9.2): what happens, as it happens. */
#ifndef CAROM_EVENTS_H
#define CAROM_EVENTS_H

#include "error.h"
#include "sink.h"

#include <stdint.h>

struct commands;
struct subscriber;

/*
 * Writes an event for each revision that is published after `since`, with what it changed, first
 * those that are over already; and when there is nothing a comment, at once and now and then, so
 * that both sides notice when the other has gone. A subscriber that does not keep up is ended, and
 * may resume. since: 0: only what comes from now on. NULL: too many subscribers, described.
 */
struct subscriber *events_subscribe(struct commands *commands, uint64_t since,
				    struct commands_sink sink, struct error *ret_error);
/* The sink is forgotten, not ended. */
void events_unsubscribe(struct subscriber *subscriber);

#endif
