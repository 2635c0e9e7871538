/* SPDX-License-Identifier: BSD-2-Clause */
/* A view, for the files that make one, or JSON of it. */
#ifndef CAROM_VIEW_PARTS_H
#define CAROM_VIEW_PARTS_H

#include "image.h"
#include "publish.h"
#include "revisions.h"
#include "view.h"

/* One ordinal of a VIP. */
struct view_backend {
	struct flows_remainder remainder;
	char *why_ineligible; /* owned; NULL: it is in the ring, or nothing holds the ordinal */
};

/* Each kind of view has some of it; the rest is NULL. */
struct view {
	uint64_t number;
	bool is_ready;
	struct config *config, *other; /* what is shown, and what that is compared with */
	struct revision revision;      /* without a config of its own: that is the one above */
	struct image *image;
	json_t *status; /* without its VIPs */
	/* Of the image's VIPs from the first one on, and of all their ordinals. */
	size_t first_vip;
	struct flows_vip *tracking;
	struct view_backend *backends;
	size_t backend_count;
	struct flows_record *flows;
	size_t flow_count;
	bool has_more_flows;
	struct stats *stats;
};

/* NULL: out of memory, described. */
struct view *view_new(const struct engine *engine, struct error *ret_error);
/* Of so many VIPs of its image, from its first one on. Returns 0, or -1: out of memory. */
int view_keep_backends(struct view *view, const struct engine *engine, size_t vip_count);
size_t view_size_of_config(const struct config *config);

#endif
