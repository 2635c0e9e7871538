/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What survives a power cut: the last revisions of the desired state, in a folder of its own.
 *
 * A file is named after its first revision, which it holds whole; after it come revisions as what
 * each changed (store_entry.h). A file begins beside the others, is synced, and renamed into
 * place; after that it is appended to and synced, until its changes outweigh what it began with. So
 * a write costs what it changes and one sync, and a revision is there whole or not at all.
 *
 * At start, each file counts up to its first entry that is not good. A file's first entry says
 * which revision it followed: what an older file has after that one was refused.
 */
#ifndef CAROM_STORE_H
#define CAROM_STORE_H

#include "config.h"
#include "error.h"
#include "revisions.h"

#include <stdbool.h>
#include <stdint.h>

/* Changes that a file may have in any case, before another is begun. */
#define STORE_JOURNAL_BYTES_MIN (1u << 20)
#define STORE_FAULTS_MAX	8
#define STORE_NAME_BYTES	24 /* of a revision in decimal */

struct store;

/* Makes the folder (not its parents) if it is not there; if nothing was written to it by then,
 * store_free() removes it again. NULL on failure, described: BUSY if another process has it. */
struct store *store_new(const char *folder, struct error *ret_error);
void store_free(struct store *store);

/* Its descriptor, borrowed. */
int store_folder(const struct store *store);

/* Adds what is stored to a history that is empty. Node and API of the configs are the base's; their
 * objects are not checked against its limits. A bad entry is logged and counted as a fault, and a
 * torn end is cut off. Before the first store_write(). Returns 0, also if there is nothing yet; -1
 * if the folder cannot be read, if a newer caromd wrote it, or if there are revisions and none is
 * good. */
int store_load(struct store *store, const struct config *base, struct revisions *history,
	       struct error *ret_error);

/* What is to be stored, at least one revision. Borrowed, and unchanged meanwhile. */
struct store_order {
	const struct revisions *revisions;
	const struct revision *before; /* that they follow; NULL: there is none */
	uint64_t keep_from;	       /* revisions before this one may go */
};

/* Blocks until the disk has all of it. Any thread, one at a time. Returns 0; -1 and nothing of it
 * is there, also at the next start: unless the disk refuses even to take it back. */
int store_write(struct store *store, const struct store_order *order, struct error *ret_error);

/* Something that was not good at start. */
struct store_fault {
	char file[STORE_NAME_BYTES];
	uint64_t offset;   /* of the first entry that is not good */
	bool is_torn;	   /* it ends too early; else: it is not what was written */
	uint64_t revision; /* the one before it, which is used instead; 0: none in this file */
};

struct store_state {
	const char *folder;
	uint64_t file; /* that is appended to; 0: the next write begins one */
	uint64_t snapshot_bytes, journal_bytes;
	struct store_fault errors[STORE_FAULTS_MAX];
	size_t fault_count; /* all of them, also those for which there was no room */
};

/* Not while store_write() runs. */
void store_state(const struct store *store, struct store_state *ret_state);

#endif
