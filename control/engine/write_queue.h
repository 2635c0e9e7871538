/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writes that wait for their results, in the order in which they came: each until its revision
 * is published, or until it is known that it will not be. Embedded in the engine.
 */
#ifndef CAROM_WRITE_QUEUE_H
#define CAROM_WRITE_QUEUE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A further write is refused. */
#define WRITE_QUEUE_MAX 1024

struct engine_result {
	const struct error_list *errors; /* NULL: accepted. Borrowed during the call. */
	uint64_t revision;		 /* in force now */
	bool changed;			 /* false: it was so already; the revision is unchanged */
};

typedef void engine_done(void *context, const struct engine_result *result);

struct queued_write {
	engine_done *done; /* called once; may bring further writes. NULL: nothing waits */
	void *context;
	uint64_t revision;
	bool changed;
};

struct write_queue {
	struct queued_write items[WRITE_QUEUE_MAX];
	size_t count;
};

/* Without having waited. */
void queued_write_refuse(const struct queued_write *write, const struct error *error,
			 uint64_t revision);

/* There must be room. */
void write_queue_add(struct write_queue *queue, const struct queued_write *write);
/* Accepts all up to this revision. */
void write_queue_accept(struct write_queue *queue, uint64_t published_revision);
/* Refuses all. revision: in force now. */
void write_queue_refuse(struct write_queue *queue, const struct error *error, uint64_t revision);

#endif
