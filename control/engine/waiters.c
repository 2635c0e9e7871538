/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The time of what waits: one timer, for the earliest deadline of all drains and watches. When it
 * is due, they are looked at, and it is set to the next one; what ended otherwise meanwhile costs
 * at most a look too many.
 *
 * Owns the timer. On the event loop's thread.
 */
#include "commands_parts.h"

static void set_timer(struct commands *commands);

static void on_due(uv_timer_t *timer)
{
	struct commands *commands = timer->data;

	commands_look_at_drains(commands);
	commands_look_at_watches(commands);
	set_timer(commands);
}

static void set_timer(struct commands *commands)
{
	uint64_t drain_ms = commands_drain_deadline(commands);
	uint64_t watch_ms = commands_watch_deadline(commands);
	uint64_t due_ms = drain_ms < watch_ms ? drain_ms : watch_ms;
	uint64_t now_ms = uv_now(commands->loop);

	if (due_ms != COMMANDS_NO_DEADLINE)
		uv_timer_start(&commands->waits, on_due, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

void commands_waits_start(struct commands *commands)
{
	uv_timer_init(commands->loop, &commands->waits);
	commands->waits.data = commands;
}

void commands_waits_note(struct commands *commands, uint64_t deadline_ms)
{
	uint64_t now_ms = uv_now(commands->loop);

	if (!uv_is_active((uv_handle_t *)&commands->waits) ||
	    now_ms + uv_timer_get_due_in(&commands->waits) > deadline_ms)
		set_timer(commands);
}

void commands_waits_stop(struct commands *commands)
{
	uv_close((uv_handle_t *)&commands->waits, NULL);
}
