/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbours that next hops go through: their link-layer addresses as the kernel has them, and
 * the asking that makes the kernel resolve them and keep them fresh.
 */
#ifndef CAROM_NEIGHBOUR_H
#define CAROM_NEIGHBOUR_H

#include "rtnetlink.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

LIST_HEAD(destination_list, destination);
LIST_HEAD(neighbour_list, neighbour);

struct neighbour {
	struct rtnetlink_neighbour kernel; /* as the kernel said last; the key is in it */
	uint64_t ask_at_ms;		   /* not earlier, if it needs asking at all */
	uint32_t backoff_ms;
	LIST_ENTRY(neighbour) entry;
	/* The resolver's: the destinations behind it, and when it was refreshed. */
	struct destination_list destinations;
	uint32_t resync; /* the resolver's count of then */
};

struct neighbour_table {
	struct rtnetlink *rtnetlink; /* borrowed */
	void *tree;		     /* by interface and address, of tsearch(3) */
	struct neighbour_list all;
};

void neighbour_table_init(struct neighbour_table *table, struct rtnetlink *rtnetlink);
/* The kernel goes on to manage them, so that packets flow while the daemon is away. */
void neighbour_table_done(struct neighbour_table *table);

/* NULL: not in the table. */
struct neighbour *neighbour_find(const struct neighbour_table *table, uint32_t interface,
				 const struct carom_address *address);
/* Finds it, or adds it as one that the kernel does not know. NULL: out of memory. */
struct neighbour *neighbour_add(struct neighbour_table *table, uint32_t interface,
				const struct carom_address *address);
/* Ends the kernel's management of it, if it was ours, and frees it. */
void neighbour_remove(struct neighbour_table *table, struct neighbour *neighbour);

/* Asks the kernel how the neighbour is, and to resolve it if that is due. True: whether or by which
 * MAC it can be reached is no longer what it was. */
bool neighbour_refresh(struct neighbour_table *table, struct neighbour *neighbour, uint64_t now_ms);
/* It should be refreshed, for the kernel is to be asked for it. */
bool neighbour_is_due(const struct neighbour *neighbour, uint64_t now_ms);
/* Packets can be sent to it. */
bool neighbour_is_usable(const struct neighbour *neighbour);

#endif
