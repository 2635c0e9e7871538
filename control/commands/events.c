/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Server-Sent Events: what happens, as it happens, to all subscribers.
 *
 *   event: revision   a revision is published: its number, and what it changed
 *   event: reset      what came before is not known any more: read GET /v1/config, go on from here
 *
 * The id of an event is its revision; a client that was cut off says the last one it has seen, and
 * gets what came after. An event is put into words once, however many subscribers there are.
 *
 * Owns the subscribers, each from its subscription until its sink is ended or forgotten. On the
 * event loop's thread.
 */
#include "events_parts.h"

#include "commands_parts.h"
#include "config_patch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBSCRIBERS_MAX	  64
#define KEEP_INTERVAL_MS  15000
#define CHANGES_BYTES_MAX ((size_t)256 << 10)
#define KEEP_COMMENT	  ": nothing new\n\n"

struct subscriber {
	TAILQ_ENTRY(subscriber) entry;
	struct commands *commands;
	struct commands_sink sink;
	uint64_t written_ms; /* when something was last written */
	bool is_behind;	     /* it had no room, or has gone: to be ended */
};

/* ---- subscribers ---- */

static void write_text(struct subscriber *subscriber, const char *text)
{
	subscriber->written_ms = uv_now(engine_loop(subscriber->commands->engine));
	if (!subscriber->sink.write(subscriber->sink.context, text, strlen(text)))
		subscriber->is_behind = true;
}

void events_unsubscribe(struct subscriber *subscriber)
{
	TAILQ_REMOVE(&subscriber->commands->subscribers, subscriber, entry);
	subscriber->commands->subscriber_count--;
	free(subscriber);
}

static void subscriber_end(struct subscriber *subscriber)
{
	struct commands_sink sink = subscriber->sink;

	events_unsubscribe(subscriber);
	sink.end(sink.context);
}

static void end_those_behind(struct commands *commands)
{
	struct subscriber *one = TAILQ_FIRST(&commands->subscribers), *next;

	for (; one; one = next) {
		next = TAILQ_NEXT(one, entry);
		if (one->is_behind)
			subscriber_end(one);
	}
}

/* Before the server has noticed: so their places are free at once. */
static void end_those_gone(struct commands *commands)
{
	struct subscriber *one;

	TAILQ_FOREACH (one, &commands->subscribers, entry)
		one->is_behind |= !one->sink.has_reader(one->sink.context);
	end_those_behind(commands);
}

void events_stop(struct commands *commands)
{
	while (!TAILQ_EMPTY(&commands->subscribers))
		subscriber_end(TAILQ_FIRST(&commands->subscribers));
}

static void keep_subscribers(struct commands *commands)
{
	uint64_t now_ms = uv_now(engine_loop(commands->engine));
	struct subscriber *one;

	TAILQ_FOREACH (one, &commands->subscribers, entry)
		if (now_ms - one->written_ms >= KEEP_INTERVAL_MS)
			write_text(one, KEEP_COMMENT);
	end_those_behind(commands);
}

/* ---- events ---- */

/* The caller owns the text; NULL: out of memory. */
static char *word(const char *event, uint64_t revision, json_t *data)
{
	char *json = data ? json_dumps(data, JSON_COMPACT) : NULL;
	char *text = NULL;

	if (json &&
	    asprintf(&text, "id: %" PRIu64 "\nevent: %s\ndata: %s\n\n", revision, event, json) < 0)
		text = NULL;
	free(json);
	json_decref(data);
	return text;
}

static char *word_reset(const struct commands *commands)
{
	uint64_t revision = engine_shown_revision(commands->engine);

	return word("reset", revision, json_pack("{s:I}", "revision", (json_int_t)revision));
}

/* Of a revision that changed more than an event may hold, the changes are left out. */
static bool is_bounded(const json_t *changes)
{
	return json_dumpb(changes, NULL, 0, JSON_COMPACT) <= CHANGES_BYTES_MAX;
}

static char *word_revision(const struct revision *revision, const struct revision *before)
{
	json_t *changes = config_diff(before->config, revision->config);
	json_t *data = json_pack("{s:I}", "revision", (json_int_t)revision->number);

	if (changes && is_bounded(changes))
		json_object_set(data, "changes", changes);
	else
		json_object_set_new(data, "changes_omitted", json_true());
	json_decref(changes);
	return word("revision", revision->number, data);
}

/* To one subscriber, or to all (NULL). Takes ownership of the text; NULL: the subscribers cannot
 * follow. */
static void give(struct commands *commands, struct subscriber *one, char *text)
{
	struct subscriber *first = one ? one : TAILQ_FIRST(&commands->subscribers);
	struct subscriber *end = one ? TAILQ_NEXT(one, entry) : NULL;

	for (struct subscriber *each = first; each != end; each = TAILQ_NEXT(each, entry)) {
		if (text)
			write_text(each, text);
		else
			each->is_behind = true;
	}
	free(text);
}

/* What came after a revision, if the history has it still. */
static void give_since(struct commands *commands, struct subscriber *one, uint64_t since)
{
	const struct revisions *history = engine_ledger(commands->engine)->history;

	if (!revisions_find(history, since)) {
		give(commands, one, word_reset(commands));
		return;
	}
	for (size_t age = revisions_count(history) - 1; age-- > 0;) {
		const struct revision *revision = revisions_at(history, age);

		if (revision->number > since)
			give(commands, one,
			     word_revision(revision, revisions_at(history, age + 1)));
	}
}

static void tell_subscribers(struct commands *commands)
{
	uint64_t since = commands->told_revision;

	commands->told_revision = engine_shown_revision(commands->engine);
	if (TAILQ_EMPTY(&commands->subscribers) || since == commands->told_revision)
		return;
	give_since(commands, NULL, since);
	end_those_behind(commands);
}

/* An engine_observer's notify. */
static void events_notify(void *context, enum engine_event event, const struct error *reason)
{
	(void)reason;
	switch (event) {
	case ENGINE_PUBLISHED: tell_subscribers(context); break;
	case ENGINE_TICKED: keep_subscribers(context); break;
	case ENGINE_GIVEN_UP:
	case ENGINE_FACTS_CHANGED: break;
	}
}

void events_init(struct commands *commands)
{
	TAILQ_INIT(&commands->subscribers);
	commands->events_observer.notify = events_notify;
	commands->events_observer.context = commands;
	engine_observe(commands->engine, &commands->events_observer);
}

struct subscriber *events_subscribe(struct commands *commands, uint64_t since,
				    struct commands_sink sink, struct error *ret_error)
{
	struct subscriber *subscriber = NULL;

	if (commands->subscriber_count == SUBSCRIBERS_MAX)
		end_those_gone(commands);
	if (commands->is_ending)
		error_set(ret_error, ERROR_BUSY, "caromd is stopping");
	else if (commands->subscriber_count == SUBSCRIBERS_MAX)
		error_set(ret_error, ERROR_BUSY, "%d clients follow the events already",
			  SUBSCRIBERS_MAX);
	else if (!(subscriber = calloc(1, sizeof(*subscriber))))
		error_set(ret_error, ERROR_SYSTEM, "no memory to follow the events");
	if (!subscriber)
		return NULL;
	*subscriber = (struct subscriber){
		.commands = commands,
		.sink = sink,
	};
	TAILQ_INSERT_HEAD(&commands->subscribers, subscriber, entry);
	commands->subscriber_count++;
	if (since && since != engine_shown_revision(commands->engine))
		give_since(commands, subscriber, since);
	else
		write_text(subscriber, KEEP_COMMENT);
	return subscriber;
}
