/* SPDX-License-Identifier: BSD-2-Clause */
#include "ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define MS_PER_S	    1000
#define NS_PER_MS	    1000000
#define AUTHOR_OF_FILE	    "config file"
#define AUTHOR_OF_RENUMBERS "caromd"

static void ledger_set_stored(struct ledger *ledger, const struct revision *revision)
{
	config_unref(ledger->stored.config);
	ledger->stored = revision ? *revision : (struct revision){0};
	if (revision)
		config_ref(ledger->stored.config);
}

int ledger_init(struct ledger *ledger, struct revisions *history, struct store *store,
		size_t pending_max, struct error *ret_error)
{
	*ledger = (struct ledger){
		.history = history,
		.pending = revisions_new(pending_max, REVISIONS_BYTES_MAX),
		.staged = revisions_new(pending_max, REVISIONS_BYTES_MAX),
		.store = store,
	};
	if (!ledger->pending || !ledger->staged)
		return error_set_errno(ret_error, ENOMEM, "revisions");
	if (!store)
		return 0;
	store_state(store, &ledger->store_state);
	ledger_set_stored(ledger, revisions_newest(history));
	return 0;
}

void ledger_done(struct ledger *ledger)
{
	config_unref(ledger->stored.config);
	revisions_free(ledger->staged);
	revisions_free(ledger->pending);
}

/* ---- the way of a revision ---- */

static int64_t ledger_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static void ledger_add(struct revisions *revisions, uint64_t number, struct config *config,
		       const char *author)
{
	struct revision revision = {.number = number, .time_ms = ledger_now_ms(), .config = config};

	if (author)
		snprintf(revision.author, sizeof(revision.author), "%s", author);
	revisions_add(revisions, &revision);
}

void ledger_note(struct ledger *ledger, uint64_t number, struct config *config, const char *author)
{
	ledger_add(ledger->pending, number, config, author);
}

static uint64_t newest_number(const struct revisions *revisions)
{
	const struct revision *newest = revisions_newest(revisions);

	return newest ? newest->number : 0;
}

/* Of a revision that no write asked for: the first of all, or one that got another number. */
static const char *author_of_unasked(const struct ledger *ledger)
{
	return revisions_count(ledger->history) ? AUTHOR_OF_RENUMBERS : AUTHOR_OF_FILE;
}

void ledger_stage(struct ledger *ledger, uint64_t number, struct config *config)
{
	struct revisions *emptied = ledger->staged;

	if (number > newest_number(ledger->pending) && number > newest_number(ledger->history))
		ledger_note(ledger, number, config, author_of_unasked(ledger));
	revisions_clear(emptied);
	ledger->staged = ledger->pending;
	ledger->pending = emptied;
}

void ledger_renumber(struct ledger *ledger, uint64_t number, struct config *config)
{
	revisions_clear(ledger->staged);
	ledger_add(ledger->staged, number, config, author_of_unasked(ledger));
}

void ledger_publish(struct ledger *ledger, uint64_t number)
{
	for (size_t age = revisions_count(ledger->staged); age-- > 0;) {
		const struct revision *revision = revisions_at(ledger->staged, age);

		if (revision->number > newest_number(ledger->history))
			revisions_add(ledger->history, revision);
	}
	/* What is in force at the start is published before it is stored: it is stored now. */
	if (ledger->store && ledger->stored.number < number && !revisions_count(ledger->pending))
		revisions_add(ledger->pending, revisions_newest(ledger->history));
}

void ledger_forget_unpublished(struct ledger *ledger)
{
	revisions_clear(ledger->pending);
	revisions_clear(ledger->staged);
}

void ledger_overrule(struct ledger *ledger)
{
	ledger_set_stored(ledger, revisions_newest(ledger->history));
}

const struct revision *ledger_find(const struct ledger *ledger, uint64_t number,
				   struct error *ret_error)
{
	const struct revision *found = revisions_find(ledger->history, number);
	const struct revision *oldest = revisions_oldest(ledger->history);

	if (!found && !number)
		error_set(ret_error, ERROR_NOT_FOUND, "a revision is named by its number");
	else if (!found)
		error_set(ret_error, ERROR_NOT_FOUND,
			  "there is no revision %" PRIu64 "; kept are %zu, the oldest is %" PRIu64,
			  number, revisions_count(ledger->history), oldest ? oldest->number : 0);
	return found;
}

/* ---- storing ---- */

bool ledger_has_stored(const struct ledger *ledger, uint64_t number)
{
	return !ledger->store || ledger->stored.number == number;
}

void ledger_write(struct ledger *ledger, struct error *ret_error)
{
	const struct revision *oldest = revisions_oldest(ledger->history);
	struct store_order order = {
		.revisions = ledger->staged,
		.before = ledger->stored.number ? &ledger->stored : NULL,
		.keep_from = oldest ? oldest->number : 0,
	};

	store_write(ledger->store, &order, ret_error);
}

void ledger_note_written(struct ledger *ledger, const struct error *error)
{
	struct ledger_refusal *refusal = &ledger->refusal;

	if (error) {
		refusal->time_ms = ledger_now_ms();
		snprintf(refusal->message, sizeof(refusal->message), "%s", error->message);
	} else {
		ledger_set_stored(ledger, revisions_newest(ledger->staged));
	}
	store_state(ledger->store, &ledger->store_state);
}
