/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The history of the desired state: the last revisions, each with when and by whom, and all of them
 * sharing what did not change between them.
 *
 * Pure; references are counted without locks, so adding and forgetting are for one thread. Numbers
 * only grow, but may leave gaps.
 */
#ifndef CAROM_REVISIONS_H
#define CAROM_REVISIONS_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REVISIONS_KEPT	      100
#define REVISION_AUTHOR_BYTES 128
/* Of objects that only the history has still: beyond it, revisions are forgotten earlier. */
#define REVISIONS_BYTES_MAX ((size_t)256 << 20)

/* Objects, against the revision before. */
struct revision_changes {
	size_t added, changed, removed;
};

struct revision {
	uint64_t number;
	int64_t time_ms;		    /* since the epoch, UTC */
	char author[REVISION_AUTHOR_BYTES]; /* "alice"; longer ones are cut; empty: unknown */
	struct config *config;		    /* node and api in it are those of today */

	/* What revisions_add() fills in. */
	bool has_changes; /* the revision before was known */
	struct revision_changes changes;
	size_t replaced_bytes; /* of objects that the revision before has, and this one has not */
};

struct revisions;

/* kept: how many at most; bytes_max: of what only the older ones hold. NULL: out of memory. */
struct revisions *revisions_new(size_t kept, size_t bytes_max);
void revisions_free(struct revisions *revisions);

/* Makes it the newest, by a copy with a reference of its own to the config. Its number must be
 * greater than the newest's. The oldest beyond the bounds are forgotten. */
void revisions_add(struct revisions *revisions, const struct revision *revision);
/* Forgets revisions after this number. */
void revisions_forget_after(struct revisions *revisions, uint64_t number);
void revisions_clear(struct revisions *revisions);

size_t revisions_count(const struct revisions *revisions);
/* The ones below are borrowed until the next revisions_add() or _clear(). */

/* age: 0 is the newest, revisions_count() - 1 the oldest kept. */
const struct revision *revisions_at(const struct revisions *revisions, size_t age);
/* NULL: there is none at all. */
const struct revision *revisions_newest(const struct revisions *revisions);
const struct revision *revisions_oldest(const struct revisions *revisions);
/* NULL: it is not kept, or never was. */
const struct revision *revisions_find(const struct revisions *revisions, uint64_t number);
/* The newest one below this number. NULL: none is kept. */
const struct revision *revisions_before(const struct revisions *revisions, uint64_t number);

#endif
