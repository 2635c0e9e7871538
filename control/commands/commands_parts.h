/* SPDX-License-Identifier: BSD-2-Clause */
/* What the use cases work on, for the files that carry them out. */
#ifndef CAROM_COMMANDS_PARTS_H
#define CAROM_COMMANDS_PARTS_H

#include "capture.h"
#include "commands.h"
#include "commands_setup.h"
#include "engine.h"
#include "explain.h"
#include "waiters.h"

#include <sys/queue.h>

struct commands {
	struct engine *engine; /* borrowed */
	struct waiters waiters;
	size_t drain_count, long_poll_count; /* of those that wait */
	/* events.c's: */
	TAILQ_HEAD(subscriber_list, subscriber) subscribers;
	size_t subscriber_count;
	uint64_t told_revision; /* that subscribers know */
	struct engine_observer events_observer;

	struct explain *explain;
	struct capture *capture;
	struct capture_command *capturing; /* NULL: none is on */
	bool is_ending;			   /* nothing waits or streams from here on */
};

#endif
