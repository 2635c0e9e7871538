/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writes that wait for their results, in the order in which they came: each until its revision
 * is published, or until it is known that it will not be. Embedded in the engine.
 */
#ifndef CAROM_WRITES_H
#define CAROM_WRITES_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A further write is refused. */
#define WRITES_MAX 1024

struct engine_result {
	const struct error_list *faults; /* NULL: accepted. Borrowed during the call. */
	uint64_t revision;		 /* in force now */
	bool changed;			 /* false: it was so already; the revision is unchanged */
};

typedef void engine_done(void *context, const struct engine_result *result);

struct write {
	engine_done *done; /* called once; may bring further writes. NULL: nothing waits */
	void *context;
	uint64_t revision;
	bool changed;
};

struct writes {
	struct write items[WRITES_MAX];
	size_t count;
};

/* Without having waited. */
void write_refuse(const struct write *write, const struct error *error, uint64_t revision);

/* There must be room. */
void writes_add(struct writes *writes, const struct write *write);
/* Accepts all up to this revision. */
void writes_accept(struct writes *writes, uint64_t published_revision);
/* Refuses all. revision: in force now. */
void writes_refuse(struct writes *writes, const struct error *error, uint64_t revision);

#endif
