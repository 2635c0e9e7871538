/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views, and the reads of the desired state. These show what the data plane follows: a write that
 * is under way may still be refused.
 *
 * A view holds references to immutable values, and copies of what changes. References are counted
 * by the event loop's thread, which makes and frees views; in between, any thread may read one.
 */
#include "commands_parts.h"

#include "commands_stats.h"
#include "commands_view_parts.h"

#include <errno.h>
#include <stdlib.h>

struct commands_view *commands_view_new(const struct commands *commands, struct error *ret_error)
{
	struct commands_view *view = calloc(1, sizeof(*view));

	if (!view) {
		error_set_errno(ret_error, ENOMEM, "no memory for the answer");
		return NULL;
	}
	view->number = commands_revision(commands);
	view->is_ready = commands_is_ready(commands, NULL);
	return view;
}

void commands_view_free(struct commands_view *view)
{
	if (!view)
		return;
	config_unref(view->config);
	config_unref(view->other);
	image_unref(view->image);
	json_decref(view->status);
	free(view->tracking);
	free(view->remainders);
	free(view->flows);
	commands_stats_free(view->stats);
	free(view);
}

struct commands_view *commands_view_desired(const struct commands *commands,
					    struct error *ret_error)
{
	struct commands_view *view = commands_view_new(commands, ret_error);

	if (view)
		view->config = config_ref(commands_shown(commands));
	return view;
}

struct commands_view *commands_view_stats(const struct commands *commands, struct error *ret_error)
{
	struct commands_view *view = commands_view_new(commands, ret_error);

	if (!view)
		return NULL;
	view->stats = commands_stats_new(commands);
	if (view->stats)
		return view;
	commands_view_free(view);
	error_set_errno(ret_error, ENOMEM, "no memory to read the counters");
	return NULL;
}

uint64_t commands_view_number(const struct commands_view *view)
{
	return view->number;
}

bool commands_view_is_ready(const struct commands_view *view)
{
	return view->is_ready;
}

const struct commands_stats *commands_get_stats(const struct commands_view *view)
{
	return view->stats;
}

int commands_view_keep_remainders(struct commands_view *view, const struct commands *commands,
				  size_t vip_count)
{
	struct image_vip *const *vips = view->image ? view->image->vips + view->first_vip : NULL;
	struct flows_remainder *remainder;
	size_t ordinal_count = 0;

	for (size_t i = 0; i < vip_count; i++)
		ordinal_count += vips[i]->backend_count;
	view->tracking = calloc(vip_count + 1, sizeof(view->tracking[0]));
	view->remainders = calloc(ordinal_count + 1, sizeof(view->remainders[0]));
	if (!view->tracking || !view->remainders)
		return -1;
	remainder = view->remainders;
	for (size_t i = 0; i < vip_count; i++) {
		size_t vip = view->first_vip + i;

		view->tracking[i] = flows_vip(publish_flows(commands->publish), vip);
		for (size_t j = 0; j < vips[i]->backend_count; j++)
			*remainder++ = flows_remainder(publish_flows(commands->publish), vip, j);
	}
	return 0;
}

/* ---- sizes ---- */

size_t commands_size_of_config(const struct config *config)
{
	size_t count = config->vip_count;

	for (size_t i = 0; i < config->vip_count; i++)
		count += config->vips[i]->backend_count;
	return count;
}

size_t commands_size_of_all(const struct commands *commands)
{
	return commands_size_of_config(commands_shown(commands));
}

size_t commands_size_of_vip(const struct commands *commands, const char *vip)
{
	const struct config_vip *found = config_find_vip(commands_shown(commands), vip);

	return found ? 1 + found->backend_count : 0;
}

/* ---- reads ---- */

static json_t *answer(json_t *json, struct error *ret_error)
{
	if (!json)
		error_set_errno(ret_error, ENOMEM, "no memory for the answer");
	return json;
}

static const struct config_vip *find_vip(const struct commands_view *view, const char *name,
					 struct error *ret_error)
{
	const struct config_vip *vip = config_find_vip(view->config, name);

	if (!vip)
		error_set(ret_error, ERROR_NOT_FOUND, "there is no vip '%s'", name);
	return vip;
}

json_t *commands_get_config(const struct commands_view *view, struct error *ret_error)
{
	return answer(config_to_json(view->config), ret_error);
}

json_t *commands_get_vip(const struct commands_view *view, const char *vip, struct error *ret_error)
{
	const struct config_vip *found = find_vip(view, vip, ret_error);

	return found ? answer(config_vip_to_json(found), ret_error) : NULL;
}

json_t *commands_get_backend(const struct commands_view *view, const char *vip, const char *backend,
			     struct error *ret_error)
{
	const struct config_vip *owner = find_vip(view, vip, ret_error);
	const struct config_backend *found = owner ? config_find_backend(owner, backend) : NULL;

	if (found)
		return answer(config_backend_to_json(found), ret_error);
	if (owner)
		error_set(ret_error, ERROR_NOT_FOUND, "vip '%s' has no backend '%s'", vip, backend);
	return NULL;
}
