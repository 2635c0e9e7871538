/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a producer writes that is not through at once: events, a capture. */
#ifndef CAROM_SINK_H
#define CAROM_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct commands_sink {
	/* False: there is no room now, and nothing of it is taken. */
	bool (*write)(void *context, const void *bytes, size_t length);
	void (*end)(void *context);		 /* the producer is through, and forgets the sink */
	bool (*has_reader)(const void *context); /* false: its client has gone */
	void *context;
};

#endif
