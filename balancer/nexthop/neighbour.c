/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbours and the asking for them.
 *
 * XDP's traffic does not pass the kernel's neighbour code, which would let each neighbour go stale
 * and in the end forget it. So the kernel is asked to manage them; one that does not know how
 * (before 5.16) is asked to resolve them again and again. Whether it manages one is read back from
 * it, never assumed. What others set up is not touched: entries that are permanent or need no ARP
 * (asking would take a permanent entry's permanence), nor the management that others asked for.
 *
 * State: the table. Called by nexthop.c, on the event loop's thread.
 */
#include "neighbour.h"

#include <linux/neighbour.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 30000

#define STATES_FIXED  (NUD_PERMANENT | NUD_NOARP)
#define STATES_USABLE (STATES_FIXED | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)

static int neighbour_compare(const void *left_key, const void *right_key)
{
	const struct neighbour *left = left_key, *right = right_key;

	if (left->kernel.interface != right->kernel.interface)
		return left->kernel.interface < right->kernel.interface ? -1 : 1;
	return address_compare(&left->kernel.address, &right->kernel.address);
}

void neighbour_table_init(struct neighbour_table *table, struct rtnetlink *rtnetlink)
{
	*table = (struct neighbour_table){.rtnetlink = rtnetlink};
	LIST_INIT(&table->all);
}

void neighbour_table_done(struct neighbour_table *table)
{
	tdestroy(table->tree, free);
	table->tree = NULL;
	LIST_INIT(&table->all);
}

static struct neighbour key_of(uint32_t interface, const struct carom_address *address)
{
	return (struct neighbour){.kernel = {.interface = interface, .address = *address}};
}

struct neighbour *neighbour_find(const struct neighbour_table *table, uint32_t interface,
				 const struct carom_address *address)
{
	struct neighbour key = key_of(interface, address);
	struct neighbour **found = tfind(&key, &table->tree, neighbour_compare);

	return found ? *found : NULL;
}

struct neighbour *neighbour_add(struct neighbour_table *table, uint32_t interface,
				const struct carom_address *address)
{
	struct neighbour *neighbour = neighbour_find(table, interface, address);

	if (neighbour)
		return neighbour;
	neighbour = malloc(sizeof(*neighbour));
	if (!neighbour)
		return NULL;
	*neighbour = key_of(interface, address);
	neighbour->backoff_ms = BACKOFF_MIN_MS;
	LIST_INIT(&neighbour->destinations);
	if (!tsearch(neighbour, &table->tree, neighbour_compare)) {
		free(neighbour);
		return NULL;
	}
	LIST_INSERT_HEAD(&table->all, neighbour, entry);
	return neighbour;
}

static bool is_usable(const struct rtnetlink_neighbour *kernel)
{
	return kernel->state & STATES_USABLE && kernel->has_mac;
}

bool neighbour_is_usable(const struct neighbour *neighbour)
{
	return is_usable(&neighbour->kernel);
}

static bool same_use(const struct rtnetlink_neighbour *left,
		     const struct rtnetlink_neighbour *right)
{
	if (!is_usable(left) || !is_usable(right))
		return is_usable(left) == is_usable(right);
	return !memcmp(left->mac, right->mac, sizeof(left->mac));
}

static bool is_managed_by_us(const struct rtnetlink_neighbour *kernel)
{
	return kernel->is_managed && kernel->protocol == RTNETLINK_PROTOCOL_CAROM;
}

/* The kernel tries a failed neighbour that it manages again only every five seconds. */
static bool needs_asking(const struct rtnetlink_neighbour *kernel)
{
	if (kernel->state & STATES_FIXED)
		return false;
	return !kernel->is_managed || (is_managed_by_us(kernel) && !is_usable(kernel));
}

bool neighbour_is_due(const struct neighbour *neighbour, uint64_t now_ms)
{
	return needs_asking(&neighbour->kernel) && now_ms >= neighbour->ask_at_ms;
}

/* On failure what was known stays: whatever happens to the neighbour next is an event. */
static void fetch(struct neighbour_table *table, struct neighbour *neighbour)
{
	struct rtnetlink_neighbour *kernel = &neighbour->kernel;

	(void)rtnetlink_get_neighbour(table->rtnetlink, kernel->interface, &kernel->address,
				      kernel);
}

/* A refusal is as good as no answer: the neighbour stays unusable, and is asked for again. */
static void ask(struct neighbour_table *table, struct neighbour *neighbour, uint64_t now_ms)
{
	uint32_t doubled_ms = 2 * neighbour->backoff_ms;
	bool usable;

	(void)rtnetlink_manage_neighbour(table->rtnetlink, &neighbour->kernel);
	fetch(table, neighbour);
	usable = neighbour_is_usable(neighbour);
	neighbour->ask_at_ms = now_ms + (usable ? BACKOFF_MAX_MS : neighbour->backoff_ms);
	neighbour->backoff_ms = doubled_ms < BACKOFF_MAX_MS ? doubled_ms : BACKOFF_MAX_MS;
}

bool neighbour_refresh(struct neighbour_table *table, struct neighbour *neighbour, uint64_t now_ms)
{
	struct rtnetlink_neighbour before = neighbour->kernel;

	fetch(table, neighbour);
	if (is_usable(&before) != neighbour_is_usable(neighbour)) {
		neighbour->backoff_ms = BACKOFF_MIN_MS;
		neighbour->ask_at_ms = now_ms;
	}
	if (neighbour_is_due(neighbour, now_ms))
		ask(table, neighbour, now_ms);
	return !same_use(&before, &neighbour->kernel);
}

/* What is ours is read back first: made permanent meanwhile, it would lose that by our release. */
static void release(struct neighbour_table *table, struct neighbour *neighbour)
{
	const struct rtnetlink_neighbour *kernel = &neighbour->kernel;

	fetch(table, neighbour);
	if (is_managed_by_us(kernel))
		(void)rtnetlink_release_neighbour(table->rtnetlink, kernel); /* or it is gone */
}

void neighbour_remove(struct neighbour_table *table, struct neighbour *neighbour)
{
	release(table, neighbour);
	tdelete(neighbour, &table->tree, neighbour_compare);
	LIST_REMOVE(neighbour, entry);
	free(neighbour);
}
