/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the data plane remembers: recorded flows, and the shares of a ring. Views of them are made
 * on the event loop's thread: the tables are memory, so that a look at all of them is no system
 * call.
 */
#include "view_list.h"

#include "engine.h"
#include "view_parts.h"

#include "plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- flows ---- */

struct flow_search {
	struct view *view;
	const struct view_flow_filter *filter;
};

static json_t *flow_to_json(const struct image_vip *vip, const struct flows_record *flow)
{
	return json_pack("{s:I, s:s, s:s, s:I, s:I, s:b}", "place", (json_int_t)flow->place, "vip",
			 vip->name, "backend", vip->backends[flow->ordinal].name, "slot",
			 (json_int_t)flow->slot, "idle_s", (json_int_t)flow->idle_s, "confirmed",
			 flow->is_confirmed);
}

static bool flow_passes(const struct view_flow_filter *filter, const struct image_vip *vip,
			const struct flows_record *flow)
{
	if (filter->vip && strcmp(filter->vip, vip->name) != 0)
		return false;
	return !filter->backend || strcmp(filter->backend, vip->backends[flow->ordinal].name) == 0;
}

/* A flows_visitor. */
static bool keep_flow(void *context, const struct flows_record *flow)
{
	const struct flow_search *search = context;
	struct view *view = search->view;

	if (!flow_passes(search->filter, view->image->vips[flow->vip], flow))
		return true;
	view->has_more_flows = view->flow_count == search->filter->limit;
	if (view->has_more_flows)
		return false;
	view->flows[view->flow_count++] = *flow;
	return true;
}

static int check_filter(const struct engine *engine, const struct view_flow_filter *filter,
			struct error *ret_error)
{
	const struct config_vip *vip;

	if (!filter->vip)
		return 0;
	vip = config_find_vip(engine_shown(engine), filter->vip);
	if (!vip)
		return error_set(ret_error, ERROR_NOT_FOUND, "there is no vip '%s'", filter->vip);
	if (filter->backend && !config_find_backend(vip, filter->backend))
		return error_set(ret_error, ERROR_NOT_FOUND, "vip '%s' has no backend '%s'",
				 filter->vip, filter->backend);
	return 0;
}

struct view *view_flows(const struct engine *engine, const struct view_flow_filter *filter,
			struct error *ret_error)
{
	struct image *image = publish_image(engine_publish(engine));
	struct flow_search search = {NULL, filter};

	if (check_filter(engine, filter, ret_error))
		return NULL;
	search.view = view_new(engine, ret_error);
	if (!search.view)
		return NULL;
	search.view->image = image ? image_ref(image) : NULL;
	search.view->flows = calloc(filter->limit, sizeof(search.view->flows[0]));
	if (search.view->flows && (!image || flows_visit(publish_flows(engine_publish(engine)),
							 filter->after, keep_flow, &search) == 0))
		return search.view;
	view_free(search.view);
	error_set_errno(ret_error, ENOMEM, "no memory to list flows");
	return NULL;
}

json_t *view_list_flows(const struct view *view, uint64_t *ret_next, struct error *ret_error)
{
	json_t *items = json_array();
	int failed = items ? 0 : -1;

	for (size_t i = 0; i < view->flow_count && !failed; i++) {
		const struct flows_record *flow = &view->flows[i];

		failed = json_array_append_new(items,
					       flow_to_json(view->image->vips[flow->vip], flow));
	}
	*ret_next = view->has_more_flows ? view->flows[view->flow_count - 1].place : 0;
	if (!failed)
		return items;
	json_decref(items);
	error_set_errno(ret_error, ENOMEM, "no memory to list flows");
	return NULL;
}

/* ---- rings ---- */

static double eligible_weight(const struct image_backend *backend)
{
	return plan_is_eligible(backend) ? backend->weight : 0;
}

static json_t *shares_to_json(const struct image_vip *vip, const struct view_backend *seen)
{
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
				  "older_slots", (json_int_t)seen[i].remainder.older_slots));
	}
	free(counts);
	return json;
}

struct view *view_ring(const struct engine *engine, const char *vip, struct error *ret_error)
{
	struct image *image = publish_image(engine_publish(engine));
	int index = image ? image_find_index(image, vip) : -1;
	struct view *view;

	if (index < 0) {
		error_set(ret_error, ERROR_NOT_FOUND, "there is no vip '%s'", vip);
		return NULL;
	}
	view = view_new(engine, ret_error);
	if (!view)
		return NULL;
	view->image = image_ref(image);
	view->first_vip = (size_t)index;
	if (view_keep_backends(view, engine, 1) == 0)
		return view;
	view_free(view);
	error_set_errno(ret_error, ENOMEM, "no memory for the ring");
	return NULL;
}

json_t *view_ring_to_json(const struct view *view, struct error *ret_error)
{
	const struct image_vip *vip = view->image->vips[view->first_vip];
	char digest[17];
	json_t *json;

	snprintf(digest, sizeof(digest), "%016" PRIx64, vip->ring->digest);
	json = json_pack("{s:I, s:s, s:I, s:o}", "slots", (json_int_t)1 << vip->ring->bits,
			 "digest", digest, "tracked_slots",
			 (json_int_t)view->tracking[0].tracked_slots, "backends",
			 shares_to_json(vip, view->backends));
	if (!json)
		error_set_errno(ret_error, ENOMEM, "no memory for the ring");
	return json;
}
