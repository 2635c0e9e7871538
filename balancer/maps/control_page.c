/* SPDX-License-Identifier: BSD-2-Clause */
#include "control_page.h"

#include "log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define NAMES_BYTES 128

static const struct {
	const char *name;
	size_t offset, length;
} fields[] = {
#define FIELD(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct carom_control, name),                                       \
			sizeof(((struct carom_control *)0)->name)                                  \
	}
	FIELD(abi_major), FIELD(abi_minor),   FIELD(active),	       FIELD(clock),
	FIELD(capture),	  FIELD(hash_key),    FIELD(flows_guaranteed), FIELD(flows_lendable),
	FIELD(reserved2), FIELD(generations),
#undef FIELD
};

static void tell_foreign(const struct carom_control *found, const struct carom_control *seen)
{
	char names[NAMES_BYTES] = "";
	size_t length = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *left = (const char *)found + fields[i].offset;
		const char *right = (const char *)seen + fields[i].offset;

		if (memcmp(left, right, fields[i].length) != 0)
			length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
						   length ? ", " : "", fields[i].name);
	}
	log_line(LOG_LEVEL_ERROR,
		 "another process wrote to the control page of the data plane (%s); that is taken "
		 "back",
		 names);
}

void control_page_load(struct control_page *page)
{
	page->copy = *page->mapped;
	page->seen = page->copy;
}

/* Nothing is written that is there already: packets read it all the time. */
void control_page_put(struct control_page *page)
{
	struct carom_control *mapped = page->mapped;
	const struct carom_control *copy = &page->copy;
	struct carom_control found = *mapped;

	if (memcmp(&found, &page->seen, sizeof(found)) != 0) {
		page->foreign_count++;
		tell_foreign(&found, &page->seen);
	}
	for (size_t i = 0; i < CAROM_GENERATION_COUNT; i++)
		if (memcmp(&found.generations[i], &copy->generations[i],
			   sizeof(found.generations[i])) != 0)
			mapped->generations[i] = copy->generations[i];
	mapped->abi_major = copy->abi_major;
	mapped->abi_minor = copy->abi_minor;
	memcpy(mapped->hash_key, copy->hash_key, sizeof(copy->hash_key));
	mapped->flows_guaranteed = copy->flows_guaranteed;
	mapped->flows_lendable = copy->flows_lendable;
	memcpy(mapped->reserved2, copy->reserved2, sizeof(copy->reserved2));
	__atomic_store_n(&mapped->clock, copy->clock, __ATOMIC_RELAXED);
	__atomic_store_n(&mapped->capture, copy->capture, __ATOMIC_RELEASE);
	if (found.active != copy->active)
		__atomic_store_n(&mapped->active, copy->active, __ATOMIC_RELEASE);
	page->seen = *copy;
}
