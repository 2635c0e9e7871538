/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How caromd and its data plane are, as one JSON value for people and programs.
 *
 * What there is of VIPs may be much, and becomes JSON on whatever thread asks for it; all else is
 * little, and is JSON as soon as the view is made, on the event loop's thread.
 */
#include "engine.h"

#include "plan.h"
#include "privileges.h"
#include "utc.h"
#include "view_parts.h"

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

static json_t *interfaces_to_json(const struct engine *engine)
{
	struct engine_attachments attachments = engine_attachments(engine);
	json_t *list = json_array();

	for (size_t i = 0; i < attachments.count; i++)
		json_array_append_new(list, attachment_to_json(&attachments.items[i]));
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

static json_t *adoption_to_json(const struct adoption *adoption)
{
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

static json_t *flows_to_json(const struct engine *engine)
{
	uint64_t used, limit;

	flows_fill(publish_flows(engine_publish(engine)), &used, &limit);
	return json_pack("{s:I, s:I}", "used", (json_int_t)used, "limit", (json_int_t)limit);
}

static json_t *recorder_to_json(const struct engine *engine)
{
	struct flows_recorder sum = flows_recorder(publish_flows(engine_publish(engine)));

	return json_pack("{s:I, s:I, s:I}", "recorded", (json_int_t)sum.recorded, "rate_limited",
			 (json_int_t)sum.rate_limited, "table_full", (json_int_t)sum.table_full);
}

static json_t *limits_to_json(const struct engine *engine)
{
	const struct config_limits *limits = &engine_desired(engine)->node.limits;
	struct room_fill fill = publish_fill(engine_publish(engine));

	return json_pack("{s:o, s:o, s:o, s:o}", "vips",
			 use_to_json(fill.vips_used, 0, limits->vips), "backends",
			 use_to_json(fill.backends_used, fill.backends_waiting, limits->backends),
			 "slots", use_to_json(fill.slots_used, fill.slots_waiting, limits->slots),
			 "flows", flows_to_json(engine));
}

/* How a drain gets on, in the words of the answer to one. */
static json_t *drain_to_json(const struct flows_remainder *remainder)
{
	return json_pack("{s:b, s:I, s:I}", "drained", remainder->is_none, "older_slots",
			 (json_int_t)remainder->older_slots, "settles_in_ms",
			 (json_int_t)remainder->settles_in_s * 1000);
}

static json_t *backend_to_json(const struct image_backend *backend, double share,
			       const struct view_backend *seen)
{
	char address[ADDRESS_TEXT_BYTES];
	json_t *json = json_pack("{s:s, s:b, s:f, s:I, s:s*}", "address",
				 address_format(&backend->address, address), "eligible",
				 !seen->why_ineligible, "share", share, "flows",
				 (json_int_t)seen->remainder.flows, "reason", seen->why_ineligible);

	if (backend->state == CAROM_BACKEND_DRAIN)
		json_object_update_new(json, drain_to_json(&seen->remainder));
	return json;
}

/* seen: of the VIP's ordinals. */
static json_t *backends_to_json(const struct image_vip *vip, const struct view_backend *seen)
{
	json_t *backends = json_object();
	uint32_t *counts = image_count_slots(vip);

	for (size_t i = 0; counts && i < vip->backend_count; i++) {
		const struct image_backend *backend = &vip->backends[i];
		double share = (double)counts[i] / (double)(1u << vip->ring->bits);

		if (backend->state != CAROM_BACKEND_UNUSED)
			json_object_set_new(backends, backend->name,
					    backend_to_json(backend, share, &seen[i]));
	}
	free(counts);
	return backends;
}

static json_t *unrecorded_to_json(const struct flows_unrecorded *unrecorded)
{
	return json_pack("{s:I, s:I, s:I}", "share_used", (json_int_t)unrecorded->share_used,
			 "table_full", (json_int_t)unrecorded->table_full, "rate_limited",
			 (json_int_t)unrecorded->rate_limited);
}

static json_t *vip_to_json(const struct image_vip *vip, const struct flows_vip *tracking,
			   const struct view_backend *seen)
{
	char digest[17];

	snprintf(digest, sizeof(digest), "%016" PRIx64, vip->ring->digest);
	return json_pack("{s:I, s:s, s:I, s:I, s:o, s:o}", "ring_slots",
			 (json_int_t)1 << vip->ring->bits, "ring_digest", digest, "tracked_slots",
			 (json_int_t)tracking->tracked_slots, "flows", (json_int_t)tracking->flows,
			 "unrecorded", unrecorded_to_json(&tracking->unrecorded), "backends",
			 backends_to_json(vip, seen));
}

static json_t *vips_to_json(const struct view *view)
{
	const struct view_backend *seen = view->backends;
	size_t count = view->image ? view->image->vip_count : 0;
	json_t *vips = json_object();

	for (size_t i = 0; i < count; i++) {
		const struct image_vip *vip = view->image->vips[i];

		json_object_set_new(vips, vip->name, vip_to_json(vip, &view->tracking[i], seen));
		seen += vip->backend_count;
	}
	return vips;
}

static json_t *fault_to_json(const struct store_fault *fault)
{
	return json_pack("{s:s, s:I, s:s, s:I}", "file", fault->file, "offset",
			 (json_int_t)fault->offset, "fault", fault->is_torn ? "torn" : "corrupt",
			 "used_revision", (json_int_t)fault->revision);
}

static json_t *errors_to_json(const struct store_state *state)
{
	json_t *errors = json_array();

	for (size_t i = 0; i < state->fault_count && i < STORE_FAULTS_MAX; i++)
		json_array_append_new(errors, fault_to_json(&state->errors[i]));
	return errors;
}

static json_t *refusal_to_json(const struct ledger_refusal *refusal)
{
	char time[UTC_TEXT_BYTES];

	if (!refusal->time_ms)
		return json_null();
	return json_pack("{s:s, s:s}", "time", utc_format(refusal->time_ms, time), "detail",
			 refusal->message);
}

/* null: nothing outlives caromd but the maps. */
static json_t *store_to_json(const struct engine *engine)
{
	const struct ledger *ledger = engine_ledger(engine);
	const struct store_state *state = &ledger->store_state;

	if (!ledger->store)
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "state_dir", state->folder,
			 "stored_revision", (json_int_t)ledger->stored.number, "snapshot_bytes",
			 (json_int_t)state->snapshot_bytes, "journal_bytes",
			 (json_int_t)state->journal_bytes, "fault_count",
			 (json_int_t)state->fault_count, "faults", errors_to_json(state),
			 "last_refusal", refusal_to_json(&ledger->refusal));
}

static json_t *capabilities_to_json(const struct privileges *privileges)
{
	json_t *list = json_array();

	for (size_t i = 0; i < privileges->capability_count; i++)
		json_array_append_new(list, json_string(privileges->capabilities[i]));
	return json_pack("{s:o}", "kept", list);
}

/* Of the loop's thread; those of the pool never had more. */
static json_t *process_to_json(const struct privileges *privileges)
{
	json_t *groups = json_array();

	for (size_t i = 0; i < privileges->group_count; i++)
		json_array_append_new(groups, json_integer(privileges->groups[i]));
	return json_pack("{s:I, s:I, s:o, s:b, s:s}", "uid", (json_int_t)privileges->uid, "gid",
			 (json_int_t)privileges->gid, "groups", groups, "no_new_privs",
			 privileges->no_new_privs, "seccomp",
			 privileges->has_filter ? "filter" : "none");
}

static json_t *head_to_json(const struct engine *engine)
{
	struct privileges privileges;
	struct utsname kernel = {0};
	char fingerprint[17];

	privileges_read(&privileges);
	uname(&kernel);
	snprintf(fingerprint, sizeof(fingerprint), "%016" PRIx64,
		 publish_hash_fingerprint(engine_publish(engine)));
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:{s:I}}",
		"node", engine_desired(engine)->node.name, "hash_fingerprint", fingerprint,
		"version", CAROM_VERSION, "kernel", kernel.release, "pid", (json_int_t)getpid(),
		"uptime_ms", (json_int_t)engine_uptime_ms(engine), "abi_version",
		(json_int_t)CAROM_ABI_MAJOR, "adoption", adoption_to_json(engine_adoption(engine)),
		"revision", (json_int_t)engine_desired_revision(engine), "published_revision",
		(json_int_t)engine_published_revision(engine), "interfaces",
		interfaces_to_json(engine), "limits", limits_to_json(engine), "recorder",
		recorder_to_json(engine), "store", store_to_json(engine), "capabilities",
		capabilities_to_json(&privileges), "process", process_to_json(&privileges),
		"control_page", "foreign_writes", (json_int_t)engine_foreign_writes(engine));
}

struct view *view_status(const struct engine *engine, struct error *ret_error)
{
	struct image *image = publish_image(engine_publish(engine));
	struct view *view = view_new(engine, ret_error);

	if (!view)
		return NULL;
	view->image = image ? image_ref(image) : NULL;
	view->status = head_to_json(engine);
	if (view->status && view_keep_backends(view, engine, image ? image->vip_count : 0) == 0)
		return view;
	view_free(view);
	error_set_errno(ret_error, ENOMEM, "no memory for the status");
	return NULL;
}

json_t *view_status_to_json(const struct view *view, struct error *ret_error)
{
	json_t *status = json_copy(view->status);

	if (status && json_object_set_new(status, "vips", vips_to_json(view)) == 0)
		return status;
	json_decref(status);
	error_set_errno(ret_error, ENOMEM, "no memory for the status");
	return NULL;
}
