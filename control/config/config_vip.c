/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VIPs, a kind of objects, and their backends, each by itself as REST sends them.
 *
 * A backend with a fault is left out, and the rest goes on to be decoded and checked. So one run
 * tells all errors, and none of them is only the echo of another.
 *
 * It owns no state; it runs on its caller's thread.
 */
#include "config_parts.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX       65535
#define RING_SLOTS_MIN (1u << CAROM_RING_BITS_MIN)
#define RING_SLOTS_MAX (1u << CAROM_RING_BITS_MAX)
#define TRACKING_KEY   "tracking"

#define VIP_POINTER_BYTES (sizeof("/" CONFIG_VIPS_KEY "/") + CAROM_NAME_BYTES)

/* ---- a ring's size ---- */

static int decode_ring_slots(const struct json_place *place, const json_t *json,
			     const struct config_key *key, void *owner)
{
	uint32_t slots;

	if (json_decode_integer(place, json, key->bounds, &slots))
		return -1;
	if (slots != 0 && (slots < RING_SLOTS_MIN || (slots & (slots - 1)) != 0))
		return json_refuse(place, ERROR_INVALID,
				   " %u is not a ring's size; expected a power of two from %u to"
				   " %u, or 0 to have it chosen by the number of backends",
				   slots, RING_SLOTS_MIN, RING_SLOTS_MAX);
	config_store_number(key, owner, slots);
	return 0;
}

_Static_assert(RING_SLOTS_MIN == 256 && RING_SLOTS_MAX == 131072, "the schema says them all");

static const struct config_type ring_slots = {
	.name = "0 or a power of two",
	.decode = decode_ring_slots,
	.print = config_print_number,
	.equal = config_equal_numbers,
	.schema = "{'enum': [0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072]}"};

/* ---- keys ---- */

static const struct config_key backend_keys[] = {
	{CONFIG_KEY(struct config_backend, address, host), .is_required = true,
	 .help = "The backend's own address, to which packets are tunneled."},
	{CONFIG_KEY(struct config_backend, weight, integer), .bounds = {0, CONFIG_WEIGHT_MAX},
	 .default_number = 1,
	 .help = "Its share of the VIP's new flows, in proportion. 0: it takes none."},
	{CONFIG_KEY(struct config_backend, state, choice), .choices = &config_states,
	 .default_number = CONFIG_STATE_ACTIVE,
	 .help = "The operator's intent. drain: keeps its flows and takes no new ones. disabled: "
		 "gives its flows up at once."},
	{NULL},
};

const struct config_table config_backend_table = {
	"backend", "A server that packets of a VIP are sent to.", backend_keys, NULL};

static const struct config_key backend_element = {.type = &config_type_object,
						  .bytes = sizeof(struct config_backend),
						  .members = &config_backend_table};

static const uint8_t protocol_values[] = {
	[CAROM_PROTOCOL_TCP] = IPPROTO_TCP,
	[CAROM_PROTOCOL_UDP] = IPPROTO_UDP,
};

enum { BACKENDS_ROW = 6 }; /* of vip_keys */

static const struct config_key vip_keys[] = {
	{CONFIG_KEY(struct config_vip, address, host), .is_required = true,
	 .help = "The address that clients send to."},
	{CONFIG_KEY(struct config_vip, port, integer), .is_required = true, .bounds = {0, PORT_MAX},
	 .help = "0: every port of the address that no other VIP has."},
	{CONFIG_KEY(struct config_vip, protocol, choice), .is_required = true,
	 .choices = &config_protocols, .values = protocol_values,
	 .help = "The protocol of the packets."},
	{"ring_slots", .type = &ring_slots, CONFIG_MEMBER(struct config_vip, ring_slots),
	 .bounds = {0, RING_SLOTS_MAX},
	 .help = "The size of the ring of consistent hashing. 0: the smallest with 100 slots a "
		 "backend, and at least 4096."},
	{TRACKING_KEY, .type = &config_type_choice, CONFIG_MEMBER(struct config_vip, tracking),
	 .choices = &config_trackings, .default_words = "TCP: changes; UDP: always",
	 .help = "Which flows are recorded. changes: those that a change of backends made "
		 "ambiguous (TCP's default). always: all (UDP's default, for it has no SYN). "
		 "never: none."},
	{CONFIG_KEY(struct config_vip, on_down, choice), .choices = &config_on_downs,
	 .default_number = CONFIG_ON_DOWN_KEEP,
	 .help = "What happens to the flows of a backend that is down. keep: they stay. reset: "
		 "they are given up at once."},
	[BACKENDS_ROW] =
		{
			CONFIG_BACKENDS_KEY,
			.type = &config_type_collection,
			.place = offsetof(struct config_vip, backends),
			.count_place = offsetof(struct config_vip, backend_count),
			.element = &backend_element,
			.noun = CONFIG_BACKEND_NOUN,
			.room = CAROM_BACKENDS_PER_VIP_MAX,
			.help = "The backends by name.",
		},
	{NULL},
};

const struct config_table config_vip_table = {
	"vip", "A virtual IP address and port, and the backends that serve it.", vip_keys, NULL};

/* ---- the kind ---- */

static struct config_object *vip_create(const json_t *json)
{
	struct config_vip *vip =
		config_vip_new(json_object_size(json_object_get(json, CONFIG_BACKENDS_KEY)));

	return vip ? &vip->object : NULL;
}

static int vip_complete(const struct json_place *place, const json_t *json,
			struct config_object *object, const struct config_object *before)
{
	struct config_vip *vip = (struct config_vip *)object;

	if (!json_object_get(json, TRACKING_KEY) && vip->protocol == IPPROTO_UDP)
		vip->tracking = CONFIG_TRACKING_ALWAYS;
	return config_check_vip(place, vip, (const struct config_vip *)before);
}

static size_t vip_bytes(const struct config_object *object)
{
	const struct config_vip *vip = (const struct config_vip *)object;

	return sizeof(*vip) + vip->backend_count * sizeof(vip->backends[0]);
}

const struct config_kind_row config_vip_kind = {
	.key = CONFIG_VIPS_KEY,
	.noun = CONFIG_VIP_NOUN,
	.help = "The VIPs by name.",
	.table = &config_vip_table,
	.is_required = true,
	.create = vip_create,
	.complete = vip_complete,
	.bytes = vip_bytes,
	.check = config_check_vips,
	.check_edits = config_check_edited_vips,
};

/* ---- backends by themselves ---- */

int config_backend_from_json(const json_t *json, const char *name, const char *pointer,
			     struct config_backend *ret_backend, struct error_list *errors)
{
	struct json_place place = json_place_thing(errors, pointer, CONFIG_BACKEND_NOUN, name);
	struct config_backend backend;

	if (config_decode_item(&place, json, &vip_keys[BACKENDS_ROW], &backend))
		return -1;
	*ret_backend = backend;
	return 0;
}

int config_backends_from_json(const json_t *json, const char *pointer,
			      struct config_backend **ret_backends, size_t *ret_count,
			      struct error_list *errors)
{
	struct json_place place = json_place_thing(errors, pointer, NULL, CONFIG_BACKENDS_KEY);
	struct config_backend *backends = calloc(json_object_size(json) + 1, sizeof(backends[0]));
	size_t count;

	if (!backends)
		return json_refuse_memory(&place);
	if (config_decode_items(&place, json, &vip_keys[BACKENDS_ROW], backends, &count)) {
		free(backends);
		return -1;
	}
	*ret_backends = backends;
	*ret_count = count;
	return 0;
}

json_t *config_backends_to_json(const struct config_vip *vip)
{
	return config_print_items(&vip_keys[BACKENDS_ROW], vip->backends, vip->backend_count);
}

json_t *config_backend_to_json(const struct config_backend *backend)
{
	return config_table_print(&config_backend_table, backend);
}

/* ---- VIPs with other backends ---- */

static struct json_place place_of_vip(const struct config_vip *vip, struct error_list *errors,
				      char ret_pointer[VIP_POINTER_BYTES])
{
	snprintf(ret_pointer, VIP_POINTER_BYTES, "/" CONFIG_VIPS_KEY "/%s", vip->name);
	return json_place_thing(errors, ret_pointer, CONFIG_VIP_NOUN, vip->name);
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

static void vip_add_backends(struct config_vip *vip, const struct config_backend *backends,
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
					    struct error_list *errors)
{
	char pointer[VIP_POINTER_BYTES];
	struct json_place place = place_of_vip(base, errors, pointer);
	struct config_vip *vip = begin_vip_edit(base, count, &place);

	if (!vip)
		return NULL;
	vip_add_backends(vip, backends, count);
	config_sort_backends(vip->backends, count);
	return end_vip_edit(vip, base, &place);
}

/* added: instead of those from `from` to `to`, or NULL. */
static struct config_vip *vip_splice_backends(const struct config_vip *base, size_t from, size_t to,
					      const struct config_backend *added,
					      const struct json_place *place)
{
	struct config_vip *vip = begin_vip_edit(base, base->backend_count + 1, place);

	if (!vip)
		return NULL;
	vip_add_backends(vip, base->backends, from);
	if (added)
		vip_add_backends(vip, added, 1);
	vip_add_backends(vip, &base->backends[to], base->backend_count - to);
	return vip;
}

struct config_vip *config_vip_with_backend(const struct config_vip *base,
					   const struct config_backend *backend,
					   struct error_list *errors)
{
	char pointer[VIP_POINTER_BYTES];
	struct json_place place = place_of_vip(base, errors, pointer);
	size_t position = config_backend_position(base, backend->name);
	size_t next = position + (config_find_backend(base, backend->name) ? 1 : 0);
	struct config_vip *vip = vip_splice_backends(base, position, next, backend, &place);

	return vip ? end_vip_edit(vip, base, &place) : NULL;
}

struct config_vip *config_vip_without_backend(const struct config_vip *base, const char *name,
					      struct error_list *errors)
{
	char pointer[VIP_POINTER_BYTES];
	struct json_place place = place_of_vip(base, errors, pointer);
	struct json_place backends = json_place_member(&place, CONFIG_BACKENDS_KEY);
	struct json_place item = json_place_item(&backends, CONFIG_BACKEND_NOUN, name);
	size_t position = config_backend_position(base, name);

	if (config_find_backend(base, name))
		return vip_splice_backends(base, position, position + 1, NULL, &place);
	json_refuse(&item, ERROR_NOT_FOUND, " does not exist");
	return NULL;
}
