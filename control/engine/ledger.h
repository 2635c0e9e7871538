/* SPDX-License-Identifier: BSD-2-Clause */
/* From the desired state to what is staged and stored, and to the history. */
#ifndef CAROM_COMMANDS_PERSIST_H
#define CAROM_COMMANDS_PERSIST_H

#include "commands_setup.h"
#include "revisions.h"
#include "store.h"

#define COMMANDS_TIME_BYTES 32

/* The last write that could not be stored. */
struct commands_refusal {
	int64_t time_ms; /* since the epoch; 0: there was none */
	char message[ERROR_MESSAGE_BYTES];
};

int commands_persist_start(struct commands *commands, const struct commands_options *options,
			   struct error *ret_error);
void commands_persist_done(struct commands *commands);
/* The desired state has become a revision, numbered commands->revision. */
void commands_note_revision(struct commands *commands, const char *author);
/* What was stored last is not published, and never will be: what is published counts again. */
void commands_overrule_stored(struct commands *commands);
/* What is staged got another number, as the data plane had taken the first one. */
void commands_renumber_staged(struct commands *commands, uint64_t number);
/* What is staged is published: it belongs to the history now. */
void commands_record_published(struct commands *commands);
/* What is not published never will be. */
void commands_forget_unpublished(struct commands *commands);

/* Takes the desired state, as it is now, as the next to be stored and published. */
void commands_stage(struct commands *commands);
bool commands_staged_is_stored(const struct commands *commands);
/* Stores what is staged, on libuv's pool; then commands_on_stored(). */
void commands_store_staged(struct commands *commands);

/* RFC 3339, in UTC and with milliseconds. Returns ret_text. */
const char *commands_format_time(int64_t time_ms, char ret_text[COMMANDS_TIME_BYTES]);

#endif
