/* SPDX-License-Identifier: BSD-2-Clause */
/* A view, for the files that make one, or an answer of it. */
#ifndef CAROM_COMMANDS_VIEW_PARTS_H
#define CAROM_COMMANDS_VIEW_PARTS_H

#include "commands_view.h"
#include "image.h"
#include "publish.h"
#include "revisions.h"

/* Each kind of view has some of it; the rest is NULL. */
struct commands_view {
	uint64_t number;
	bool is_ready;
	struct config *config, *other; /* what is shown, and what that is compared with */
	struct revision revision;      /* without a config of its own: that is the one above */
	struct image *image;
	json_t *status;			      /* without its VIPs */
	struct publish_tracking *tracking;    /* of the image's VIPs */
	struct publish_remainder *remainders; /* of all their ordinals, VIP by VIP */
	struct commands_stats *stats;
};

/* NULL: out of memory, described. */
struct commands_view *commands_view_new(const struct commands *commands, struct error *ret_error);
size_t commands_size_of_config(const struct config *config);

#endif
