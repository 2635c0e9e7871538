/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between two configs, and what they share.
 *
 * VIPs are sorted by name and shared between revisions, so a walk side by side costs a comparison
 * of pointers for each VIP that is the same.
 *
 * It owns no state; revisions, the store and commands call it. A walk touches no reference count,
 * so it may run on any thread.
 */
#include "config.h"
#include "config_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- the walk ---- */

/* Negative: the next name is one of before's alone; positive: of after's. */
static int compare_next(const struct config_changes *changes)
{
	if (changes->before_at == changes->before->vip_count)
		return 1;
	if (changes->after_at == changes->after->vip_count)
		return -1;
	return strcmp(changes->before->vips[changes->before_at]->name,
		      changes->after->vips[changes->after_at]->name);
}

static bool is_at_end(const struct config_changes *changes)
{
	return changes->before_at == changes->before->vip_count &&
	       changes->after_at == changes->after->vip_count;
}

/* Whether both stand at one VIP, unchanged: most do. */
static bool is_shared(const struct config_changes *changes)
{
	return changes->before_at < changes->before->vip_count &&
	       changes->after_at < changes->after->vip_count &&
	       changes->before->vips[changes->before_at] == changes->after->vips[changes->after_at];
}

bool config_changes_next(struct config_changes *changes, struct config_change *ret_change)
{
	struct config_change change;
	int order;

	while (!is_at_end(changes)) {
		if (is_shared(changes)) {
			changes->before_at++;
			changes->after_at++;
			continue;
		}
		order = compare_next(changes);
		change.before = order <= 0 ? changes->before->vips[changes->before_at++] : NULL;
		change.after = order >= 0 ? changes->after->vips[changes->after_at++] : NULL;
		if (change.before && change.after && config_vip_equal(change.before, change.after))
			continue;
		*ret_change = change;
		return true;
	}
	return false;
}

/* ---- sharing ---- */

void config_share_equal(struct config *config, const struct config *base)
{
	for (size_t at = 0, base_at = 0; at < config->vip_count && base_at < base->vip_count;) {
		struct config_vip *vip = config->vips[at], *same = base->vips[base_at];
		int order = vip == same ? 0 : strcmp(vip->name, same->name);

		if (order == 0 && config_vip_equal(vip, same)) {
			config->vips[at] = config_vip_ref(same);
			config_vip_unref(vip);
		}
		at += order <= 0;
		base_at += order >= 0;
	}
}

int config_check(const struct config *config, struct error_list *faults)
{
	struct json_place document = json_place_document(faults);

	return config_check_all(&document, config, NULL);
}
