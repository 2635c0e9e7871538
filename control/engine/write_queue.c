/* SPDX-License-Identifier: BSD-2-Clause */
#include "write_queue.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

void write_queue_add(struct write_queue *queue, const struct queued_write *write)
{
	queue->items[queue->count++] = *write;
}

static void queued_write_end(const struct queued_write *write, const struct engine_result *result)
{
	if (write->done)
		write->done(write->context, result);
}

/* Takes them out first, for a result may bring new writes. errors: NULL: they are accepted. */
static void write_queue_end(struct write_queue *queue, size_t count,
			    const struct error_list *errors, uint64_t revision)
{
	struct queued_write *ended = malloc((count + 1) * sizeof(ended[0]));

	if (!ended) {
		log_line(LOG_LEVEL_ERROR, "no memory to answer %zu writes yet", count);
		return;
	}
	memcpy(ended, queue->items, count * sizeof(ended[0]));
	queue->count -= count;
	memmove(queue->items, queue->items + count, queue->count * sizeof(queue->items[0]));
	for (size_t i = 0; i < count; i++) {
		struct engine_result result = {
			.errors = errors,
			.revision = errors ? revision : ended[i].revision,
			.changed = ended[i].changed,
		};

		queued_write_end(&ended[i], &result);
	}
	free(ended);
}

void write_queue_accept(struct write_queue *queue, uint64_t published_revision)
{
	size_t count = 0;

	while (count < queue->count && queue->items[count].revision <= published_revision)
		count++;
	write_queue_end(queue, count, NULL, published_revision);
}

/* The body of the write was good. That the operating system misses something, or has it twice, is
 * no word on what the client named: it must not become a 404 or 409. */
static void append_failure(struct error_list *errors, const struct error *error)
{
	struct error failure = *error;

	if (failure.system_errno)
		failure.kind = ERROR_SYSTEM;
	error_list_append(errors, &failure);
}

void write_queue_refuse(struct write_queue *queue, const struct error *error, uint64_t revision)
{
	struct error_list errors = {0};

	append_failure(&errors, error);
	write_queue_end(queue, queue->count, &errors, revision);
	error_list_done(&errors);
}

void queued_write_refuse(const struct queued_write *write, const struct error *error,
			 uint64_t revision)
{
	struct error_list errors = {0};
	struct engine_result result = {.errors = &errors, .revision = revision};

	append_failure(&errors, error);
	queued_write_end(write, &result);
	error_list_done(&errors);
}
