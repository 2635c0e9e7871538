/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What survives a power cut: the desired state, one file a revision, in a folder of its own.
 *
 * A revision is written beside the others, synced, and renamed to its number, so it is there whole
 * or not at all; a checksum tells a file that went bad later. The newest good one counts.
 */
#ifndef CAROM_STORE_H
#define CAROM_STORE_H

#include "config.h"
#include "error.h"

#include <jansson.h>
#include <stdint.h>

#define STORE_REVISIONS_KEPT 100

struct store;

/* Makes the folder (not its parents) if it is not there. NULL on failure, described: BUSY if
 * another process has it. */
struct store *store_new(const char *folder, struct error *ret_error);
void store_free(struct store *store);

/* Writes the vips of a config as a revision, and forgets the oldest one beyond those kept. Blocks
 * until the disk has it. Any thread, one at a time; config is only read. Returns 0; -1 and nothing
 * of it is there. */
int store_write(struct store *store, uint64_t revision, const struct config *config,
		struct error *ret_error);

/* The newest good revision's {"vips": …}, as a REST body for the whole config would be. Bad ones
 * are logged. *ret_revision: 0 if there is none at all, and then *ret_body is NULL. Returns 0; -1
 * if the folder cannot be read, or there are revisions and none of them is good. */
int store_read(const struct store *store, uint64_t *ret_revision, json_t **ret_body,
	       struct error *ret_error);

#endif
