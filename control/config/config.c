/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values themselves: references, order, look-ups, comparison, and the names of their enums.
 *
 * A config and its VIPs are immutable once they have left this library, which is why revisions can
 * share VIPs. VIPs and backends are kept sorted by name, so that look-ups bisect and printing needs
 * no sorting. Counts of references are not atomic: one thread owns them.
 */
#include "config.h"
#include "config_parts.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const state_names[] = {
	[CONFIG_STATE_ACTIVE] = "active",
	[CONFIG_STATE_DRAIN] = "drain",
	[CONFIG_STATE_DISABLED] = "disabled",
};

static const char *const mode_names[] = {
	[CONFIG_MODE_AUTO] = "auto",
	[CONFIG_MODE_NATIVE] = "native",
	[CONFIG_MODE_GENERIC] = "generic",
};

static const char *const protocol_names[] = {
	[CAROM_PROTOCOL_TCP] = "tcp",
	[CAROM_PROTOCOL_UDP] = "udp",
};

static const char *const tracking_names[] = {
	[CONFIG_TRACKING_CHANGES] = "changes",
	[CONFIG_TRACKING_ALWAYS] = "always",
	[CONFIG_TRACKING_NEVER] = "never",
};

static const char *const on_down_names[] = {
	[CONFIG_ON_DOWN_KEEP] = "keep",
	[CONFIG_ON_DOWN_RESET] = "reset",
};

const struct config_choices config_trackings = {tracking_names, COUNT_OF(tracking_names)};
const struct config_choices config_on_downs = {on_down_names, COUNT_OF(on_down_names)};
const struct config_choices config_states = {state_names, COUNT_OF(state_names)};
const struct config_choices config_modes = {mode_names, COUNT_OF(mode_names)};
const struct config_choices config_protocols = {protocol_names, COUNT_OF(protocol_names)};

const char *config_state_name(enum config_state state)
{
	return state_names[state];
}

const char *config_tracking_name(enum config_tracking tracking)
{
	return tracking_names[tracking];
}

const char *config_on_down_name(enum config_on_down on_down)
{
	return on_down_names[on_down];
}

const char *config_mode_name(enum config_attach_mode mode)
{
	return mode_names[mode];
}

const char *config_protocol_name(uint8_t protocol)
{
	return protocol_names[protocol == IPPROTO_UDP ? CAROM_PROTOCOL_UDP : CAROM_PROTOCOL_TCP];
}

struct config *config_new(size_t vip_room)
{
	struct config *config = calloc(1, sizeof(*config) + vip_room * sizeof(config->vips[0]));

	if (config)
		config->references = 1;
	return config;
}

struct config *config_ref(struct config *config)
{
	config->references++;
	return config;
}

void config_unref(struct config *config)
{
	if (!config || --config->references > 0)
		return;
	for (size_t index = 0; index < config->vip_count; index++)
		config_vip_unref(config->vips[index]);
	free(config);
}

struct config_vip *config_vip_new(size_t backend_room)
{
	struct config_vip *vip = calloc(1, sizeof(*vip) + backend_room * sizeof(vip->backends[0]));

	if (vip)
		vip->references = 1;
	return vip;
}

struct config_vip *config_vip_ref(struct config_vip *vip)
{
	vip->references++;
	return vip;
}

void config_vip_unref(struct config_vip *vip)
{
	if (!vip || --vip->references > 0)
		return;
	free(vip);
}

static int compare_vips(const void *left, const void *right)
{
	const struct config_vip *const *left_vip = left, *const *right_vip = right;

	return strcmp((*left_vip)->name, (*right_vip)->name);
}

void config_sort_vips(struct config *config)
{
	qsort(config->vips, config->vip_count, sizeof(config->vips[0]), compare_vips);
}

static int compare_backends(const void *left, const void *right)
{
	const struct config_backend *left_backend = left, *right_backend = right;

	return strcmp(left_backend->name, right_backend->name);
}

void config_sort_backends(struct config_backend *backends, size_t count)
{
	if (count > 1)
		qsort(backends, count, sizeof(backends[0]), compare_backends);
}

size_t config_vip_position(const struct config *config, const char *name)
{
	size_t first = 0, end = config->vip_count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (strcmp(config->vips[middle]->name, name) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

size_t config_backend_position(const struct config_vip *vip, const char *name)
{
	size_t first = 0, end = vip->backend_count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (strcmp(vip->backends[middle].name, name) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

const struct config_vip *config_find_vip(const struct config *config, const char *name)
{
	size_t position = config_vip_position(config, name);

	if (position == config->vip_count || strcmp(config->vips[position]->name, name) != 0)
		return NULL;
	return config->vips[position];
}

const struct config_backend *config_find_backend(const struct config_vip *vip, const char *name)
{
	size_t position = config_backend_position(vip, name);

	if (position == vip->backend_count || strcmp(vip->backends[position].name, name) != 0)
		return NULL;
	return &vip->backends[position];
}

unsigned config_vip_ring_bits(const struct config_vip *vip)
{
	unsigned bits = CAROM_RING_BITS_MIN;

	if (!vip->ring_slots)
		return carom_ring_bits(vip->backend_count);
	while (bits < CAROM_RING_BITS_MAX && (size_t)1 << bits < vip->ring_slots)
		bits++;
	return bits;
}

bool config_backend_equal(const struct config_backend *left, const struct config_backend *right)
{
	return strcmp(left->name, right->name) == 0 &&
	       address_equal(&left->address, &right->address) && left->weight == right->weight &&
	       left->state == right->state;
}

bool config_vip_equal(const struct config_vip *left, const struct config_vip *right)
{
	if (left == right)
		return true;
	if (strcmp(left->name, right->name) != 0 ||
	    !address_equal(&left->address, &right->address) || left->port != right->port ||
	    left->protocol != right->protocol || left->ring_slots != right->ring_slots ||
	    left->tracking != right->tracking || left->on_down != right->on_down ||
	    left->backend_count != right->backend_count)
		return false;
	for (size_t index = 0; index < left->backend_count; index++)
		if (!config_backend_equal(&left->backends[index], &right->backends[index]))
			return false;
	return true;
}

bool config_vips_equal(const struct config *left, const struct config *right)
{
	if (left->vip_count != right->vip_count)
		return false;
	for (size_t index = 0; index < left->vip_count; index++)
		if (!config_vip_equal(left->vips[index], right->vips[index]))
			return false;
	return true;
}
