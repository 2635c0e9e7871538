/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One revision as bytes: a line "carom-revision VERSION CHECKSUM LENGTH", and LENGTH bytes of JSON.
 *
 *   whole:   {"revision": 7, "time_ms": …, "author": "alice", "after": 6, "vips": {…}}
 *   changes: {"revision": 8, "time_ms": …, "author": "alice", "after": 7,
 *             "changed": {"vips": {…}}, "removed": {"vips": [names]}}
 *
 * "after" is the revision that it followed, of which changes are told. Revisions between the two
 * were refused. The first of all follows none.
 *
 * Version 1 is always whole, and has nothing but the vips. Version 2 tells changes of VIPs alone,
 * without their kind: "changed": {…}, "removed": [names]. From version 3 on, each kind of objects
 * more is a version more, so that a caromd which does not know it refuses the file. A line of this
 * form begins the entries of every later version too, and its checksum is told the same way.
 *
 * Pure, for any thread.
 */
#ifndef CAROM_STORE_ENTRY_H
#define CAROM_STORE_ENTRY_H

#include "revisions.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes to be written, which grow. All zero: empty. */
struct store_buffer {
	char *bytes; /* owned */
	size_t length, size;
};

void store_buffer_done(struct store_buffer *buffer);

/* before: the revision that it follows; NULL: it is the first, and whole. Returns 0; -1: out of
 * memory. */
int store_entry_append(struct store_buffer *buffer, const struct revision *revision,
		       const struct revision *before, bool is_whole);

enum store_entry_state {
	STORE_ENTRY_GOOD,
	STORE_ENTRY_TORN,    /* the bytes end before it does */
	STORE_ENTRY_CORRUPT, /* the bytes are not what was written */
	STORE_ENTRY_NEWER,   /* good, and of a version that is not known here */
};

struct store_entry {
	unsigned version;
	const char *body;
	size_t body_length;
	size_t length; /* with its line */
};

/* The entry that begins at the first of these bytes, of which there is at least one. ret_entry:
 * only if it is good or newer. */
enum store_entry_state store_entry_read(const char *bytes, size_t length,
					struct store_entry *ret_entry);

/* The highest revision of all good entries that begin anywhere in there; 0: there is none. */
uint64_t store_entry_highest(const char *bytes, size_t length);

struct store_decoded {
	struct revision revision; /* with a reference to its config, which is the caller's */
	uint64_t after;		  /* 0: it follows none, or does not say */
};

/* What a good entry holds. ret_decoded: comes with defaults for what the entry does not say.
 * nothing: a config without VIPs, for its node and api. before: NULL, or the revision that the
 * entry before it has. Returns 0; -1: it makes no sense, described. */
int store_entry_decode(const struct store_entry *entry, const struct config *nothing,
		       const struct revision *before, struct store_decoded *ret_decoded,
		       struct error *ret_error);

#endif
