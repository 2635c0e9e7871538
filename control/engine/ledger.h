/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of a revision, from a write to the history:
 *
 *   a write ──► pending ──► staged ──► stored ──► published ──► history
 *
 * Each accepted write is a revision of its own, though the writes of one round are stored by one
 * sync and published as one generation. What is about to be published is stored before, so that a
 * client finds what it was answered again after a power cut.
 *
 * No thread but the event loop's counts references. ledger_write() runs on libuv's pool: it reads
 * what is staged, which nothing changes meanwhile.
 */
#ifndef CAROM_LEDGER_H
#define CAROM_LEDGER_H

#include "revisions.h"
#include "store.h"

#include <stdbool.h>

/* The last write that could not be stored. */
struct ledger_refusal {
	int64_t time_ms; /* since the epoch; 0: there was none */
	char message[ERROR_MESSAGE_BYTES];
};

struct ledger {
	struct revisions *history; /* borrowed */
	struct revisions *pending; /* what the desired state went through since it was staged */
	struct revisions *staged;
	struct store *store;	/* borrowed; NULL: nothing is stored */
	struct revision stored; /* the last one, with a reference to its config; 0: none */
	struct store_state store_state;
	struct ledger_refusal refusal;
};

/* pending_max: of revisions at once. Returns 0, or -1: out of memory. */
int ledger_init(struct ledger *ledger, struct revisions *history, struct store *store,
		size_t pending_max, struct error *ret_error);
void ledger_done(struct ledger *ledger);

/* The desired state has become this revision. */
void ledger_note(struct ledger *ledger, uint64_t number, struct config *config, const char *author);
/* All that is pending is staged; the newest of it is this. */
void ledger_stage(struct ledger *ledger, uint64_t number, struct config *config);
/* What is staged gets another number, as the predecessor had published something else under it. */
void ledger_renumber(struct ledger *ledger, uint64_t number, struct config *config);
/* What is staged is published under this number: it belongs to the history now. */
void ledger_publish(struct ledger *ledger, uint64_t number);
/* Forgets pending and staged revisions: they will never be published. */
void ledger_forget_unpublished(struct ledger *ledger);
/* What was stored last will never be published: the newest of the history counts again. */
void ledger_overrule(struct ledger *ledger);

/* In the history. NULL if it is not kept there, described. Borrowed until something is published.
 */
const struct revision *ledger_find(const struct ledger *ledger, uint64_t number,
				   struct error *ret_error);

/* Whether this revision is the last on disk, or nothing is stored at all. */
bool ledger_has_stored(const struct ledger *ledger, uint64_t number);
/* Blocks until what is staged is on disk. Any thread. */
void ledger_write(struct ledger *ledger, struct error *ret_error);
/* On the loop's thread, after ledger_write(). error: NULL if all went well. */
void ledger_note_written(struct ledger *ledger, const struct error *error);

#endif
