/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views, and the reads of the desired state. These show what the data plane follows: a write that
 * is under way may still be refused.
 *
 * A view holds references to immutable values, and copies of what changes. References are counted
 * by the event loop's thread, which makes and frees views; in between, any thread may read one.
 */
#include "engine.h"

#include "stats.h"
#include "view_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct view *view_new(const struct engine *engine, struct error *ret_error)
{
	struct view *view = calloc(1, sizeof(*view));

	if (!view) {
		error_set_errno(ret_error, ENOMEM, "no memory for the answer");
		return NULL;
	}
	view->number = engine_shown_revision(engine);
	view->is_ready = engine_is_ready(engine, NULL);
	return view;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	config_unref(view->config);
	config_unref(view->other);
	image_unref(view->image);
	json_decref(view->status);
	free(view->tracking);
	for (size_t i = 0; i < view->backend_count; i++)
		free(view->backends[i].why_ineligible);
	free(view->backends);
	free(view->flows);
	stats_free(view->stats);
	free(view);
}

struct view *view_desired(const struct engine *engine, struct error *ret_error)
{
	struct view *view = view_new(engine, ret_error);

	if (view)
		view->config = config_ref(engine_shown(engine));
	return view;
}

struct view *view_stats(const struct engine *engine, struct error *ret_error)
{
	struct view *view = view_new(engine, ret_error);

	if (!view)
		return NULL;
	view->stats = stats_new(engine);
	if (view->stats)
		return view;
	view_free(view);
	error_set_errno(ret_error, ENOMEM, "no memory to read the counters");
	return NULL;
}

uint64_t view_number(const struct view *view)
{
	return view->number;
}

bool view_is_ready(const struct view *view)
{
	return view->is_ready;
}

const struct stats *view_stats_of(const struct view *view)
{
	return view->stats;
}

/* Returns 0, or -1: out of memory. */
static int view_keep_vip(struct view *view, const struct engine *engine, size_t index)
{
	const struct image_vip *vip = view->image->vips[index];
	struct facts facts = engine_facts(engine);

	for (size_t i = 0; i < vip->backend_count; i++) {
		const struct image_backend *backend = &vip->backends[i];
		struct view_backend *kept = &view->backends[view->backend_count++];

		kept->remainder = flows_remainder(publish_flows(engine_publish(engine)), index, i);
		if (backend->state == CAROM_BACKEND_UNUSED || plan_is_eligible(backend))
			continue;
		kept->why_ineligible = strdup(facts_why_ineligible(&facts, backend));
		if (!kept->why_ineligible)
			return -1;
	}
	view->tracking[index - view->first_vip] =
		flows_vip(publish_flows(engine_publish(engine)), index);
	return 0;
}

int view_keep_backends(struct view *view, const struct engine *engine, size_t vip_count)
{
	size_t ordinal_count = 0;

	for (size_t i = 0; i < vip_count; i++)
		ordinal_count += view->image->vips[view->first_vip + i]->backend_count;
	view->tracking = calloc(vip_count + 1, sizeof(view->tracking[0]));
	view->backends = calloc(ordinal_count + 1, sizeof(view->backends[0]));
	if (!view->tracking || !view->backends)
		return -1;
	for (size_t i = 0; i < vip_count; i++)
		if (view_keep_vip(view, engine, view->first_vip + i))
			return -1;
	return 0;
}

/* ---- sizes ---- */

size_t view_size_of_config(const struct config *config)
{
	size_t count = config->vip_count;

	for (size_t i = 0; i < config->vip_count; i++)
		count += config->vips[i]->backend_count;
	return count;
}

size_t view_size_of_all(const struct engine *engine)
{
	return view_size_of_config(engine_shown(engine));
}

size_t view_size_of_vip(const struct engine *engine, const char *vip)
{
	const struct config_vip *found = config_find_vip(engine_shown(engine), vip);

	return found ? 1 + found->backend_count : 0;
}

/* ---- reads ---- */

static json_t *view_json(json_t *json, struct error *ret_error)
{
	if (!json)
		error_set_errno(ret_error, ENOMEM, "no memory for the answer");
	return json;
}

static const struct config_vip *find_vip(const struct view *view, const char *name,
					 struct error *ret_error)
{
	const struct config_vip *vip = config_find_vip(view->config, name);

	if (!vip)
		error_set(ret_error, ERROR_NOT_FOUND, "there is no vip '%s'", name);
	return vip;
}

json_t *view_config_to_json(const struct view *view, struct error *ret_error)
{
	return view_json(config_to_json(view->config), ret_error);
}

json_t *view_vip_to_json(const struct view *view, const char *vip, struct error *ret_error)
{
	const struct config_vip *found = find_vip(view, vip, ret_error);

	return found ? view_json(config_vip_to_json(found), ret_error) : NULL;
}

json_t *view_backend_to_json(const struct view *view, const char *vip, const char *backend,
			     struct error *ret_error)
{
	const struct config_vip *owner = find_vip(view, vip, ret_error);
	const struct config_backend *found = owner ? config_find_backend(owner, backend) : NULL;

	if (found)
		return view_json(config_backend_to_json(found), ret_error);
	if (owner)
		error_set(ret_error, ERROR_NOT_FOUND, "vip '%s' has no backend '%s'", vip, backend);
	return NULL;
}
