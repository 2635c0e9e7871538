/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Has next hops followed: for the desired state, and for the published one, each by itself, for the
 * resolver counts who watches a destination. From one state to the next only what differs is told
 * to it: configs share the VIPs that an edit leaves alone, so that a changed weight costs a
 * comparison of pointers for each other VIP.
 *
 * Owns the references to the configs that are followed. Called by commit.c, on the loop's thread.
 */
#include "commands_parts.h"

#include "log.h"

#include <errno.h>
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

/* Both are sorted by name. NULL: there is no such VIP. */
static void compare_vips(struct difference *difference, const struct config_vip *before,
			 const struct config_vip *now)
{
	size_t before_count = before ? before->backend_count : 0, i = 0;
	size_t now_count = now ? now->backend_count : 0, j = 0;

	while (i < before_count || j < now_count) {
		const struct config_backend *was = i < before_count ? &before->backends[i] : NULL;
		const struct config_backend *is = j < now_count ? &now->backends[j] : NULL;
		int order = !is ? -1 : !was ? 1 : strcmp(was->name, is->name);

		if (order == 0 && address_equal(&was->address, &is->address)) {
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
static int follow(struct commands *commands, struct config **followed, struct config *config,
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
		compare_vips(&difference, change.before, change.after);
	if (difference.is_out_of_memory)
		result = error_set_errno(ret_error, ENOMEM, "next hops");
	else
		result = nexthop_follow(commands->nexthop, difference.added.items,
					difference.added.count, uv_now(commands->loop), ret_error);
	if (result == 0) {
		nexthop_unfollow(commands->nexthop, difference.dropped.items,
				 difference.dropped.count);
		config_unref(*followed);
		*followed = config_ref(config);
	}
	free(difference.added.items);
	free(difference.dropped.items);
	return result;
}

int commands_follow_desired(struct commands *commands, struct config *config,
			    struct error *ret_error)
{
	return follow(commands, &commands->followed_desired, config, ret_error);
}

void commands_follow_published(struct commands *commands)
{
	struct error error = {0};

	if (follow(commands, &commands->followed_published, commands->published, &error))
		log_line(LOG_LEVEL_ERROR, "%s: more are followed than there are backends",
			 error.message);
}
