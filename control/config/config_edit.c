/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits: each makes a new value from an old one and leaves the old one as it was.
 *
 * A new config takes references to the VIPs that it keeps, so that an edit costs one pointer a VIP;
 * and since the base was checked before, only what the edit can have broken is checked again.
 *
 * It owns no state; commands call it, on the event loop's thread.
 */
#include "config.h"
#include "config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIP_POINTER_BYTES (sizeof("/" CONFIG_VIPS_KEY "/") + CAROM_NAME_BYTES)

/* ---- configs with other VIPs ---- */

/* The base's node and API and no VIP yet. NULL: out of memory. */
static struct config *begin_edit(const struct config *base, size_t vip_room)
{
	struct config *config = config_new(vip_room);

	if (!config)
		return NULL;
	config->node = base->node;
	config->api = base->api;
	return config;
}

static void share_vips(struct config *config, const struct config *base, size_t first, size_t end)
{
	for (size_t index = first; index < end; index++)
		config->vips[config->vip_count++] = config_vip_ref(base->vips[index]);
}

struct config *config_merge_edits(const struct config *base, const struct config_edit *edits,
				  size_t count)
{
	struct config *config = begin_edit(base, base->vip_count + count);
	size_t next = 0;

	if (!config)
		return NULL;
	for (size_t index = 0; index < count; index++) {
		size_t position = config_vip_position(base, edits[index].name);

		share_vips(config, base, next, position);
		next = position + (config_find_vip(base, edits[index].name) ? 1 : 0);
		if (edits[index].vip)
			config->vips[config->vip_count++] = config_vip_ref(edits[index].vip);
	}
	share_vips(config, base, next, base->vip_count);
	return config;
}

struct config *config_with_vips_of(const struct config *base, const struct config *other)
{
	struct config *config = begin_edit(base, other->vip_count);

	if (config)
		share_vips(config, other, 0, other->vip_count);
	return config;
}

struct config *config_with_edits(const struct config *base, const struct config_edit *edits,
				 size_t count, struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	struct config *config = config_merge_edits(base, edits, count);

	if (!config) {
		json_refuse_memory(&document);
		return NULL;
	}
	if (config_check_edits(&document, config, base, edits, count)) {
		config_unref(config);
		return NULL;
	}
	return config;
}

struct config *config_with_vip(const struct config *base, struct config_vip *vip,
			       struct error_list *faults)
{
	struct config_edit edit = {.name = vip->name, .vip = vip};

	return config_with_edits(base, &edit, 1, faults);
}

struct config *config_without_vip(const struct config *base, const char *name,
				  struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	struct json_place vips = json_place_member(&document, CONFIG_VIPS_KEY);
	struct json_place vip = json_place_item(&vips, CONFIG_VIP_NOUN, name);
	struct config_edit edit = {.name = name};

	if (!config_find_vip(base, name)) {
		json_refuse(&vip, ERROR_NOT_FOUND, " does not exist");
		return NULL;
	}
	return config_with_edits(base, &edit, 1, faults);
}

/* ---- VIPs with other backends ---- */

static struct json_place place_of_vip(const struct config_vip *vip, struct error_list *faults,
				      char ret_pointer[VIP_POINTER_BYTES])
{
	snprintf(ret_pointer, VIP_POINTER_BYTES, "/" CONFIG_VIPS_KEY "/%s", vip->name);
	return json_place_thing(faults, ret_pointer, CONFIG_VIP_NOUN, vip->name);
}

/* The base without its backends, and with room for others. */
static struct config_vip *begin_vip_edit(const struct config_vip *base, size_t backend_room,
					 const struct json_place *place)
{
	struct config_vip *vip = config_vip_new(backend_room);

	if (!vip) {
		json_refuse_memory(place);
		return NULL;
	}
	memcpy(vip, base, sizeof(*vip));
	vip->references = 1;
	vip->backend_count = 0;
	return vip;
}

static void add_backends(struct config_vip *vip, const struct config_backend *backends,
			 size_t count)
{
	if (count == 0)
		return;
	memcpy(&vip->backends[vip->backend_count], backends, count * sizeof(backends[0]));
	vip->backend_count += count;
}

static struct config_vip *end_vip_edit(struct config_vip *vip, const struct config_vip *base,
				       const struct json_place *place)
{
	if (config_check_vip(place, vip, base)) {
		config_vip_unref(vip);
		return NULL;
	}
	return vip;
}

struct config_vip *config_vip_with_backends(const struct config_vip *base,
					    const struct config_backend *backends, size_t count,
					    struct error_list *faults)
{
	char pointer[VIP_POINTER_BYTES];
	struct json_place place = place_of_vip(base, faults, pointer);
	struct config_vip *vip = begin_vip_edit(base, count, &place);

	if (!vip)
		return NULL;
	add_backends(vip, backends, count);
	config_sort_backends(vip->backends, count);
	return end_vip_edit(vip, base, &place);
}

struct config_vip *config_vip_with_backend(const struct config_vip *base,
					   const struct config_backend *backend,
					   struct error_list *faults)
{
	char pointer[VIP_POINTER_BYTES];
	struct json_place place = place_of_vip(base, faults, pointer);
	size_t position = config_backend_position(base, backend->name);
	size_t next = position + (config_find_backend(base, backend->name) ? 1 : 0);
	struct config_vip *vip = begin_vip_edit(base, base->backend_count + 1, &place);

	if (!vip)
		return NULL;
	add_backends(vip, base->backends, position);
	add_backends(vip, backend, 1);
	add_backends(vip, &base->backends[next], base->backend_count - next);
	return end_vip_edit(vip, base, &place);
}

struct config_vip *config_vip_without_backend(const struct config_vip *base, const char *name,
					      struct error_list *faults)
{
	char pointer[VIP_POINTER_BYTES];
	struct json_place place = place_of_vip(base, faults, pointer);
	struct json_place backends = json_place_member(&place, CONFIG_BACKENDS_KEY);
	struct json_place item = json_place_item(&backends, CONFIG_BACKEND_NOUN, name);
	size_t position = config_backend_position(base, name);
	struct config_vip *vip;

	if (!config_find_backend(base, name)) {
		json_refuse(&item, ERROR_NOT_FOUND, " does not exist");
		return NULL;
	}
	vip = begin_vip_edit(base, base->backend_count - 1, &place);
	if (!vip)
		return NULL;
	add_backends(vip, base->backends, position);
	add_backends(vip, &base->backends[position + 1], base->backend_count - position - 1);
	return vip;
}
