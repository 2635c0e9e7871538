/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both sides are sorted by name, so one walk along both finds what is in one or the other.
 *
 * It owns no state; commands call it, on the event loop's thread.
 */
#include "config_diff.h"

#include "config_parts.h"
#include "json_patch.h"

#include <stdlib.h>
#include <string.h>

/* ---- walking ---- */

/* Where a walk along two sorted lists is. */
struct walk {
	size_t from, to;
};

/* Of the next names of both, NULL at an end: which of them is first; 0: they are the same. */
static int compare_next(const char *from, const char *to)
{
	if (!from || !to)
		return from ? -1 : 1;
	return strcmp(from, to);
}

struct vip_pair {
	const struct config_vip *from, *to; /* NULL: there is none of this name */
};

/* False at the end. Pairs that are one VIP, or equal, are left out. */
static bool next_pair(struct walk *walk, const struct config *from, const struct config *to,
		      struct vip_pair *ret_pair)
{
	while (walk->from < from->vip_count || walk->to < to->vip_count) {
		const struct config_vip *left =
			walk->from < from->vip_count ? from->vips[walk->from] : NULL;
		const struct config_vip *right =
			walk->to < to->vip_count ? to->vips[walk->to] : NULL;
		int order = compare_next(left ? left->name : NULL, right ? right->name : NULL);

		walk->from += order <= 0;
		walk->to += order >= 0;
		if (order == 0 && config_vip_equal(left, right))
			continue;
		*ret_pair = (struct vip_pair){
			.from = order <= 0 ? left : NULL,
			.to = order >= 0 ? right : NULL,
		};
		return true;
	}
	return false;
}

/* ---- as a patch ---- */

static int diff_vip(const struct vip_pair *pair, json_t *operations)
{
	json_auto_t *from = pair->from ? config_vip_to_json(pair->from) : NULL;
	json_auto_t *to = pair->to ? config_vip_to_json(pair->to) : NULL;
	char *pointer = json_pointer_append("/" CONFIG_VIPS_KEY,
					    (pair->from ? pair->from : pair->to)->name);
	int failed = -1;

	if (pointer && !from == !pair->from && !to == !pair->to)
		failed = json_patch_make(pointer, from, to, operations);
	free(pointer);
	return failed;
}

json_t *config_diff(const struct config *from, const struct config *to)
{
	json_t *operations = json_array();
	struct vip_pair pair;
	struct walk walk = {0};

	while (operations && next_pair(&walk, from, to, &pair)) {
		if (diff_vip(&pair, operations)) {
			json_decref(operations);
			return NULL;
		}
	}
	return operations;
}

/* ---- as counts ---- */

static void count_backends(struct config_change_counts *counts, const struct vip_pair *pair)
{
	size_t from_count = pair->from ? pair->from->backend_count : 0;
	size_t to_count = pair->to ? pair->to->backend_count : 0;
	struct walk walk = {0};

	while (walk.from < from_count || walk.to < to_count) {
		const struct config_backend *left =
			walk.from < from_count ? &pair->from->backends[walk.from] : NULL;
		const struct config_backend *right =
			walk.to < to_count ? &pair->to->backends[walk.to] : NULL;
		int order = compare_next(left ? left->name : NULL, right ? right->name : NULL);

		walk.from += order <= 0;
		walk.to += order >= 0;
		counts->removed += order < 0;
		counts->added += order > 0;
		counts->changed += order == 0 && !config_backend_equal(left, right);
	}
}

struct config_changes config_count_changes(const struct config *from, const struct config *to)
{
	struct config_changes changes = {0};
	struct vip_pair pair;
	struct walk walk = {0};

	while (next_pair(&walk, from, to, &pair)) {
		changes.vips.removed += !pair.to;
		changes.vips.added += !pair.from;
		changes.vips.changed += pair.from && pair.to;
		count_backends(&changes.backends, &pair);
	}
	return changes;
}
