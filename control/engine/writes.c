/* SPDX-License-Identifier: BSD-2-Clause */
#include "writes.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

void writes_add(struct writes *writes, const struct write *write)
{
	writes->items[writes->count++] = *write;
}

static void write_end(const struct write *write, const struct engine_result *result)
{
	if (write->done)
		write->done(write->context, result);
}

/* Takes them out first, for a result may bring new writes. faults: NULL: they are accepted. */
static void writes_end(struct writes *writes, size_t count, const struct error_list *faults,
		       uint64_t revision)
{
	struct write *ended = malloc((count + 1) * sizeof(ended[0]));

	if (!ended) {
		log_line(LOG_LEVEL_ERROR, "no memory to answer %zu writes yet", count);
		return;
	}
	memcpy(ended, writes->items, count * sizeof(ended[0]));
	writes->count -= count;
	memmove(writes->items, writes->items + count, writes->count * sizeof(writes->items[0]));
	for (size_t i = 0; i < count; i++) {
		struct engine_result result = {
			.faults = faults,
			.revision = faults ? revision : ended[i].revision,
			.changed = ended[i].changed,
		};

		write_end(&ended[i], &result);
	}
	free(ended);
}

void writes_accept(struct writes *writes, uint64_t published_revision)
{
	size_t count = 0;

	while (count < writes->count && writes->items[count].revision <= published_revision)
		count++;
	writes_end(writes, count, NULL, published_revision);
}

/* The body of the write was good. That the operating system misses something, or has it twice, is
 * no word on what the client named: it must not become a 404 or 409. */
static void append_failure(struct error_list *faults, const struct error *error)
{
	struct error failure = *error;

	if (failure.system_errno)
		failure.kind = ERROR_SYSTEM;
	error_list_append(faults, &failure);
}

void writes_refuse(struct writes *writes, const struct error *error, uint64_t revision)
{
	struct error_list faults = {0};

	append_failure(&faults, error);
	writes_end(writes, writes->count, &faults, revision);
	error_list_done(&faults);
}

void write_refuse(const struct write *write, const struct error *error, uint64_t revision)
{
	struct error_list faults = {0};
	struct engine_result result = {.faults = &faults, .revision = revision};

	append_failure(&faults, error);
	write_end(write, &result);
	error_list_done(&faults);
}
