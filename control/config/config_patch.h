/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patches and desired states: what a patch makes of one, and the patch that makes one of another.
 *
 * A patch is for the whole config as config_to_json() prints it, for one VIP, or for one backend.
 * Many objects at once are one edit, and only its result is checked.
 *
 * The base was checked before. On failure NULL, and errors, of which there were none before:
 *
 * - an operation of a JSON Patch that is malformed or cannot be done points into the patch,
 *   "/3/path";
 * - what the patched document says wrong points into that, "/vips/web/port" ("/port" if one VIP was
 *   patched). Under JSON Patch the message begins with "the patched document: ". An outline has the
 *   document's own form, so there the pointer is one into the body as well.
 * - NOT_FOUND, without a pointer: there is no such VIP or backend to be patched.
 */
#ifndef CAROM_CONFIG_PATCH_H
#define CAROM_CONFIG_PATCH_H

#include "config.h"

enum config_patch_kind {
	CONFIG_PATCH_MERGE,	 /* JSON Merge Patch, RFC 7396: an outline of what differs */
	CONFIG_PATCH_OPERATIONS, /* JSON Patch, RFC 6902 */
};

struct config_patch {
	enum config_patch_kind kind;
	const json_t *body; /* borrowed */
};

/* Costs what the objects cost that it names, and a pointer for each of the others, unless an
 * operation takes "/vips" or the document as a whole. `node` and `api` must come out as they were.
 */
struct config *config_patch_all(const struct config *base, const struct config_patch *patch,
				struct error_list *errors);
struct config *config_patch_vip(const struct config *base, const char *vip,
				const struct config_patch *patch, struct error_list *errors);
struct config *config_patch_backend(const struct config *base, const char *vip, const char *backend,
				    const struct config_patch *patch, struct error_list *errors);

/* A JSON Patch that makes the body {"vips": …} of one config that of another; `node` and `api` are
 * not compared. Objects that both share cost a comparison of pointers. NULL: out of memory. */
json_t *config_diff(const struct config *before, const struct config *after);

#endif
