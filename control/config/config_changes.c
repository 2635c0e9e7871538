/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between two configs, and a config made of another and such differences.
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
		int order = strcmp(vip->name, same->name);

		if (order == 0 && vip != same && config_vip_equal(vip, same)) {
			config->vips[at] = config_vip_ref(same);
			config_vip_unref(vip);
		}
		at += order <= 0;
		base_at += order >= 0;
	}
}

/* ---- making ---- */

static int compare_names(const void *left, const void *right)
{
	const char *const *left_name = left, *const *right_name = right;

	return strcmp(*left_name, *right_name);
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
	return count && bsearch(&name, names, count, sizeof(names[0]), compare_names);
}

/* Sorted names of what the edit puts in place of the base's, or takes away. */
static const char **replaced_names(const struct config_edit *edit, size_t *ret_count)
{
	size_t count = edit->changed_count + edit->removed_count;
	const char **names = calloc(count + 1, sizeof(names[0]));

	if (!names)
		return NULL;
	for (size_t i = 0; i < edit->changed_count; i++)
		names[i] = edit->changed[i]->name;
	for (size_t i = 0; i < edit->removed_count; i++)
		names[edit->changed_count + i] = edit->removed[i];
	qsort(names, count, sizeof(names[0]), compare_names);
	*ret_count = count;
	return names;
}

struct config *config_with_edit(const struct config *base, const struct config_edit *edit)
{
	size_t count;
	struct config *config = config_new(base->vip_count + edit->changed_count);
	const char **names = config ? replaced_names(edit, &count) : NULL;

	if (!names) {
		config_unref(config);
		return NULL;
	}
	config->node = base->node;
	config->api = base->api;
	for (size_t i = 0; i < base->vip_count; i++)
		if (!is_among(base->vips[i]->name, names, count))
			config->vips[config->vip_count++] = config_vip_ref(base->vips[i]);
	for (size_t i = 0; i < edit->changed_count; i++)
		config->vips[config->vip_count++] = config_vip_ref(edit->changed[i]);
	config_sort_vips(config);
	free(names);
	return config;
}

int config_check(const struct config *config, struct error_list *faults)
{
	struct config_place document = config_place_document(faults);

	return config_check_all(&document, config);
}
