/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handlers of all routes, by the file that has them; routes.c says which route has which. Their
 * context is the commands. They own no state: `read` and `start` are called on the event loop's
 * thread, but a read that has a view on libuv's pool.
 */
#ifndef CAROM_HANDLERS_H
#define CAROM_HANDLERS_H

#include "commands.h"
#include "route.h"
#include "sink.h"
#include "stream.h"
#include "view.h"

/* What revisions and waits may be asked for. */
#define HANDLERS_REVISION_MAX (UINT64_MAX >> 4)
#define HANDLERS_REVISION     "revision"
#define HANDLERS_WAIT_MS      "wait_ms"

static inline const struct engine *handlers_engine(const struct route_call *call)
{
	return commands_engine(call->context);
}

static inline struct commands_sink handlers_sink(struct stream *stream)
{
	return (struct commands_sink){stream_write, stream_end, stream_has_reader, stream};
}

/* ---- desired_routes.c: config, VIPs, backends ---- */

extern const struct parameter desired_config_parameters[], desired_vips_parameters[],
	desired_backends_parameters[];
route_view desired_view;
route_size desired_size_of_vip;
route_start desired_await_config;
route_read desired_get_config, desired_get_vips, desired_get_vip, desired_get_backends,
	desired_get_backend;

/* ---- write_routes.c: writes of them, drains, going back to a revision ---- */

enum write_target { WRITE_ALL, WRITE_VIP, WRITE_BACKEND };

typedef void write_command(const struct route_call *call, const struct commands_write *write);

/* What a route's `use` is to write_start. */
struct write_use {
	write_command *command;
	enum write_target target; /* what changes, for preconditions */
};

extern const struct parameter write_parameters[], write_drain_parameters[];
write_command write_put_config, write_patch_config, write_put_vip, write_patch_vip,
	write_delete_vip, write_put_backends, write_put_backend, write_patch_backend,
	write_delete_backend, write_drain_backend, write_restore_revision;
route_start write_start;

/* ---- revision_routes.c ---- */

extern const struct parameter revisions_parameters[], revisions_diff_parameters[];
route_view revisions_view, revisions_view_both;
route_size revisions_size;
route_read revisions_get_list, revisions_get, revisions_get_diff;
/* The path's, or 0, which no revision has. */
uint64_t revisions_number(const struct route_call *call);

/* ---- status_routes.c: how caromd and its data plane are ---- */

extern const struct parameter status_flows_parameters[];
route_view status_view, status_view_ring, status_view_flows;
route_size status_size, status_size_of_flows;
route_read status_get, status_get_ring, status_get_flows, status_get_healthz, status_get_readyz;

/* ---- stats_routes.c: counters ---- */

route_view stats_view;
route_read stats_get, stats_get_metrics, stats_get_drops;

/* ---- watch_routes.c: packets and events as they come ---- */

extern const struct parameter watch_events_parameters[];
route_read watch_explain;
route_stream watch_capture, watch_events;

/* ---- openapi.c: the description of the API in OpenAPI 3.1, as it was when caromd was built ----
 */

route_read openapi_get;

#endif
