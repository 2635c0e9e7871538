/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How caromd and its data plane are, as one JSON value for people and programs.
 *
 * What there is of VIPs may be much, and becomes JSON on whatever thread asks for it; all else is
 * little, and is JSON as soon as the view is made, on the event loop's thread.
 */
#include "commands_parts.h"

#include "commands_view_parts.h"
#include "host.h"
#include "plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

/* json_pack's own reference counting frees the parts when one of them is NULL. */

static json_t *attachment_to_json(const struct attachment *attachment)
{
	return json_pack("{s:s, s:I, s:s, s:s, s:b, s:I, s:s}", "name", attachment->interface,
			 "ifindex", (json_int_t)attachment->ifindex, "requested_mode",
			 attach_mode_name(attachment->requested), "mode",
			 attach_mode_name(attachment->mode), "dispatcher", attachment->dispatcher,
			 "program_id", (json_int_t)attachment->program_id, "reason",
			 attachment->reason);
}

static json_t *interfaces_to_json(const struct commands *commands)
{
	json_t *list = json_array();

	for (size_t i = 0; i < commands->attachment_count; i++)
		json_array_append_new(list, attachment_to_json(&commands->attachments[i]));
	return list;
}

static json_t *left_out_to_json(const struct adoption *adoption)
{
	json_t *list = json_array();

	for (size_t i = 0; i < adoption->left_out_count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "map", adoption->left_out[i].map,
						"reason", adoption->left_out[i].reason));
	return list;
}

static json_t *adoption_to_json(const struct commands *commands)
{
	const struct adoption *adoption = dataplane_adoption(commands->dataplane);
	char abi[16];

	snprintf(abi, sizeof(abi), "%u.%u", adoption->abi_major, adoption->abi_minor);
	return json_pack("{s:s, s:s?, s:s?, s:o}", "result", adoption_result_name(adoption->result),
			 "predecessor_abi", adoption->abi_major ? abi : NULL, "reason",
			 adoption->reason[0] ? adoption->reason : NULL, "left_out",
			 left_out_to_json(adoption));
}

static json_t *use_to_json(uint32_t used, uint32_t waiting, uint32_t limit)
{
	return json_pack("{s:I, s:I, s:I}", "used", (json_int_t)used, "retiring",
			 (json_int_t)waiting, "limit", (json_int_t)limit);
}

static json_t *flows_to_json(const struct commands *commands)
{
	uint64_t used, limit;

	flows_fill(publish_flows(commands->publish), &used, &limit);
	return json_pack("{s:I, s:I}", "used", (json_int_t)used, "limit", (json_int_t)limit);
}

static json_t *recorder_to_json(const struct commands *commands)
{
	struct flows_recorder sum = flows_recorder(publish_flows(commands->publish));

	return json_pack("{s:I, s:I, s:I}", "recorded", (json_int_t)sum.recorded, "rate_limited",
			 (json_int_t)sum.rate_limited, "table_full", (json_int_t)sum.table_full);
}

static json_t *limits_to_json(const struct commands *commands)
{
	const struct config_limits *limits = &commands->desired->node.limits;
	struct room_fill fill = publish_fill(commands->publish);

	return json_pack("{s:o, s:o, s:o, s:o}", "vips",
			 use_to_json(fill.vips_used, 0, limits->vips), "backends",
			 use_to_json(fill.backends_used, fill.backends_waiting, limits->backends),
			 "slots", use_to_json(fill.slots_used, fill.slots_waiting, limits->slots),
			 "flows", flows_to_json(commands));
}

/* How a drain gets on, in the words of the answer to one. */
static json_t *drain_to_json(const struct flows_remainder *remainder)
{
	return json_pack("{s:b, s:I, s:I}", "drained", remainder->is_none, "older_slots",
			 (json_int_t)remainder->older_slots, "settles_in_ms",
			 (json_int_t)remainder->settles_in_s * 1000);
}

static json_t *backend_to_json(const struct image_backend *backend, double share,
			       const struct flows_remainder *remainder)
{
	bool is_eligible = plan_is_eligible(backend);
	char address[ADDRESS_TEXT_BYTES];
	json_t *json = json_pack("{s:s, s:b, s:f, s:I, s:s*}", "address",
				 address_format(&backend->address, address), "eligible",
				 is_eligible, "share", share, "flows", (json_int_t)remainder->flows,
				 "reason", is_eligible ? NULL : plan_ineligible_reason(backend));

	if (backend->state == CAROM_BACKEND_DRAIN)
		json_object_update_new(json, drain_to_json(remainder));
	return json;
}

/* remainders: of the VIP's ordinals. */
static json_t *backends_to_json(const struct image_vip *vip,
				const struct flows_remainder *remainders)
{
	json_t *backends = json_object();
	uint32_t *counts = image_count_slots(vip);

	for (size_t i = 0; counts && i < vip->backend_count; i++) {
		const struct image_backend *backend = &vip->backends[i];
		double share = (double)counts[i] / (double)(1u << vip->ring->bits);

		if (backend->state != CAROM_BACKEND_UNUSED)
			json_object_set_new(backends, backend->name,
					    backend_to_json(backend, share, &remainders[i]));
	}
	free(counts);
	return backends;
}

static json_t *vip_to_json(const struct image_vip *vip, const struct flows_vip *tracking,
			   const struct flows_remainder *remainders)
{
	char digest[17];

	snprintf(digest, sizeof(digest), "%016" PRIx64, vip->ring->digest);
	return json_pack("{s:I, s:s, s:I, s:I, s:o}", "ring_slots",
			 (json_int_t)1 << vip->ring->bits, "ring_digest", digest, "tracked_slots",
			 (json_int_t)tracking->tracked_slots, "flows", (json_int_t)tracking->flows,
			 "backends", backends_to_json(vip, remainders));
}

static json_t *vips_to_json(const struct commands_view *view)
{
	const struct flows_remainder *remainders = view->remainders;
	size_t count = view->image ? view->image->vip_count : 0;
	json_t *vips = json_object();

	for (size_t i = 0; i < count; i++) {
		const struct image_vip *vip = view->image->vips[i];

		json_object_set_new(vips, vip->name,
				    vip_to_json(vip, &view->tracking[i], remainders));
		remainders += vip->backend_count;
	}
	return vips;
}

static json_t *fault_to_json(const struct store_fault *fault)
{
	return json_pack("{s:s, s:I, s:s, s:I}", "file", fault->file, "offset",
			 (json_int_t)fault->offset, "fault", fault->is_torn ? "torn" : "corrupt",
			 "used_revision", (json_int_t)fault->revision);
}

static json_t *faults_to_json(const struct store_state *state)
{
	json_t *faults = json_array();

	for (size_t i = 0; i < state->fault_count && i < STORE_FAULTS_MAX; i++)
		json_array_append_new(faults, fault_to_json(&state->faults[i]));
	return faults;
}

static json_t *refusal_to_json(const struct commands_refusal *refusal)
{
	char time[COMMANDS_TIME_BYTES];

	if (!refusal->time_ms)
		return json_null();
	return json_pack("{s:s, s:s}", "time", commands_format_time(refusal->time_ms, time),
			 "detail", refusal->message);
}

/* null: nothing outlives caromd but the maps. */
static json_t *store_to_json(const struct commands *commands)
{
	const struct store_state *state = &commands->store_state;

	if (!commands->store)
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "state_dir", state->folder,
			 "stored_revision", (json_int_t)commands->stored.number, "snapshot_bytes",
			 (json_int_t)state->snapshot_bytes, "journal_bytes",
			 (json_int_t)state->journal_bytes, "fault_count",
			 (json_int_t)state->fault_count, "faults", faults_to_json(state),
			 "last_refusal", refusal_to_json(&commands->refusal));
}

/* Of the loop's thread; those of the pool never had more. */
static json_t *capabilities_to_json(void)
{
	const char *names[HOST_CAPABILITIES_MAX];
	size_t count = host_capabilities(names);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	return json_pack("{s:o}", "kept", list);
}

static json_t *head_to_json(const struct commands *commands)
{
	uint64_t uptime_ms = uv_now(commands->loop) - commands->started_ms;
	struct utsname kernel = {0};

	uname(&kernel);
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",
			 "node", commands->desired->node.name, "version", CAROM_VERSION, "kernel",
			 kernel.release, "pid", (json_int_t)getpid(), "uptime_ms",
			 (json_int_t)uptime_ms, "abi_version", (json_int_t)CAROM_ABI_MAJOR,
			 "adoption", adoption_to_json(commands), "revision",
			 (json_int_t)commands->revision, "published_revision",
			 (json_int_t)commands->published_revision, "interfaces",
			 interfaces_to_json(commands), "limits", limits_to_json(commands),
			 "recorder", recorder_to_json(commands), "store", store_to_json(commands),
			 "capabilities", capabilities_to_json());
}

struct commands_view *commands_view_status(const struct commands *commands, struct error *ret_error)
{
	struct image *image = publish_image(commands->publish);
	struct commands_view *view = commands_view_new(commands, ret_error);

	if (!view)
		return NULL;
	view->image = image ? image_ref(image) : NULL;
	view->status = head_to_json(commands);
	if (view->status &&
	    commands_view_keep_remainders(view, commands, image ? image->vip_count : 0) == 0)
		return view;
	commands_view_free(view);
	error_set_errno(ret_error, ENOMEM, "no memory for the status");
	return NULL;
}

json_t *commands_get_status(const struct commands_view *view, struct error *ret_error)
{
	json_t *status = json_copy(view->status);

	if (status && json_object_set_new(status, "vips", vips_to_json(view)) == 0)
		return status;
	json_decref(status);
	error_set_errno(ret_error, ENOMEM, "no memory for the status");
	return NULL;
}
