/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the store share: a scratch folder, a store in it, and the history expected. */
#ifndef STORE_SUPPORT_H
#define STORE_SUPPORT_H

#include "config_documents.h"

#include "store.h"

#include <unistd.h>

#define SCRIPT_MAX 64

struct scratch {
	char folder[32];
	struct config *base;
	struct store *store;
	struct revisions *history;	     /* as loaded last, and what was written since */
	struct config *expected[SCRIPT_MAX]; /* by revision; NULL: there is none */
	uint64_t keep_from;		     /* of the next writes */
};

void scratch_begin(struct scratch *scratch);
void scratch_end(struct scratch *scratch);

/* As at the next start: what is stored, read anew. Returns what store_load() does. */
int reload(struct scratch *scratch, struct error *ret_error);
void reload_well(struct scratch *scratch);
struct store_state state_of(const struct scratch *scratch);

/* ---- writing ---- */

/* Stores these revisions by one write, and has them expected from now on. Takes the configs over.
 */
void write_revisions(struct scratch *scratch, uint64_t first, struct config *const *configs,
		     size_t count);
void write_one(struct scratch *scratch, uint64_t number, struct config *config);
/* Revisions 1 to 5: a change, an addition, a removal, and two that are one write. */
void write_script(struct scratch *scratch);

/* The config with this weight of the backend b1 of the VIP web. */
struct config *with_weight(const struct config *config, uint32_t weight);
/* The config with VIPs more, of so many backends that a file with them is followed by another. */
struct config *with_many_backends(const struct config *config);

/* ---- what is expected ---- */

/* One of the history is what was written under its number. */
void assert_expected(const struct scratch *scratch, const struct revision *revision);
/* The history is that of the revisions from first to last. */
void assert_history(const struct scratch *scratch, uint64_t first, uint64_t last);

/* ---- files, as they are on the disk ---- */

/* Static until the next call. */
const char *path_of(const struct scratch *scratch, const char *name);

struct contents {
	char *bytes;
	size_t length;
};

/* The caller frees the bytes, which end in a NUL more. */
struct contents read_contents(const struct scratch *scratch, const char *name);
void write_contents(const struct scratch *scratch, const char *name, const char *bytes,
		    size_t length);
/* Where the entry of a revision begins in a file of this store. */
size_t offset_of(const struct contents *contents, uint64_t revision);

#endif
