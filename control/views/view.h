/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What reads show that may be large: kept as it is at one moment, so that an answer can be made of
 * it on another thread while the event loop goes on.
 */
#ifndef CAROM_VIEW_H
#define CAROM_VIEW_H

#include "error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct view;
struct stats;

/* ---- on the event loop's thread: NULL on failure, described ---- */

/* Of the desired state: for the reads of VIPs, backends, and the whole config. */
struct view *view_desired(const struct engine *engine, struct error *ret_error);
/* Of one revision. NOT_FOUND: it is not kept. */
struct view *view_revision(const struct engine *engine, uint64_t revision, struct error *ret_error);
/* Of a revision and another, that it is compared with. against: 0: the revision before. */
struct view *view_revisions(const struct engine *engine, uint64_t revision, uint64_t against,
			    struct error *ret_error);
/* Of how caromd and its data plane are. */
struct view *view_status(const struct engine *engine, struct error *ret_error);
/* Of all counters. */
struct view *view_stats(const struct engine *engine, struct error *ret_error);
/* Takes NULL. */
void view_free(struct view *view);

/* The last revisions that were published, newest first, at most so many: [{"revision", "time",
 * "author", "vips_added", "vips_changed", "vips_removed"}, …], a new JSON value. The counts are
 * null where the revision before is not known any more. */
json_t *view_revisions_to_json(const struct engine *engine, size_t limit, struct error *ret_error);

/* How many VIPs and backends such a view would show: what its answer costs. */
size_t view_size_of_all(const struct engine *engine);
/* 0: it is not there. */
size_t view_size_of_vip(const struct engine *engine, const char *vip);
/* 0: it is not kept. */
size_t view_size_of_revision(const struct engine *engine, uint64_t revision);

/* ---- on any thread, one at a time ---- */

/* The revision that reads showed, and whether the engine was ready. */
uint64_t view_number(const struct view *view);
bool view_is_ready(const struct view *view);

/* A new JSON value; NULL with *ret_error described (NOT_FOUND, or no memory): */
json_t *view_config_to_json(const struct view *view, struct error *ret_error);
json_t *view_vip_to_json(const struct view *view, const char *vip, struct error *ret_error);
json_t *view_backend_to_json(const struct view *view, const char *vip, const char *backend,
			     struct error *ret_error);
/* The entry of view_revisions_to_json(), with its vips as they were. */
json_t *view_revision_to_json(const struct view *view, struct error *ret_error);
/* A JSON Patch (RFC 6902) that makes {"vips": …} of a revision of that of the other. */
json_t *view_revision_diff_to_json(const struct view *view, struct error *ret_error);
/* Attach modes and why, kernel, revision, ring digests, map fill, and for each backend whether it
 * takes packets and if not, why. */
json_t *view_status_to_json(const struct view *view, struct error *ret_error);
/* See stats.h. Borrowed. */
const struct stats *view_stats_of(const struct view *view);

#endif
