/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a write would do, for a dry run: the very plan that would be published is made, compared
 * with what is published, and thrown away. Backends of which nothing is known yet are taken for
 * reachable.
 */
#include "foretell.h"

#include "config_patch.h"
#include "engine.h"
#include "forecast.h"
#include "plan.h"
#include "publish.h"

#include <errno.h>

struct sums {
	uint64_t slots, slots_moved, slots_given_up, flows_given_up, older_slots_given_up;
};

static const struct resolution *find_next_hop(const void *known,
					      const struct carom_address *destination)
{
	static const struct resolution unknown = {.hop.resolved = true};
	const struct resolution *found = facts_next_hop(known, destination);

	return found ? found : &unknown;
}

static json_t *sums_to_json(const struct sums *sums)
{
	double share = sums->slots ? (double)sums->slots_moved / (double)sums->slots : 0;

	return json_pack("{s:I, s:I, s:f, s:I, s:I, s:I}", "slots", (json_int_t)sums->slots,
			 "slots_moved", (json_int_t)sums->slots_moved, "share_moved", share,
			 "slots_given_up", (json_int_t)sums->slots_given_up, "flows_given_up",
			 (json_int_t)sums->flows_given_up, "older_slots_given_up",
			 (json_int_t)sums->older_slots_given_up);
}

/* Recorded flows of the backends that stop serving; and their names. */
static json_t *count_flows(const struct engine *engine, size_t index, const struct image_vip *to,
			   struct sums *sums)
{
	const struct image_vip *from = publish_image(engine_publish(engine))->vips[index];
	json_t *names = json_array();

	for (size_t i = 0; i < from->backend_count; i++) {
		struct flows_remainder remainder;

		if (!forecast_gives_up(from, to, i))
			continue;
		remainder = flows_remainder(publish_flows(engine_publish(engine)), index, i);
		sums->flows_given_up += remainder.flows;
		sums->older_slots_given_up += remainder.older_slots;
		json_array_append_new(names, json_string(from->backends[i].name));
	}
	return names;
}

static void add_sums(struct sums *total, const struct sums *sums)
{
	total->slots += sums->slots;
	total->slots_moved += sums->slots_moved;
	total->slots_given_up += sums->slots_given_up;
	total->flows_given_up += sums->flows_given_up;
	total->older_slots_given_up += sums->older_slots_given_up;
}

static void add_vip(const struct engine *engine, json_t *vips, const char *name,
		    const struct image_vip *to, struct sums *total)
{
	const struct image *image = publish_image(engine_publish(engine));
	int index = image ? image_find_index(image, name) : -1;
	const struct image_vip *from = index < 0 ? NULL : image->vips[index];
	struct forecast_slots slots;
	struct sums sums;
	json_t *names, *json;

	if (from == to)
		return;
	slots = forecast_slots(from, to);
	sums = (struct sums){slots.count, slots.moved, slots.given_up, 0, 0};
	names = from ? count_flows(engine, (size_t)index, to, &sums) : json_array();
	json = sums_to_json(&sums);
	json_object_set_new(json, "change",
			    json_string(!from ? "added"
					: to  ? "changed"
					      : "removed"));
	json_object_set_new(json, "backends_given_up", names);
	json_object_set_new(vips, name, json);
	add_sums(total, &sums);
}

static json_t *compare(const struct engine *engine, const struct image *planned)
{
	const struct image *image = publish_image(engine_publish(engine));
	json_t *vips = json_object(), *json;
	struct sums total = {0};

	for (size_t i = 0; i < planned->vip_count; i++)
		add_vip(engine, vips, planned->vips[i]->name, planned->vips[i], &total);
	for (size_t i = 0; image && i < image->vip_count; i++)
		if (!image_find(planned, image->vips[i]->name))
			add_vip(engine, vips, image->vips[i]->name, NULL, &total);
	json = sums_to_json(&total);
	if (json_object_set_new(json, "vips", vips) == 0)
		return json;
	json_decref(json);
	return NULL;
}

/* NULL, described: there is no memory, or no room. */
static struct image *plan_with_room(const struct engine *engine, const struct plan_input *input,
				    struct error *ret_error)
{
	struct image *planned = plan_make(input, ret_error);

	if (!planned ||
	    publish_check(engine_publish(engine), planned, PUBLISH_ROOM_RECLAIMED, ret_error) == 0)
		return planned;
	image_unref(planned);
	return NULL;
}

/* A write waits for grace periods and sweeps where they bring room: so the forecast takes for free
 * what they would set free. Numbers that are retired are not counted yet, so room is not judged
 * while a grace period is due. */
static struct image *plan_as_if_swept(const struct engine *engine, struct plan_input *input,
				      struct error *ret_error)
{
	struct error error = {0};
	struct image *planned = plan_with_room(engine, input, &error);

	if (planned)
		return planned;
	input->sweep_count += IMAGE_SWEEPS_TO_FORGET;
	if (error.kind == ERROR_LIMIT && publish_is_waiting(engine_publish(engine)))
		return plan_make(input, ret_error);
	return plan_with_room(engine, input, ret_error);
}

json_t *foretell(const struct engine *engine, const struct config *desired, struct error *ret_error)
{
	struct plan_input input = engine_plan_input(engine, desired);
	struct facts known = input.facts;
	struct image *planned;
	json_t *json;

	input.facts = (struct facts){find_next_hop, &known};
	planned = plan_as_if_swept(engine, &input, ret_error);
	if (!planned)
		return NULL;
	json = compare(engine, planned);
	image_unref(planned);
	if (json &&
	    json_object_set_new(json, "changes", config_diff(engine_desired(engine), desired))) {
		json_decref(json);
		json = NULL;
	}
	if (!json)
		error_set_errno(ret_error, ENOMEM, "no memory for the forecast");
	return json;
}
