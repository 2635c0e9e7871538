/* SPDX-License-Identifier: BSD-2-Clause */
#include "predecessor.h"

/* Packets may still read what the predecessor flipped away last. */
static int predecessor_adopt_maps(struct publish *publish, struct grace *grace,
				  struct error *ret_error)
{
	if (publish_adopt(publish, ret_error) || grace_wait(grace, ret_error))
		return -1;
	publish_reclaim(publish, publish_epoch(publish));
	/* What removed backends left is not known: records that name their ordinals go now. */
	for (int i = 0; i < IMAGE_SWEEPS_TO_FORGET; i++) {
		if (flows_sweep(publish_flows(publish), ret_error))
			return -1;
	}
	return 0;
}

int predecessor_adopt(struct predecessor *predecessor, struct publish *publish, struct grace *grace,
		      struct error *ret_error)
{
	const struct dataplane_memory *others = dataplane_predecessor(predecessor->dataplane);

	if (dataplane_is_adopted(predecessor->dataplane))
		return predecessor_adopt_maps(publish, grace, ret_error);
	if (!others)
		return 0;
	predecessor->publish = publish_new(others, ret_error);
	if (!predecessor->publish || publish_adopt(predecessor->publish, ret_error))
		return -1;
	return publish_inherit(publish, predecessor->publish, ret_error);
}

void predecessor_forget(struct predecessor *predecessor, struct publish *publish)
{
	if (!predecessor->publish)
		return;
	flows_inherit(publish_flows(publish), publish_flows(predecessor->publish));
	predecessor_free(predecessor);
	dataplane_forget_predecessor(predecessor->dataplane);
}

void predecessor_free(struct predecessor *predecessor)
{
	publish_free(predecessor->publish);
	predecessor->publish = NULL;
}
