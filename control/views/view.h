/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What reads show that may be large: kept as it is at one moment, so that an answer can be made of
 * it on another thread while the event loop goes on.
 */
#ifndef CAROM_COMMANDS_VIEW_H
#define CAROM_COMMANDS_VIEW_H

#include "commands.h"

struct commands_view;
struct commands_stats;

/* ---- on the event loop's thread: NULL on failure, described ---- */

/* Of the desired state: for the reads of VIPs, backends, and the whole config. */
struct commands_view *commands_view_desired(const struct commands *commands,
					    struct error *ret_error);
/* Of one revision. NOT_FOUND: it is not kept. */
struct commands_view *commands_view_revision(const struct commands *commands, uint64_t revision,
					     struct error *ret_error);
/* Of a revision and another, that it is compared with. against: 0: the revision before. */
struct commands_view *commands_view_revisions(const struct commands *commands, uint64_t revision,
					      uint64_t against, struct error *ret_error);
/* Of how caromd and its data plane are. */
struct commands_view *commands_view_status(const struct commands *commands,
					   struct error *ret_error);
/* Of all counters. */
struct commands_view *commands_view_stats(const struct commands *commands, struct error *ret_error);
/* Takes NULL. */
void commands_view_free(struct commands_view *view);

/* How many VIPs and backends such a view would show: what its answer costs. */
size_t commands_size_of_all(const struct commands *commands);
/* 0: it is not there. */
size_t commands_size_of_vip(const struct commands *commands, const char *vip);
/* 0: it is not kept. */
size_t commands_size_of_revision(const struct commands *commands, uint64_t revision);

/* ---- on any thread, one at a time ---- */

/* commands_revision(), and commands_is_ready(), as they were. */
uint64_t commands_view_number(const struct commands_view *view);
bool commands_view_is_ready(const struct commands_view *view);

/* A new JSON value; NULL with *ret_error described (NOT_FOUND, or no memory): */
json_t *commands_get_config(const struct commands_view *view, struct error *ret_error);
json_t *commands_get_vip(const struct commands_view *view, const char *vip,
			 struct error *ret_error);
json_t *commands_get_backend(const struct commands_view *view, const char *vip, const char *backend,
			     struct error *ret_error);
/* The entry of commands_get_revisions(), with its vips as they were. */
json_t *commands_get_revision(const struct commands_view *view, struct error *ret_error);
/* A JSON Patch (RFC 6902) that makes {"vips": …} of a revision of that of the other. */
json_t *commands_get_revision_diff(const struct commands_view *view, struct error *ret_error);
/* Attach modes and why, kernel, revision, ring digests, map fill, and for each backend whether it
 * takes packets and if not, why. */
json_t *commands_get_status(const struct commands_view *view, struct error *ret_error);
/* See commands_stats.h. Borrowed. */
const struct commands_stats *commands_get_stats(const struct commands_view *view);

#endif
