/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows the next hops of the desired state's backends, and of the published one's. The resolver
 * counts how often a destination is followed, and is told only what differs from one state to the
 * next: configs share the VIPs that an edit leaves alone, so that a changed weight costs a
 * comparison of pointers for each other VIP.
 */
#include "next_hops.h"

#include "log.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 16

struct address_list {
	struct carom_address *items; /* owned */
	size_t count;
	size_t room;
};

struct difference {
	struct address_list added, dropped;
	bool is_out_of_memory;
};

static void add_address(struct difference *difference, struct address_list *list,
			const struct config_backend *backend)
{
	struct carom_address *items;

	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : ROOM_MIN;
		items = reallocarray(list->items, list->room, sizeof(items[0]));
		if (!items) {
			list->room = list->count;
			difference->is_out_of_memory = true;
			return;
		}
		list->items = items;
	}
	list->items[list->count++] = backend->address;
}

/* Of one VIP; backends are sorted by name. NULL: there is no such VIP. */
static void compare_backends(struct difference *difference, const struct config_vip *before,
			     const struct config_vip *now)
{
	size_t before_count = before ? before->backend_count : 0, i = 0;
	size_t now_count = now ? now->backend_count : 0, j = 0;

	while (i < before_count || j < now_count) {
		const struct config_backend *old = i < before_count ? &before->backends[i] : NULL;
		const struct config_backend *new = j < now_count ? &now->backends[j] : NULL;
		int order = !new ? -1 : !old ? 1 : strcmp(old->name, new->name);

		if (order == 0 && address_equal(&old->address, &new->address)) {
			i++;
			j++;
			continue;
		}
		if (order <= 0)
			add_address(difference, &difference->dropped, &before->backends[i++]);
		if (order >= 0)
			add_address(difference, &difference->added, &now->backends[j++]);
	}
}

/* From *followed to config. */
static int follow(struct next_hops *next_hops, struct config **followed, struct config *config,
		  struct error *ret_error)
{
	static const struct config nothing;
	struct config_changes changes = {
		.before = *followed ? *followed : &nothing,
		.after = config,
	};
	struct difference difference = {0};
	struct config_change change;
	int result;

	while (config_changes_next(&changes, &change))
		if (change.kind == CONFIG_KIND_VIP)
			compare_backends(&difference, config_vip_of(change.before),
					 config_vip_of(change.after));
	if (difference.is_out_of_memory)
		result = error_set_errno(ret_error, ENOMEM, "next hops");
	else
		result = nexthop_follow(next_hops->resolver, difference.added.items,
					difference.added.count, uv_now(next_hops->options.loop),
					ret_error);
	if (result == 0) {
		nexthop_unfollow(next_hops->resolver, difference.dropped.items,
				 difference.dropped.count);
		config_unref(*followed);
		*followed = config_ref(config);
	}
	free(difference.added.items);
	free(difference.dropped.items);
	return result;
}

int next_hops_follow_desired(struct next_hops *next_hops, struct config *config,
			     struct error *ret_error)
{
	return follow(next_hops, &next_hops->for_desired, config, ret_error);
}

void next_hops_follow_published(struct next_hops *next_hops, struct config *config)
{
	struct error error = {0};

	if (follow(next_hops, &next_hops->for_published, config, &error))
		log_line(LOG_LEVEL_ERROR, "%s: more are followed than there are backends",
			 error.message);
}

/* ---- patience ---- */

static void on_patience_over(uv_timer_t *timer)
{
	struct next_hops *next_hops = timer->data;

	next_hops->options.patience_over(next_hops->options.context);
}

size_t next_hops_unresolved(const struct next_hops *next_hops)
{
	return nexthop_unresolved_count(next_hops->resolver);
}

void next_hops_be_patient(struct next_hops *next_hops, size_t tolerated, uint64_t patience_ms)
{
	uint64_t until_ms = uv_now(next_hops->options.loop) + patience_ms;

	next_hops->unresolved_tolerated = tolerated;
	if (next_hops->patient_until_ms >= until_ms)
		return;
	next_hops->patient_until_ms = until_ms;
	uv_timer_start(&next_hops->patience, on_patience_over, patience_ms, 0);
}

void next_hops_stay_patient(struct next_hops *next_hops)
{
	next_hops_be_patient(next_hops, next_hops->unresolved_tolerated, NEXT_HOPS_PATIENCE_MS);
}

bool next_hops_are_settled(const struct next_hops *next_hops)
{
	if (nexthop_new_count(next_hops->resolver) > 0)
		return false;
	return nexthop_unresolved_count(next_hops->resolver) <= next_hops->unresolved_tolerated ||
	       uv_now(next_hops->options.loop) >= next_hops->patient_until_ms;
}

/* ---- netlink ---- */

static const struct resolution *find_next_hop(const void *source,
					      const struct carom_address *destination)
{
	const struct next_hops *next_hops = source;

	return nexthop_find(next_hops->resolver, destination);
}

struct facts next_hops_facts(const struct next_hops *next_hops)
{
	return (struct facts){find_next_hop, next_hops};
}

static void on_netlink(uv_poll_t *poll, int status, int events)
{
	struct next_hops *next_hops = poll->data;
	size_t new_count = nexthop_new_count(next_hops->resolver);

	(void)events;
	if (status != 0)
		return;
	nexthop_read(next_hops->resolver, uv_now(next_hops->options.loop));
	if (new_count)
		next_hops->options.looked_up(next_hops->options.context);
}

void next_hops_tick(struct next_hops *next_hops)
{
	size_t new_count = nexthop_new_count(next_hops->resolver);

	nexthop_tick(next_hops->resolver, uv_now(next_hops->options.loop));
	if (new_count)
		next_hops->options.looked_up(next_hops->options.context);
}

/* ---- beginning and end ---- */

int next_hops_open(struct next_hops *next_hops, const struct next_hops_options *options,
		   struct error *ret_error)
{
	const struct config_node *node = options->node;
	uint32_t interfaces[CONFIG_INTERFACES_MAX];
	struct nexthop_options resolver = {
		.interfaces = interfaces,
		.interface_count = node->interface_count,
		.changed = options->changed,
		.context = options->context,
	};

	next_hops->options = *options;
	next_hops->options.node = NULL;
	for (size_t i = 0; i < node->interface_count; i++) {
		interfaces[i] = if_nametoindex(node->interfaces[i].name);
		if (!interfaces[i])
			return error_set(ret_error, ERROR_NOT_FOUND,
					 "interface '%s' does not exist in this network namespace",
					 node->interfaces[i].name);
	}
	next_hops->resolver = nexthop_new(&resolver, ret_error);
	return next_hops->resolver ? 0 : -1;
}

void next_hops_start(struct next_hops *next_hops)
{
	uv_timer_init(next_hops->options.loop, &next_hops->patience);
	uv_poll_init(next_hops->options.loop, &next_hops->poll, nexthop_fd(next_hops->resolver));
	next_hops->patience.data = next_hops;
	next_hops->poll.data = next_hops;
	uv_poll_start(&next_hops->poll, UV_READABLE, on_netlink);
}

void next_hops_stop(struct next_hops *next_hops)
{
	uv_close((uv_handle_t *)&next_hops->patience, NULL);
	uv_close((uv_handle_t *)&next_hops->poll, NULL);
}

void next_hops_free(struct next_hops *next_hops)
{
	nexthop_free(next_hops->resolver);
	config_unref(next_hops->for_published);
	config_unref(next_hops->for_desired);
}
