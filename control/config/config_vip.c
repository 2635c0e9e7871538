/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding VIPs and backends: from the whole document, or each by itself as REST sends them.
 *
 * Something with a fault is left out, and the rest goes on to be decoded and checked. So one run
 * tells all faults, and none of them is only the echo of another.
 *
 * It owns no state; it runs on its caller's thread.
 */
#include "config_parts.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX       65535
#define RING_SLOTS_MIN (1u << CAROM_RING_BITS_MIN)
#define RING_SLOTS_MAX (1u << CAROM_RING_BITS_MAX)
#define WEIGHT_DEFAULT 1

/* Backends found so far; the room is for all members of the JSON object. */
struct backend_room {
	struct config_backend *backends;
	size_t count;
};

static int decode_name(const struct json_place *place, char ret_name[CAROM_NAME_BYTES])
{
	if (!json_name_is_valid(place->key))
		return json_refuse(place, ERROR_INVALID,
				   " is not a name; expected " JSON_NAME_SPELLING);
	strcpy(ret_name, place->key); /* NOLINT: its length is checked */
	return 0;
}

/* ---- a backend ---- */

static int decode_backend_address(const struct json_place *place, const json_t *json, void *target)
{
	struct config_backend *backend = target;

	return config_decode_host(place, json, &backend->address);
}

static int decode_weight(const struct json_place *place, const json_t *json, void *target)
{
	struct config_backend *backend = target;

	return json_decode_integer(place, json, (struct json_bounds){0, CONFIG_WEIGHT_MAX},
				   &backend->weight);
}

static int decode_state(const struct json_place *place, const json_t *json, void *target)
{
	struct config_backend *backend = target;
	size_t state;

	if (json_decode_choice(place, json, config_states, &state))
		return -1;
	backend->state = (enum config_state)state;
	return 0;
}

static const struct json_field backend_fields[] = {
	{"address", true, decode_backend_address},
	{"weight", false, decode_weight},
	{"state", false, decode_state},
	{NULL, false, NULL},
};

static int decode_backend(const struct json_place *place, const json_t *json,
			  struct config_backend *ret_backend)
{
	struct config_backend backend = {.weight = WEIGHT_DEFAULT, .state = CONFIG_STATE_ACTIVE};
	int failed = decode_name(place, backend.name);

	failed |= json_decode_object(place, json, backend_fields, &backend);
	if (!failed)
		*ret_backend = backend;
	return failed;
}

static int decode_backends(const struct json_place *place, const json_t *json,
			   struct backend_room *room)
{
	const char *name;
	json_t *member;
	int failed = 0;

	if (!json_is_object(json))
		return json_refuse_type(place, json, "an object");
	json_object_foreach(json_mutable(json), name, member)
	{
		struct json_place item = json_place_item(place, CONFIG_BACKEND_NOUN, name);

		if (decode_backend(&item, member, &room->backends[room->count]))
			failed = -1;
		else
			room->count++;
	}
	config_sort_backends(room->backends, room->count);
	return failed;
}

/* ---- a VIP ---- */

static int decode_vip_address(const struct json_place *place, const json_t *json, void *target)
{
	struct config_vip *vip = target;

	return config_decode_host(place, json, &vip->address);
}

static int decode_port(const struct json_place *place, const json_t *json, void *target)
{
	struct config_vip *vip = target;
	uint32_t port;

	if (json_decode_integer(place, json, (struct json_bounds){0, PORT_MAX}, &port))
		return -1;
	vip->port = (uint16_t)port;
	return 0;
}

static int decode_protocol(const struct json_place *place, const json_t *json, void *target)
{
	struct config_vip *vip = target;
	size_t protocol;

	if (json_decode_choice(place, json, config_protocols, &protocol))
		return -1;
	vip->protocol = protocol == CAROM_PROTOCOL_UDP ? IPPROTO_UDP : IPPROTO_TCP;
	return 0;
}

static int decode_ring_slots(const struct json_place *place, const json_t *json, void *target)
{
	struct config_vip *vip = target;
	uint32_t slots;

	if (json_decode_integer(place, json, (struct json_bounds){0, RING_SLOTS_MAX}, &slots))
		return -1;
	if (slots != 0 && (slots < RING_SLOTS_MIN || (slots & (slots - 1)) != 0))
		return json_refuse(place, ERROR_INVALID,
				   " %u is not a ring's size; expected a power of two from %u to"
				   " %u, or 0 to have it chosen by the number of backends",
				   slots, RING_SLOTS_MIN, RING_SLOTS_MAX);
	vip->ring_slots = slots;
	return 0;
}

static int decode_tracking(const struct json_place *place, const json_t *json, void *target)
{
	struct config_vip *vip = target;
	size_t tracking;

	if (json_decode_choice(place, json, config_trackings, &tracking))
		return -1;
	vip->tracking = (enum config_tracking)tracking;
	return 0;
}

static int decode_on_down(const struct json_place *place, const json_t *json, void *target)
{
	struct config_vip *vip = target;
	size_t on_down;

	if (json_decode_choice(place, json, config_on_downs, &on_down))
		return -1;
	vip->on_down = (enum config_on_down)on_down;
	return 0;
}

static int decode_vip_backends(const struct json_place *place, const json_t *json, void *target)
{
	struct config_vip *vip = target;
	struct backend_room room = {.backends = vip->backends};
	int failed = decode_backends(place, json, &room);

	vip->backend_count = room.count;
	return failed;
}

static const struct json_field vip_fields[] = {
	{"address", true, decode_vip_address},
	{"port", true, decode_port},
	{"protocol", true, decode_protocol},
	{"ring_slots", false, decode_ring_slots},
	{CONFIG_TRACKING_KEY, false, decode_tracking},
	{"on_down", false, decode_on_down},
	{CONFIG_BACKENDS_KEY, false, decode_vip_backends},
	{NULL, false, NULL},
};

/* former: what it replaces, or NULL. */
static struct config_vip *decode_vip(const struct json_place *place, const json_t *json,
				     const struct config_vip *former)
{
	size_t room = json_object_size(json_object_get(json, CONFIG_BACKENDS_KEY));
	struct config_vip *vip = config_vip_new(room);
	int failed;

	if (!vip) {
		json_refuse_memory(place);
		return NULL;
	}
	failed = decode_name(place, vip->name);
	failed |= json_decode_object(place, json, vip_fields, vip);
	failed |= config_check_vip(place, vip, former);
	if (!json_object_get(json, CONFIG_TRACKING_KEY) && vip->protocol == IPPROTO_UDP)
		vip->tracking = CONFIG_TRACKING_ALWAYS;
	if (failed) {
		config_vip_unref(vip);
		return NULL;
	}
	return vip;
}

int config_decode_vips_over(const struct json_place *place, const json_t *json,
			    const struct config *base, struct config *config)
{
	const char *name;
	json_t *member;
	int failed = 0;

	if (!json_is_object(json))
		return json_refuse_type(place, json, "an object");
	json_object_foreach(json_mutable(json), name, member)
	{
		struct json_place item = json_place_item(place, CONFIG_VIP_NOUN, name);
		const struct config_vip *former = base ? config_find_vip(base, name) : NULL;
		struct config_vip *vip = decode_vip(&item, member, former);

		if (vip)
			config->vips[config->vip_count++] = vip;
		else
			failed = -1;
	}
	config_sort_vips(config);
	return failed;
}

int config_decode_vips(const struct json_place *place, const json_t *json, void *target)
{
	return config_decode_vips_over(place, json, NULL, target);
}

/* ---- each by itself ---- */

struct config_vip *config_vip_from_json(const json_t *json, const char *name, const char *pointer,
					struct error_list *faults)
{
	return config_vip_replace_from_json(NULL, json, name, pointer, faults);
}

struct config_vip *config_vip_replace_from_json(const struct config_vip *former, const json_t *json,
						const char *name, const char *pointer,
						struct error_list *faults)
{
	struct json_place place = json_place_thing(faults, pointer, CONFIG_VIP_NOUN, name);

	return decode_vip(&place, json, former);
}

int config_backend_from_json(const json_t *json, const char *name, const char *pointer,
			     struct config_backend *ret_backend, struct error_list *faults)
{
	struct json_place place = json_place_thing(faults, pointer, CONFIG_BACKEND_NOUN, name);

	return decode_backend(&place, json, ret_backend);
}

int config_backends_from_json(const json_t *json, const char *pointer,
			      struct config_backend **ret_backends, size_t *ret_count,
			      struct error_list *faults)
{
	struct json_place place = json_place_thing(faults, pointer, NULL, CONFIG_BACKENDS_KEY);
	struct backend_room room = {
		.backends = calloc(json_object_size(json) + 1, sizeof(*room.backends))};

	if (!room.backends)
		return json_refuse_memory(&place);
	if (decode_backends(&place, json, &room)) {
		free(room.backends);
		return -1;
	}
	*ret_backends = room.backends;
	*ret_count = room.count;
	return 0;
}
