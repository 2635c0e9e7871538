/* SPDX-License-Identifier: BSD-2-Clause */
#include "deployment.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t hash_key[2] = {0x0123456789abcdef, 0xfedcba9876543210};

static void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("deployment: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

static struct config *empty_config(void)
{
	struct error_list errors = {0};
	json_t *json = json_pack("{s:{s:[{s:s}]}}", "node", "interfaces", "name", "lo");
	struct config *config = config_from_json(json, &errors);

	if (!config)
		give_up("%s", errors.count ? errors.items[0].message : "out of memory");
	json_decref(json);
	error_list_done(&errors);
	return config;
}

struct deployment deployment_open(const struct dataplane_limits *limits,
				  facts_find_next_hop *find_next_hop, const void *next_hops)
{
	return (struct deployment){
		.harness = harness_open(&(struct harness_options){
			.limits = *limits,
			.hash_key = {hash_key[0], hash_key[1]},
		}),
		.desired = empty_config(),
		.facts = {find_next_hop, next_hops},
	};
}

static void forget_plan(struct deployment *deployment)
{
	config_unref(deployment->planned);
	deployment->planned = NULL;
}

void deployment_close(struct deployment *deployment)
{
	forget_plan(deployment);
	config_unref(deployment->desired);
	harness_close(&deployment->harness);
}

static void renew_publish(struct deployment *deployment)
{
	struct error error;

	publish_free(deployment->harness.publish);
	deployment->harness.publish =
		publish_new(dataplane_memory(deployment->harness.dataplane), &error);
	if (!deployment->harness.publish)
		give_up("%s", error.message);
	forget_plan(deployment);
}

void deployment_begin(struct deployment *deployment, uint32_t now_s)
{
	const struct dataplane_memory *memory = dataplane_memory(deployment->harness.dataplane);

	memset(memory->flows, 0, memory->flow_count * sizeof(memory->flows[0]));
	memset(memory->recorders, 0, memory->lane_count * sizeof(memory->recorders[0]));
	memset(memory->shares, 0, memory->reasons_per_lane * sizeof(memory->shares[0]));
	renew_publish(deployment);
	flows_set_clock(publish_flows(deployment->harness.publish), now_s);
	config_unref(deployment->desired);
	deployment->desired = empty_config();
	deployment_commit(deployment);
}

static void replace_desired(struct deployment *deployment, struct config *desired,
			    struct error_list *errors)
{
	if (!desired)
		give_up("%s", errors->count ? errors->items[0].message : "out of memory");
	error_list_done(errors);
	config_unref(deployment->desired);
	deployment->desired = desired;
}

void deployment_put_vip(struct deployment *deployment, struct config_vip *vip)
{
	struct error_list errors = {0};

	replace_desired(deployment, config_with_vip(deployment->desired, vip, &errors), &errors);
	config_vip_unref(vip);
}

void deployment_remove_vip(struct deployment *deployment, const char *name)
{
	struct error_list errors = {0};

	replace_desired(deployment, config_without_vip(deployment->desired, name, &errors),
			&errors);
}

static struct image *make_image(const struct deployment *deployment)
{
	struct publish *publish = deployment->harness.publish;
	struct error error;
	struct image *image = plan_make(
		&(struct plan_input){
			.desired = deployment->desired,
			.published = deployment->planned,
			.image = publish_image(publish),
			.facts_changed = deployment->facts_changed,
			.sweep_count = flows_sweep_count(publish_flows(publish)),
			.facts = deployment->facts,
		},
		&error);

	if (!image)
		give_up("%s", error.message);
	return image;
}

void deployment_commit(struct deployment *deployment)
{
	struct publish *publish = deployment->harness.publish;
	struct image *image = make_image(deployment);
	struct error error;

	if (!publish_is_ready(publish))
		deployment_reclaim(deployment);
	if (publish_commit(publish, image, &error)) {
		deployment_reclaim(deployment);
		if (publish_commit(publish, image, &error))
			give_up("%s", error.message);
	}
	image_unref(image);
	forget_plan(deployment);
	deployment->planned = config_ref(deployment->desired);
	deployment->facts_changed = false;
}

void deployment_reclaim(struct deployment *deployment)
{
	publish_reclaim(deployment->harness.publish, publish_epoch(deployment->harness.publish));
}

void deployment_sweep(struct deployment *deployment)
{
	struct error error;

	if (flows_sweep(publish_flows(deployment->harness.publish), &error))
		give_up("%s", error.message);
}

void deployment_restart(struct deployment *deployment)
{
	struct error error;

	renew_publish(deployment);
	if (publish_adopt(deployment->harness.publish, &error))
		give_up("%s", error.message);
	deployment_reclaim(deployment);
}
