/* SPDX-License-Identifier: BSD-2-Clause */
#include "routes.h"

#include "capture_command.h"
#include "explain_command.h"
#include "handlers.h"
#include "json_parse.h"

#define BODY_BYTES_MAX	 ((size_t)4 << 20)
#define BACKEND_PATTERN	 "/v1/vips/{vip}/backends/{backend}"
#define REVISION_PATTERN "/v1/revisions/{revision}"

/* Of a write: the handler that all have in common, which of them it is, and what it changes. */
#define WRITES(name, changed)                                                                      \
	.start = write_start, .use = &(const struct write_use){write_##name, WRITE_##changed},     \
	.changes = true

static const struct route routes[] = {
	{"GET", "/v1/config", ROLE_READER, .start = desired_await_config,
	 .read = desired_get_config, .view = desired_view, .size = status_size,
	 .parameters = desired_config_parameters},
	{"PUT", "/v1/config", ROLE_ADMIN, WRITES(put_config, ALL), .parameters = write_parameters,
	 .body_bytes_max = JSON_TEXT_BYTES_MAX},
	{"PATCH", "/v1/config", ROLE_ADMIN, WRITES(patch_config, ALL),
	 .parameters = write_parameters, .body_bytes_max = JSON_TEXT_BYTES_MAX,
	 .takes_patch = true},
	{"GET", "/v1/vips", ROLE_READER, .read = desired_get_vips, .view = desired_view,
	 .size = status_size, .parameters = desired_vips_parameters},
	{"GET", "/v1/vips/{vip}", ROLE_READER, .read = desired_get_vip, .view = desired_view,
	 .size = desired_size_of_vip},
	{"PUT", "/v1/vips/{vip}", ROLE_ADMIN, WRITES(put_vip, VIP), .parameters = write_parameters,
	 .body_bytes_max = BODY_BYTES_MAX},
	{"PATCH", "/v1/vips/{vip}", ROLE_ADMIN, WRITES(patch_vip, VIP),
	 .parameters = write_parameters, .body_bytes_max = BODY_BYTES_MAX, .takes_patch = true},
	{"DELETE", "/v1/vips/{vip}", ROLE_ADMIN, WRITES(delete_vip, VIP),
	 .parameters = write_parameters},
	{"GET", "/v1/vips/{vip}/backends", ROLE_READER, .read = desired_get_backends,
	 .view = desired_view, .size = desired_size_of_vip,
	 .parameters = desired_backends_parameters},
	{"PUT", "/v1/vips/{vip}/backends", ROLE_OPERATOR, WRITES(put_backends, VIP),
	 .parameters = write_parameters, .body_bytes_max = BODY_BYTES_MAX},
	{"GET", BACKEND_PATTERN, ROLE_READER, .read = desired_get_backend, .view = desired_view},
	{"PUT", BACKEND_PATTERN, ROLE_OPERATOR, WRITES(put_backend, BACKEND),
	 .parameters = write_parameters, .body_bytes_max = BODY_BYTES_MAX},
	{"PATCH", BACKEND_PATTERN, ROLE_OPERATOR, WRITES(patch_backend, BACKEND),
	 .parameters = write_parameters, .body_bytes_max = BODY_BYTES_MAX, .takes_patch = true},
	{"DELETE", BACKEND_PATTERN, ROLE_OPERATOR, WRITES(delete_backend, BACKEND),
	 .parameters = write_parameters},
	{"POST", BACKEND_PATTERN "/drain", ROLE_OPERATOR, WRITES(drain_backend, BACKEND),
	 .parameters = write_drain_parameters},
	{"GET", "/v1/vips/{vip}/ring", ROLE_READER, .read = status_get_ring,
	 .view = status_view_ring, .size = desired_size_of_vip},
	{"GET", "/v1/flows", ROLE_READER, .read = status_get_flows, .view = status_view_flows,
	 .size = status_size_of_flows, .parameters = status_flows_parameters},
	{"GET", "/v1/revisions", ROLE_READER, .read = revisions_get_list,
	 .parameters = revisions_parameters},
	{"GET", REVISION_PATTERN, ROLE_READER, .read = revisions_get, .view = revisions_view,
	 .size = revisions_size},
	{"GET", REVISION_PATTERN "/diff", ROLE_READER, .read = revisions_get_diff,
	 .view = revisions_view_both, .size = revisions_size,
	 .parameters = revisions_diff_parameters},
	{"POST", REVISION_PATTERN "/restore", ROLE_ADMIN, WRITES(restore_revision, ALL),
	 .parameters = write_parameters},
	{"GET", "/v1/events", ROLE_READER, .stream = watch_events,
	 .parameters = watch_events_parameters},
	{"POST", "/v1/explain", ROLE_READER, .read = watch_explain,
	 .body_bytes_max = COMMANDS_EXPLAIN_BODY_BYTES},
	{"POST", "/v1/capture", ROLE_OPERATOR, .stream = watch_capture,
	 .body_bytes_max = CAPTURE_COMMAND_BODY_BYTES, .may_lack_body = true, .is_audited = true},
	{"GET", "/v1/status", ROLE_READER, .read = status_get, .view = status_view,
	 .size = status_size},
	{"GET", "/v1/stats", ROLE_READER, .read = stats_get, .view = stats_view,
	 .size = status_size},
	{"GET", "/v1/drops", ROLE_READER, .read = stats_get_drops, .view = stats_view,
	 .size = status_size},
	{"GET", "/metrics", ROLE_READER, .read = stats_get_metrics, .view = stats_view,
	 .size = status_size},
	{"GET", "/healthz", ROLE_ANYBODY, .read = status_get_healthz},
	{"GET", "/readyz", ROLE_ANYBODY, .read = status_get_readyz},
	{"GET", "/openapi.yaml", ROLE_ANYBODY, .read = openapi_get},
};

const struct route *routes_table(size_t *ret_count)
{
	*ret_count = sizeof(routes) / sizeof(*routes);
	return routes;
}
