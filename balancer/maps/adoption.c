/* SPDX-License-Identifier: BSD-2-Clause */
#include "adoption.h"

#include <stdio.h>

const char *adoption_result_name(enum adoption_result result)
{
	switch (result) {
	case ADOPTION_NO_PREDECESSOR: return "none";
	case ADOPTION_ADOPTED: return "adopted";
	case ADOPTION_INHERITED: return "inherited";
	case ADOPTION_REFUSED: return "refused";
	}
	return "unknown";
}

void adoption_leave_out(struct adoption *adoption, const char *map, const char *reason)
{
	struct adoption_left_out *left_out = &adoption->left_out[adoption->left_out_count];

	if (adoption->left_out_count == ADOPTION_LEFT_OUT_MAX)
		return;
	snprintf(left_out->map, sizeof(left_out->map), "%s", map);
	snprintf(left_out->reason, sizeof(left_out->reason), "%s", reason);
	adoption->left_out_count++;
}

static bool has_same_layout(const struct adoption_shape *left, const struct adoption_shape *right)
{
	return left->type == right->type && left->value_bytes == right->value_bytes &&
	       left->flags == right->flags;
}

enum adoption_step adoption_judge(const struct adoption_rule *rule,
				  const struct adoption_shape *found, uint16_t minor,
				  const char **ret_reason)
{
	bool may_start_empty = rule->may_start_empty;

	if (!found) {
		*ret_reason = "it is not pinned";
	} else if (rule->since_minor > minor) {
		*ret_reason = "the predecessor did not know it, so it is stale";
	} else if (!has_same_layout(found, &rule->shape)) {
		*ret_reason = "it has another layout";
	} else if (found->entries != rule->shape.entries) {
		*ret_reason = "it has another size";
		may_start_empty = may_start_empty && !rule->copies_sizes;
	} else {
		return ADOPTION_USE;
	}
	return may_start_empty ? ADOPTION_START_EMPTY : ADOPTION_REFUSE;
}
