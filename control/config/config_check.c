/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks across values: what no value can be blamed for alone.
 *
 * A whole config is checked by sorting its VIPs by what packets match, so that clashes are
 * neighbours and a backend's address is looked for by bisection. An edit is checked for what it can
 * have broken: a new endpoint, backend or size with one pass over the VIPs, a VIP's new address
 * with one over all other backends; a new weight or state needs none.
 *
 * Of two that clash the one is blamed that is new or has changed, for there its author looks; if
 * both are new, that whose name sorts last.
 *
 * It owns no state; decoding and edits call it, on their caller's thread.
 */
#include "config_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Beyond it, one sorting costs less than a pass for each. */
#define EDITS_CHECKED_SINGLY_MAX 16

#define LOOPS_BACK "; a packet sent there would come straight back"

/* ---- within a VIP ---- */

static int compare_backend_addresses(const void *left, const void *right)
{
	const struct config_backend *const *left_backend = left, *const *right_backend = right;
	int order = address_compare(&(*left_backend)->address, &(*right_backend)->address);

	return order ? order : strcmp((*left_backend)->name, (*right_backend)->name);
}

/* To be freed by the caller. */
static const struct config_backend **sort_by_address(const struct config_vip *vip)
{
	const struct config_backend **sorted = calloc(vip->backend_count + 1, sizeof(sorted[0]));

	if (!sorted)
		return NULL;
	for (size_t index = 0; index < vip->backend_count; index++)
		sorted[index] = &vip->backends[index];
	qsort(sorted, vip->backend_count, sizeof(sorted[0]), compare_backend_addresses);
	return sorted;
}

/* owner: whose address it is, like "vip 'web'" in two parts. */
static int refuse_backend_address(const struct json_place *vip,
				  const struct config_backend *backend, const char *owner_noun,
				  const char *owner, const char *consequence)
{
	struct json_place backends = json_place_member(vip, CONFIG_BACKENDS_KEY);
	struct json_place item = json_place_item(&backends, CONFIG_BACKEND_NOUN, backend->name);
	struct json_place address = json_place_member(&item, "address");
	char text[ADDRESS_TEXT_BYTES];

	return json_refuse(&address, ERROR_CONFLICT, " '%s' is that of %s '%s'%s",
			   address_format(&backend->address, text), owner_noun, owner, consequence);
}

/* before: may be NULL. */
static bool had_backend(const struct config_vip *before, const struct config_backend *backend)
{
	const struct config_backend *there =
		before ? config_find_backend(before, backend->name) : NULL;

	return there && address_equal(&there->address, &backend->address);
}

/* These have one address: whose it is, and all others are at fault. */
static int check_sharers(const struct json_place *place, const struct config_vip *before,
			 const struct config_backend *const *sharers, size_t count)
{
	size_t owner = 0;
	int failed = 0;

	while (owner < count && !had_backend(before, sharers[owner]))
		owner++;
	if (owner == count)
		owner = 0;
	for (size_t index = 0; index < count; index++)
		if (index != owner)
			failed |= refuse_backend_address(place, sharers[index], CONFIG_BACKEND_NOUN,
							 sharers[owner]->name, ", too");
	return failed;
}

static int check_backends_differ(const struct json_place *place, const struct config_vip *vip,
				 const struct config_vip *before)
{
	const struct config_backend **sorted = sort_by_address(vip);
	int failed = 0;

	if (!sorted)
		return json_refuse_memory(place);
	for (size_t first = 0, end; first < vip->backend_count; first = end) {
		for (end = first + 1; end < vip->backend_count; end++)
			if (!address_equal(&sorted[first]->address, &sorted[end]->address))
				break;
		if (end - first > 1)
			failed |= check_sharers(place, before, &sorted[first], end - first);
	}
	free(sorted);
	return failed;
}

/* Counts every backend that has weight, whatever its state: enabling one must not fail. */
static int check_ring(const struct json_place *place, const struct config_vip *vip)
{
	struct json_place ring_slots = json_place_member(place, "ring_slots");
	size_t weighted = 0;

	for (size_t index = 0; index < vip->backend_count; index++)
		weighted += vip->backends[index].weight > 0;
	if (vip->ring_slots == 0 || weighted <= vip->ring_slots)
		return 0;
	return json_refuse(&ring_slots, ERROR_INVALID,
			   " %" PRIu32 " is too small; expected at least one slot for each of the"
			   " %zu backends that have weight",
			   vip->ring_slots, weighted);
}

int config_check_vip(const struct json_place *place, const struct config_vip *vip,
		     const struct config_vip *before)
{
	struct json_place backends = json_place_member(place, CONFIG_BACKENDS_KEY);
	int failed = 0;

	if (vip->backend_count > CAROM_BACKENDS_PER_VIP_MAX)
		failed =
			json_refuse(&backends, ERROR_LIMIT, " has %zu members; expected at most %d",
				    vip->backend_count, CAROM_BACKENDS_PER_VIP_MAX);
	failed |= check_ring(place, vip);
	failed |= check_backends_differ(place, vip, before);
	return failed;
}

/* ---- between VIPs ---- */

/* By what packets match. */
static int compare_endpoints(const struct config_vip *left, const struct config_vip *right)
{
	int order = address_compare(&left->address, &right->address);

	if (order)
		return order;
	if (left->port != right->port)
		return left->port < right->port ? -1 : 1;
	return left->protocol - right->protocol;
}

static int compare_vips(const void *left, const void *right)
{
	const struct config_vip *const *left_vip = left, *const *right_vip = right;
	int order = compare_endpoints(*left_vip, *right_vip);

	return order ? order : strcmp((*left_vip)->name, (*right_vip)->name);
}

static int refuse_endpoint(const struct json_place *vips, const struct config_vip *vip,
			   const struct config_vip *owner)
{
	struct json_place item = json_place_item(vips, CONFIG_VIP_NOUN, vip->name);
	struct json_place address = json_place_member(&item, "address");
	char text[ADDRESS_TEXT_BYTES];

	return json_refuse(&address, ERROR_CONFLICT,
			   " '%s' with port %u and protocol '%s' is that of vip '%s'",
			   address_format(&vip->address, text), vip->port,
			   config_protocol_name(vip->protocol), owner->name);
}

/* base: may be NULL. */
static bool had_endpoint(const struct config *base, const struct config_vip *vip)
{
	const struct config_vip *there = base ? config_find_vip(base, vip->name) : NULL;

	return there && compare_endpoints(there, vip) == 0;
}

/* These have one endpoint: whose it is, and all others are at fault. */
static int check_contenders(const struct json_place *vips, const struct config *base,
			    const struct config_vip *const *contenders, size_t count)
{
	size_t owner = 0;
	int failed = 0;

	while (owner < count && !had_endpoint(base, contenders[owner]))
		owner++;
	if (owner == count)
		owner = 0;
	for (size_t index = 0; index < count; index++)
		if (index != owner)
			failed |= refuse_endpoint(vips, contenders[index], contenders[owner]);
	return failed;
}

static int check_endpoints_differ(const struct json_place *vips, const struct config *base,
				  const struct config_vip *const *sorted, size_t count)
{
	int failed = 0;

	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count; end++)
			if (compare_endpoints(sorted[first], sorted[end]) != 0)
				break;
		if (end - first > 1)
			failed |= check_contenders(vips, base, &sorted[first], end - first);
	}
	return failed;
}

/* The first VIP with this address, or NULL. */
static const struct config_vip *find_by_address(const struct config_vip *const *sorted,
						size_t count, const struct carom_address *address)
{
	size_t first = 0, end = count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (address_compare(&sorted[middle]->address, address) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	if (first == count || !address_equal(&sorted[first]->address, address))
		return NULL;
	return sorted[first];
}

static int check_no_backend_is_vip(const struct json_place *vips, const struct config_vip *vip,
				   const struct config_vip *const *sorted, size_t count)
{
	struct json_place item = json_place_item(vips, CONFIG_VIP_NOUN, vip->name);
	int failed = 0;

	for (size_t index = 0; index < vip->backend_count; index++) {
		const struct config_backend *backend = &vip->backends[index];
		const struct config_vip *owner = find_by_address(sorted, count, &backend->address);

		if (owner)
			failed |= refuse_backend_address(&item, backend, CONFIG_VIP_NOUN,
							 owner->name, LOOPS_BACK);
	}
	return failed;
}

/* ---- against the limits ---- */

static int check_total(const struct json_place *place, const char *what, uint64_t total,
		       uint32_t limit)
{
	if (limit == 0 || total <= limit)
		return 0;
	return json_refuse(place, ERROR_LIMIT,
			   ": %" PRIu64 " %s in all exceed node.limits.%s, which is %" PRIu32,
			   total, what, what, limit);
}

/* A ring is counted even for a VIP that has no backends yet: adding the first must not fail. */
static int check_limits(const struct json_place *place, const struct config *config)
{
	const struct config_limits *limits = &config->node.limits;
	uint64_t backends = 0, slots = 0;
	int failed;

	for (size_t index = 0; index < config->vip_count; index++) {
		backends += config->vips[index]->backend_count;
		slots += (uint64_t)1 << config_vip_ring_bits(config->vips[index]);
	}
	failed = check_total(place, "vips", config->vip_count, limits->vips);
	failed |= check_total(place, "backends", backends, limits->backends);
	failed |= check_total(place, "slots", slots, limits->slots);
	return failed;
}

int config_check_vips(const struct json_place *document, const struct config *config,
		      const struct config *base)
{
	struct json_place vips = json_place_member(document, CONFIG_VIPS_KEY);
	const struct config_vip **sorted = calloc(config->vip_count + 1, sizeof(sorted[0]));
	int failed;

	if (!sorted)
		return json_refuse_memory(document);
	for (size_t index = 0; index < config->vip_count; index++)
		sorted[index] = config->vips[index];
	qsort(sorted, config->vip_count, sizeof(sorted[0]), compare_vips);

	failed = check_endpoints_differ(&vips, base, sorted, config->vip_count);
	for (size_t index = 0; index < config->vip_count; index++)
		failed |= check_no_backend_is_vip(&vips, config->vips[index], sorted,
						  config->vip_count);
	failed |= check_limits(&vips, config);
	free(sorted);
	return failed;
}

/* ---- one VIP against the others ---- */

static int check_edited_endpoint(const struct json_place *vips, const struct config *config,
				 const struct config *base, const struct config_vip *edited)
{
	const struct config_vip *owner = edited;

	for (size_t index = config->vip_count; index-- > 0 && !had_endpoint(base, owner);) {
		const struct config_vip *other = config->vips[index];

		if (compare_endpoints(other, edited) == 0 &&
		    (had_endpoint(base, other) || strcmp(other->name, owner->name) < 0))
			owner = other;
	}
	return owner == edited ? 0 : refuse_endpoint(vips, edited, owner);
}

static int compare_address_to_backend(const void *address, const void *element)
{
	const struct config_backend *const *backend = element;

	return address_compare(address, &(*backend)->address);
}

/* Whether it has a backend at an address where `before` had none of this name. */
static bool has_new_backend(const struct config_vip *edited, const struct config_vip *before)
{
	for (size_t index = 0; index < edited->backend_count; index++)
		if (!had_backend(before, &edited->backends[index]))
			return true;
	return false;
}

static int check_edited_backends(const struct json_place *vip, const struct config *config,
				 const struct config_vip *edited)
{
	const struct config_backend **sorted = sort_by_address(edited);
	int failed = 0;

	if (!sorted)
		return json_refuse_memory(vip);
	for (size_t index = 0; index < config->vip_count; index++) {
		const struct config_vip *owner = config->vips[index];
		const struct config_backend **found =
			bsearch(&owner->address, sorted, edited->backend_count, sizeof(sorted[0]),
				compare_address_to_backend);

		if (found)
			failed |= refuse_backend_address(vip, *found, CONFIG_VIP_NOUN, owner->name,
							 LOOPS_BACK);
	}
	free(sorted);
	return failed;
}

static int check_edited_address(const struct json_place *vip, const struct config_vip *edited,
				const struct config_vip *other)
{
	struct json_place address = json_place_member(vip, "address");
	char text[ADDRESS_TEXT_BYTES];
	int failed = 0;

	for (size_t index = 0; index < other->backend_count; index++) {
		const struct config_backend *backend = &other->backends[index];

		if (address_equal(&backend->address, &edited->address))
			failed |= json_refuse(
				&address, ERROR_CONFLICT,
				" '%s' is that of backend '%s' of vip '%s'" LOOPS_BACK,
				address_format(&edited->address, text), backend->name, other->name);
	}
	return failed;
}

static bool is_larger(const struct config_vip *edited, const struct config_vip *before)
{
	return edited->backend_count > before->backend_count ||
	       config_vip_ring_bits(edited) > config_vip_ring_bits(before);
}

/* Sets *ret_grows if the limits may be exceeded, and otherwise leaves it. */
static int check_edited(const struct json_place *vip, const struct config *config,
			const struct config *base, const struct config_vip *edited, bool *ret_grows)
{
	const struct config_vip *before = config_find_vip(base, edited->name);
	bool is_at_new_address = !before || !address_equal(&before->address, &edited->address);
	int failed = 0;

	if (!before || compare_endpoints(before, edited) != 0)
		failed |= check_edited_endpoint(vip->parent, config, base, edited);
	/* The new address may be that of a backend of its own. */
	if (is_at_new_address || has_new_backend(edited, before))
		failed |= check_edited_backends(vip, config, edited);
	for (size_t index = 0; is_at_new_address && index < config->vip_count; index++)
		if (config->vips[index] != edited)
			failed |= check_edited_address(vip, edited, config->vips[index]);
	*ret_grows |= !before || is_larger(edited, before);
	return failed;
}

int config_check_edited_vips(const struct json_place *document, const struct config *config,
			     const struct config *base, const struct config_edit *edits,
			     size_t count)
{
	struct json_place vips = json_place_member(document, CONFIG_VIPS_KEY);
	struct json_place vip;
	bool grows = false;
	int failed = 0;

	if (count > EDITS_CHECKED_SINGLY_MAX)
		return config_check_vips(document, config, base);
	for (size_t index = 0; index < count; index++) {
		vip = json_place_item(&vips, CONFIG_VIP_NOUN, edits[index].name);
		if (edits[index].object)
			failed |= check_edited(&vip, config, base,
					       (const struct config_vip *)edits[index].object,
					       &grows);
	}
	if (grows)
		failed |= check_limits(count == 1 ? &vip : &vips, config);
	return failed;
}
