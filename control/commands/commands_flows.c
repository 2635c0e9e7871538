/* SPDX-License-Identifier: BSD-2-Clause */
/* What the data plane remembers: recorded flows, and the shares of a ring. On the event loop's
 * thread; the tables are memory, so that a look at all of them is no system call. */
#include "commands_list.h"

#include "commands_parts.h"

#include "plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- flows ---- */

struct flow_list {
	const struct image *image;
	const struct commands_flow_filter *filter;
	json_t *items;
	uint64_t last; /* place of the last one in it */
	bool has_more;
};

static json_t *flow_to_json(const struct image_vip *vip, const struct publish_flow *flow)
{
	return json_pack("{s:I, s:s, s:s, s:I, s:I, s:b}", "place", (json_int_t)flow->place, "vip",
			 vip->name, "backend", vip->backends[flow->ordinal].name, "slot",
			 (json_int_t)flow->slot, "idle_s", (json_int_t)flow->idle_s, "confirmed",
			 flow->is_confirmed);
}

static bool flow_passes(const struct commands_flow_filter *filter, const struct image_vip *vip,
			const struct publish_flow *flow)
{
	if (filter->vip && strcmp(filter->vip, vip->name) != 0)
		return false;
	return !filter->backend || strcmp(filter->backend, vip->backends[flow->ordinal].name) == 0;
}

/* A publish_flow_visitor. */
static bool list_flow(void *context, const struct publish_flow *flow)
{
	struct flow_list *list = context;
	const struct image_vip *vip = list->image->vips[flow->vip];

	if (!flow_passes(list->filter, vip, flow))
		return true;
	list->has_more = json_array_size(list->items) >= list->filter->limit;
	if (list->has_more)
		return false;
	if (json_array_append_new(list->items, flow_to_json(vip, flow))) {
		json_decref(list->items);
		list->items = NULL;
		return false;
	}
	list->last = flow->place;
	return true;
}

static int check_filter(const struct commands *commands, const struct commands_flow_filter *filter,
			struct error *ret_error)
{
	const struct config_vip *vip;

	if (!filter->vip)
		return 0;
	vip = config_find_vip(commands_shown(commands), filter->vip);
	if (!vip)
		return error_set(ret_error, ERROR_NOT_FOUND, "there is no vip '%s'", filter->vip);
	if (filter->backend && !config_find_backend(vip, filter->backend))
		return error_set(ret_error, ERROR_NOT_FOUND, "vip '%s' has no backend '%s'",
				 filter->vip, filter->backend);
	return 0;
}

json_t *commands_list_flows(const struct commands *commands,
			    const struct commands_flow_filter *filter, uint64_t *ret_next,
			    struct error *ret_error)
{
	struct flow_list list = {.image = publish_image(commands->publish), .filter = filter};

	if (check_filter(commands, filter, ret_error))
		return NULL;
	list.items = json_array();
	if (list.items && list.image &&
	    publish_visit_flows(commands->publish, filter->after, list_flow, &list)) {
		json_decref(list.items);
		list.items = NULL;
	}
	if (!list.items)
		error_set_errno(ret_error, ENOMEM, "no memory to list flows");
	*ret_next = list.has_more ? list.last : 0;
	return list.items;
}

/* ---- rings ---- */

static double eligible_weight(const struct image_backend *backend)
{
	return plan_is_eligible(backend) ? backend->weight : 0;
}

static json_t *shares_to_json(const struct commands *commands, size_t index)
{
	const struct image_vip *vip = publish_image(commands->publish)->vips[index];
	double slot_count = (double)(1u << vip->ring->bits), weights = 0;
	uint32_t *counts = image_count_slots(vip);
	json_t *json = counts ? json_object() : NULL;

	for (size_t i = 0; i < vip->backend_count; i++)
		weights += eligible_weight(&vip->backends[i]);
	for (size_t i = 0; json && i < vip->backend_count; i++) {
		const struct image_backend *backend = &vip->backends[i];
		double ideal = weights > 0 ? eligible_weight(backend) / weights : 0;

		if (backend->state == CAROM_BACKEND_UNUSED)
			continue;
		json_object_set_new(
			json, backend->name,
			json_pack("{s:I, s:I, s:f, s:f, s:I}", "weight",
				  (json_int_t)backend->weight, "slots", (json_int_t)counts[i],
				  "share", counts[i] / slot_count, "ideal_share", ideal,
				  "older_slots",
				  (json_int_t)publish_remainder(commands->publish, index, i)
					  .older_slots));
	}
	free(counts);
	return json;
}

json_t *commands_get_ring(const struct commands *commands, const char *vip, struct error *ret_error)
{
	const struct image *image = publish_image(commands->publish);
	int index = image ? image_find_index(image, vip) : -1;
	const struct image_ring *ring;
	char digest[17];
	json_t *json;

	if (index < 0) {
		error_set(ret_error, ERROR_NOT_FOUND, "there is no vip '%s'", vip);
		return NULL;
	}
	ring = image->vips[index]->ring;
	snprintf(digest, sizeof(digest), "%016" PRIx64, ring->digest);
	json = json_pack(
		"{s:I, s:s, s:I, s:o}", "slots", (json_int_t)1 << ring->bits, "digest", digest,
		"tracked_slots",
		(json_int_t)publish_tracking_vip(commands->publish, (size_t)index).tracked_slots,
		"backends", shares_to_json(commands, (size_t)index));
	if (!json)
		error_set_errno(ret_error, ENOMEM, "no memory for the ring");
	return json;
}
