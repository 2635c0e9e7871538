/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores what is about to be published, before it is: whoever is answered finds it again after a
 * power cut. Writes that come meanwhile wait for the next round, and share it.
 *
 *   a write ──► pending ──► staged_revisions ──► stored ──► published ──► history
 *
 * Each accepted write is a revision of its own, though those of one round are stored by one sync
 * and published as one generation.
 *
 * The writing is on libuv's pool. It reads what is staged, which nobody changes meanwhile, and
 * counts no references; all else is on the event loop's thread.
 */
#include "commands_parts.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define MS_PER_S	    1000
#define NS_PER_MS	    1000000
#define AUTHOR_OF_FILE	    "config file"
#define AUTHOR_OF_RENUMBERS "caromd"

/* Those of the writes that wait, one of a start, and one of a state that came back. */
#define PENDING_MAX (COMMANDS_WAITING_MAX + 2)

static void set_stored(struct commands *commands, const struct revision *revision)
{
	config_unref(commands->stored.config);
	commands->stored = revision ? *revision : (struct revision){0};
	if (revision)
		config_ref(commands->stored.config);
}

int commands_persist_start(struct commands *commands, const struct commands_options *options,
			   struct error *ret_error)
{
	const struct revision *newest;

	commands->history = options->history;
	commands->store = options->store;
	commands->pending = revisions_new(PENDING_MAX, REVISIONS_BYTES_MAX);
	commands->staged_revisions = revisions_new(PENDING_MAX, REVISIONS_BYTES_MAX);
	if (!commands->pending || !commands->staged_revisions)
		return error_set_errno(ret_error, ENOMEM, "commands");
	newest = revisions_newest(commands->history);
	commands->revision = commands->last_revision = newest ? newest->number : 1;
	if (!commands->store)
		return 0;
	store_state(commands->store, &commands->store_state);
	set_stored(commands, newest);
	return 0;
}

void commands_persist_done(struct commands *commands)
{
	config_unref(commands->stored.config);
	revisions_free(commands->staged_revisions);
	revisions_free(commands->pending);
}

/* ---- the way of a revision ---- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static void note(struct revisions *revisions, uint64_t number, struct config *config,
		 const char *author)
{
	struct revision revision = {.number = number, .time_ms = now_ms(), .config = config};

	if (author)
		snprintf(revision.author, sizeof(revision.author), "%s", author);
	revisions_add(revisions, &revision);
}

void commands_note_revision(struct commands *commands, const char *author)
{
	note(commands->pending, commands->revision, commands->desired, author);
}

static uint64_t newest_number(const struct revisions *revisions)
{
	const struct revision *newest = revisions_newest(revisions);

	return newest ? newest->number : 0;
}

/* One that no write asked for: the first of all, or a number that was given anew. */
static const char *author_of_unasked(const struct commands *commands)
{
	return revisions_count(commands->history) ? AUTHOR_OF_RENUMBERS : AUTHOR_OF_FILE;
}

void commands_stage(struct commands *commands)
{
	struct revisions *emptied = commands->staged_revisions;

	if (commands->revision > newest_number(commands->pending) &&
	    commands->revision > newest_number(commands->history))
		commands_note_revision(commands, author_of_unasked(commands));
	revisions_clear(emptied);
	commands->staged_revisions = commands->pending;
	commands->pending = emptied;
	commands->staged = config_ref(commands->desired);
	commands->staged_revision = commands->revision;
}

void commands_renumber_staged(struct commands *commands, uint64_t number)
{
	if (number == commands->staged_revision)
		return;
	commands->staged_revision = number;
	revisions_clear(commands->staged_revisions);
	note(commands->staged_revisions, number, commands->staged, author_of_unasked(commands));
}

void commands_record_published(struct commands *commands)
{
	const struct revisions *staged = commands->staged_revisions;

	for (size_t age = revisions_count(staged); age-- > 0;) {
		const struct revision *revision = revisions_at(staged, age);

		if (revision->number > newest_number(commands->history))
			revisions_add(commands->history, revision);
	}
	/* What is in force at the start is published first, and stored now. */
	if (commands->store && commands->stored.number < commands->published_revision &&
	    !revisions_count(commands->pending))
		revisions_add(commands->pending, revisions_newest(commands->history));
}

void commands_forget_unpublished(struct commands *commands)
{
	revisions_clear(commands->pending);
	revisions_clear(commands->staged_revisions);
}

/* ---- storing ---- */

bool commands_staged_is_stored(const struct commands *commands)
{
	/* What is in force at the start is published first: a full disk must not keep caromd down.
	 */
	return !commands->store || !commands->published ||
	       commands->stored.number == commands->staged_revision;
}

static void store_run(uv_work_t *work)
{
	struct commands *commands = work->data;
	const struct revision *oldest = revisions_oldest(commands->history);
	struct store_order order = {
		.revisions = commands->staged_revisions,
		.before = commands->stored.number ? &commands->stored : NULL,
		.keep_from = oldest ? oldest->number : 0,
	};

	store_write(commands->store, &order, &commands->store_error);
}

void commands_overrule_stored(struct commands *commands)
{
	set_stored(commands, revisions_newest(commands->history));
}

static void note_refusal(struct commands *commands)
{
	commands->refusal.time_ms = now_ms();
	snprintf(commands->refusal.message, sizeof(commands->refusal.message), "%s",
		 commands->store_error.message);
}

static void store_done(uv_work_t *work, int status)
{
	struct commands *commands = work->data;

	commands->store_runs = false;
	if (status)
		error_set(&commands->store_error, ERROR_BUSY, "the write was not stored");
	if (commands->store_error.kind)
		note_refusal(commands);
	else
		set_stored(commands, revisions_newest(commands->staged_revisions));
	store_state(commands->store, &commands->store_state);
	commands_on_stored(commands, commands->store_error.kind ? &commands->store_error : NULL);
}

void commands_store_staged(struct commands *commands)
{
	commands->store_error = (struct error){0};
	commands->store_work.data = commands;
	commands->store_runs = true;
	if (uv_queue_work(commands->loop, &commands->store_work, store_run, store_done))
		store_done(&commands->store_work, UV_ENOMEM);
}
