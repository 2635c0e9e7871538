/* SPDX-License-Identifier: BSD-2-Clause */
/* It owns no state; commands call it, on the event loop's thread. */
#include "config_diff.h"

#include "config_parts.h"
#include "json_patch.h"

#include <stdlib.h>
#include <string.h>

static int diff_vip(const struct config_change *change, json_t *operations)
{
	json_auto_t *from = change->before ? config_vip_to_json(change->before) : NULL;
	json_auto_t *to = change->after ? config_vip_to_json(change->after) : NULL;
	char *pointer = json_pointer_append(
		"/" CONFIG_VIPS_KEY, (change->before ? change->before : change->after)->name);
	int failed = -1;

	if (pointer && !from == !change->before && !to == !change->after)
		failed = json_patch_make(pointer, from, to, operations);
	free(pointer);
	return failed;
}

json_t *config_diff(const struct config *from, const struct config *to)
{
	json_t *operations = json_array();
	struct config_changes changes = {.before = from, .after = to};
	struct config_change change;

	while (operations && config_changes_next(&changes, &change)) {
		if (diff_vip(&change, operations)) {
			json_decref(operations);
			return NULL;
		}
	}
	return operations;
}
