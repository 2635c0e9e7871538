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
 * form begins the records of every later version too, and its checksum is told the same way.
 *
 * Pure, for any thread.
 */
#ifndef CAROM_STORE_RECORD_H
#define CAROM_STORE_RECORD_H

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
int store_record_append(struct store_buffer *buffer, const struct revision *revision,
			const struct revision *before, bool is_whole);

enum store_record_state {
	STORE_RECORD_GOOD,
	STORE_RECORD_TORN,    /* the bytes end before it does */
	STORE_RECORD_CORRUPT, /* the bytes are not what was written */
	STORE_RECORD_NEWER,   /* good, and of a version that is not known here */
};

struct store_record {
	unsigned version;
	const char *body;
	size_t body_length;
	size_t length; /* with its line */
};

/* The record that begins at the first of these bytes, of which there is at least one. ret_record:
 * only if it is good or newer. */
enum store_record_state store_record_read(const char *bytes, size_t length,
					  struct store_record *ret_record);

/* The highest revision of all good records that begin anywhere in there; 0: there is none. */
uint64_t store_record_highest(const char *bytes, size_t length);

struct store_decoded {
	struct revision revision; /* with a reference to its config, which is the caller's */
	uint64_t after;		  /* 0: it follows none, or does not say */
};

/* What a good record holds. ret_decoded: comes with defaults for what the record does not say.
 * nothing: a config without VIPs, for its node and api. before: NULL, or the revision that the
 * record before it has. Returns 0; -1: it makes no sense, described. */
int store_record_decode(const struct store_record *record, const struct config *nothing,
			const struct revision *before, struct store_decoded *ret_decoded,
			struct error *ret_error);

#endif
