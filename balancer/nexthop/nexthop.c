/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Next hops: for each followed destination, the kernel's own choice of route, then the neighbour
 * behind it.
 *
 * Events are hints. Whatever one is about is asked for anew, so that a lost, late or repeated event
 * does no harm. A neighbour's event touches the destinations behind that neighbour. Anything that
 * may have changed a route starts a pass: every destination is looked up once, a bounded number a
 * call, from where the pass before stood. While one is under way an eventfd keeps the file
 * descriptor that the caller polls readable, so that it goes on at once, but lets others in
 * between.
 *
 * An overrun of the event socket starts a pass that also refreshes links and neighbours. So does an
 * audit every minute, since some things change without any event: a learnt path MTU that expires.
 *
 * State: the destinations, sorted by address, each on the list of its neighbour; the neighbours;
 * the links that may be left by. Called by the daemon, on the event loop's thread.
 */
#include "nexthop.h"

#include "destination.h"
#include "neighbour.h"
#include "resolve.h"
#include "rtnetlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WORK_PER_CALL	  1024 /* datagrams read, neighbours asked for */
#define LOOK_UPS_PER_CALL 256  /* a good millisecond's worth */
#define AUDIT_INTERVAL_MS 60000
#define RETRY_INTERVAL_MS 1000 /* after a request that the kernel did not answer */

struct nexthop {
	struct rtnetlink *rtnetlink;
	int poll_fd; /* an epoll of the event socket and of continue_fd */
	int continue_fd;
	nexthop_changed *changed;
	void *context;

	struct rtnetlink_link *links;
	size_t link_count;
	struct neighbour_table neighbours;
	struct destination_set destinations;
	size_t new_count;	 /* of the destinations: not yet looked up */
	size_t unresolved_count; /* the new ones among them */

	size_t cursor;	      /* the next one to look up */
	size_t pending_count; /* how many the pass has still to come to */
	bool pass_is_full;    /* it looks all of them up, and not the new ones alone */
	uint32_t resync;      /* neighbours of an older one are refreshed when a pass meets them */
	bool overrun;	      /* events were lost, and the queue is not yet drained */
	bool differs;	      /* some next hop is not what it was when changed was called last */
	uint64_t audit_at_ms; /* 0: not yet known */
};

/* ---- links ---- */

static struct rtnetlink_link *find_link(const struct nexthop *nexthop, uint32_t interface)
{
	for (size_t i = 0; i < nexthop->link_count; i++) {
		if (nexthop->links[i].interface == interface)
			return &nexthop->links[i];
	}
	return NULL;
}

static void refresh_link(struct nexthop *nexthop, struct rtnetlink_link *link)
{
	if (rtnetlink_get_link(nexthop->rtnetlink, link->interface, link) && errno == ENODEV)
		link->is_up = false;
}

/* NULL: all are up. */
static const struct rtnetlink_link *find_link_down(const struct nexthop *nexthop)
{
	for (size_t i = 0; i < nexthop->link_count; i++) {
		if (!nexthop->links[i].is_up || !nexthop->links[i].is_running)
			return &nexthop->links[i];
	}
	return NULL;
}

/* ---- neighbours ---- */

/* A neighbour that no destination is behind any more is let go. */
static void move_behind(struct nexthop *nexthop, struct destination *destination,
			struct neighbour *neighbour)
{
	struct neighbour *before = destination->neighbour;

	if (before == neighbour)
		return;
	if (before)
		LIST_REMOVE(destination, entry);
	if (neighbour)
		LIST_INSERT_HEAD(&neighbour->destinations, destination, entry);
	destination->neighbour = neighbour;
	if (before && LIST_EMPTY(&before->destinations))
		neighbour_remove(&nexthop->neighbours, before);
}

static void nexthop_decide(struct nexthop *nexthop, struct destination *destination,
			   const struct resolution *resolution)
{
	if (resolve_is_given(&destination->resolution) &&
	    !resolve_equal(&destination->resolution, resolution))
		nexthop->differs = true;
	nexthop->new_count -= !resolve_is_given(&destination->resolution);
	nexthop->unresolved_count += destination->resolution.hop.resolved;
	nexthop->unresolved_count -= resolution->hop.resolved;
	destination->resolution = *resolution;
}

static void judge_neighbour(const struct nexthop *nexthop, const struct neighbour *neighbour,
			    struct resolution *resolution)
{
	const struct rtnetlink_link *link = find_link(nexthop, neighbour->kernel.interface);

	resolve_neighbour(&neighbour->kernel, neighbour_is_usable(neighbour), link->name,
			  resolution);
}

static void refresh_neighbour(struct nexthop *nexthop, struct neighbour *neighbour, uint64_t now_ms)
{
	struct destination *destination = LIST_FIRST(&neighbour->destinations);

	neighbour->resync = nexthop->resync;
	if (!neighbour_refresh(&nexthop->neighbours, neighbour, now_ms))
		return;
	for (; destination; destination = LIST_NEXT(destination, entry)) {
		struct resolution resolution = destination->resolution;

		judge_neighbour(nexthop, neighbour, &resolution);
		nexthop_decide(nexthop, destination, &resolution);
	}
}

static struct neighbour *take_neighbour(struct nexthop *nexthop, uint32_t interface,
					const struct carom_address *address, uint64_t now_ms)
{
	struct neighbour *neighbour = neighbour_add(&nexthop->neighbours, interface, address);

	if (neighbour && neighbour->resync != nexthop->resync)
		refresh_neighbour(nexthop, neighbour, now_ms);
	return neighbour;
}

static void ask_neighbours(struct nexthop *nexthop, uint64_t now_ms)
{
	struct neighbour *neighbour = LIST_FIRST(&nexthop->neighbours.all);
	size_t budget = WORK_PER_CALL;

	for (; neighbour; neighbour = LIST_NEXT(neighbour, entry)) {
		if (!neighbour_is_due(neighbour, now_ms))
			continue;
		if (budget-- == 0)
			return;
		refresh_neighbour(nexthop, neighbour, now_ms);
	}
}

/* ---- looking up ---- */

static void refuse_foreign(struct nexthop *nexthop, const struct carom_address *address,
			   uint32_t interface, struct resolution *resolution)
{
	struct rtnetlink_link link = {.name = "?"};

	(void)rtnetlink_get_link(nexthop->rtnetlink, interface, &link); /* it may be gone by now */
	resolve_foreign(address, link.name, resolution);
}

/* NULL: there is none, and the resolution says why. */
static struct neighbour *follow_route(struct nexthop *nexthop, const struct carom_address *address,
				      const struct rtnetlink_route *route,
				      struct resolution *resolution, uint64_t now_ms)
{
	const struct rtnetlink_link *link = find_link(nexthop, route->interface);
	bool is_on_link = address_is_zero(&route->gateway);
	struct neighbour *neighbour;

	if (!resolve_route(address, route, resolution))
		return NULL;
	if (!link) {
		refuse_foreign(nexthop, address, route->interface, resolution);
		return NULL;
	}
	if (!resolve_link(link, resolution))
		return NULL;
	neighbour = take_neighbour(nexthop, route->interface,
				   is_on_link ? address : &route->gateway, now_ms);
	if (neighbour)
		judge_neighbour(nexthop, neighbour, resolution);
	else
		resolve_out_of_memory(resolution);
	return neighbour;
}

static void look_up(struct nexthop *nexthop, struct destination *destination, uint64_t now_ms)
{
	const struct carom_address *address = &destination->address;
	struct neighbour *neighbour = NULL;
	struct rtnetlink_route route;
	struct resolution resolution = {0};

	if (!rtnetlink_get_route(nexthop->rtnetlink, address, &route)) {
		neighbour = follow_route(nexthop, address, &route, &resolution, now_ms);
	} else {
		int route_errno = errno;

		if (!resolve_is_routing_errno(route_errno)) {
			nexthop->audit_at_ms = now_ms + RETRY_INTERVAL_MS;
			if (resolve_is_given(&destination->resolution))
				return; /* what is known stays: nothing speaks against it */
		}
		resolve_no_route(address, route_errno, find_link_down(nexthop), &resolution);
	}
	move_behind(nexthop, destination, neighbour);
	nexthop_decide(nexthop, destination, &resolution);
}

/* ---- passes ---- */

static void start_pass(struct nexthop *nexthop)
{
	nexthop->pending_count = nexthop->destinations.count;
	nexthop->pass_is_full = true;
}

/* Destinations have come or gone, and the others have moved: a pass under way would miss some. */
static void adapt_pass(struct nexthop *nexthop, size_t count_before)
{
	bool is_under_way = nexthop->pending_count > 0;

	if (nexthop->destinations.count != count_before && (is_under_way || nexthop->new_count > 0))
		nexthop->pending_count = nexthop->destinations.count;
	if (!is_under_way)
		nexthop->pass_is_full = false;
}

static void resynchronize(struct nexthop *nexthop, uint64_t now_ms)
{
	nexthop->resync++;
	nexthop->audit_at_ms = now_ms + AUDIT_INTERVAL_MS;
	for (size_t i = 0; i < nexthop->link_count; i++)
		refresh_link(nexthop, &nexthop->links[i]);
	start_pass(nexthop);
}

static void continue_pass(struct nexthop *nexthop, uint64_t now_ms)
{
	const struct destination_set *set = &nexthop->destinations;
	size_t budget = LOOK_UPS_PER_CALL;

	for (; budget > 0 && nexthop->pending_count > 0; nexthop->pending_count--) {
		nexthop->cursor = nexthop->cursor + 1 < set->count ? nexthop->cursor + 1 : 0;
		if (!nexthop->pass_is_full &&
		    resolve_is_given(&set->items[nexthop->cursor]->resolution))
			continue;
		look_up(nexthop, set->items[nexthop->cursor], now_ms);
		budget--;
	}
}

/* Has the caller come again at once while a pass is under way. */
static void ask_to_continue(const struct nexthop *nexthop)
{
	eventfd_t count;

	if (nexthop->pending_count > 0)
		(void)eventfd_write(nexthop->continue_fd, 1);
	else
		(void)eventfd_read(nexthop->continue_fd, &count);
}

/* Tells the caller what came of this. */
static void conclude(struct nexthop *nexthop)
{
	ask_to_continue(nexthop);
	if (!nexthop->differs)
		return;
	nexthop->differs = false;
	nexthop->changed(nexthop->context);
}

/* ---- events ---- */

struct reading {
	struct nexthop *nexthop;
	uint64_t now_ms;
};

/* A link that is not followed may have taken routes with it. */
static void handle_link(struct nexthop *nexthop, uint32_t interface)
{
	struct rtnetlink_link *link = find_link(nexthop, interface);

	if (link)
		refresh_link(nexthop, link);
	start_pass(nexthop);
}

static void handle_event(void *context, const struct rtnetlink_event *event)
{
	const struct reading *reading = context;
	struct nexthop *nexthop = reading->nexthop;
	struct neighbour *neighbour;

	switch (event->kind) {
	case RTNETLINK_LINK: handle_link(nexthop, event->interface); break;
	case RTNETLINK_NEIGHBOUR:
		neighbour =
			neighbour_find(&nexthop->neighbours, event->interface, &event->neighbour);
		if (neighbour)
			refresh_neighbour(nexthop, neighbour, reading->now_ms);
		break;
	case RTNETLINK_ROUTE:
		/* Most of a full table, and the routes that announce our own VIPs, do not. */
		if (destination_set_meets(&nexthop->destinations, &event->route))
			start_pass(nexthop);
		break;
	case RTNETLINK_ADDRESSING: start_pass(nexthop); break;
	}
}

/*
 * Having lost events, the kernel goes on to drop them, and does not say so a second time, until the
 * queue has been read to its end. Only then is it worthwhile to ask for everything.
 */
static void read_events(struct nexthop *nexthop, uint64_t now_ms)
{
	struct reading reading = {.nexthop = nexthop, .now_ms = now_ms};

	for (size_t i = 0; i < WORK_PER_CALL; i++) {
		int taken = rtnetlink_read_events(nexthop->rtnetlink, handle_event, &reading);

		if (taken < 0)
			nexthop->overrun = true;
		if (taken != 0)
			continue;
		if (nexthop->overrun)
			resynchronize(nexthop, now_ms);
		nexthop->overrun = false;
		return;
	}
}

/* ---- the interface ---- */

static int open_poll(struct nexthop *nexthop)
{
	int events_fd = rtnetlink_events_fd(nexthop->rtnetlink);
	struct epoll_event readable = {.events = EPOLLIN};

	nexthop->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	nexthop->continue_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (nexthop->poll_fd < 0 || nexthop->continue_fd < 0)
		return -1;
	if (epoll_ctl(nexthop->poll_fd, EPOLL_CTL_ADD, events_fd, &readable))
		return -1;
	return epoll_ctl(nexthop->poll_fd, EPOLL_CTL_ADD, nexthop->continue_fd, &readable);
}

static int add_links(struct nexthop *nexthop, const struct nexthop_options *options,
		     struct error *ret_error)
{
	nexthop->links = calloc(options->interface_count + 1, sizeof(*nexthop->links));
	if (!nexthop->links)
		return error_set_errno(ret_error, ENOMEM, "following next hops");
	for (size_t i = 0; i < options->interface_count; i++) {
		uint32_t interface = options->interfaces[i];

		if (rtnetlink_get_link(nexthop->rtnetlink, interface, &nexthop->links[i]))
			return error_set_errno(ret_error, errno, "interface of index %u",
					       interface);
		nexthop->link_count++;
	}
	return 0;
}

static int nexthop_init(struct nexthop *nexthop, const struct nexthop_options *options,
			struct error *ret_error)
{
	nexthop->poll_fd = nexthop->continue_fd = -1;
	nexthop->changed = options->changed;
	nexthop->context = options->context;
	nexthop->resync = 1;
	nexthop->rtnetlink = rtnetlink_new(ret_error);
	neighbour_table_init(&nexthop->neighbours, nexthop->rtnetlink);
	if (!nexthop->rtnetlink)
		return -1;
	if (open_poll(nexthop))
		return error_set_errno(ret_error, errno, "polling netlink sockets");
	return add_links(nexthop, options, ret_error);
}

struct nexthop *nexthop_new(const struct nexthop_options *options, struct error *ret_error)
{
	struct nexthop *nexthop = calloc(1, sizeof(*nexthop));

	if (!nexthop) {
		error_set_errno(ret_error, ENOMEM, "following next hops");
		return NULL;
	}
	if (!nexthop_init(nexthop, options, ret_error))
		return nexthop;
	nexthop_free(nexthop);
	return NULL;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void nexthop_free(struct nexthop *nexthop)
{
	if (!nexthop)
		return;
	neighbour_table_done(&nexthop->neighbours);
	destination_set_done(&nexthop->destinations);
	rtnetlink_free(nexthop->rtnetlink);
	close_if_open(nexthop->poll_fd);
	close_if_open(nexthop->continue_fd);
	free(nexthop->links);
	free(nexthop);
}

int nexthop_fd(const struct nexthop *nexthop)
{
	return nexthop->poll_fd;
}

void nexthop_read(struct nexthop *nexthop, uint64_t now_ms)
{
	read_events(nexthop, now_ms);
	continue_pass(nexthop, now_ms);
	conclude(nexthop);
}

void nexthop_tick(struct nexthop *nexthop, uint64_t now_ms)
{
	if (nexthop->audit_at_ms == 0)
		nexthop->audit_at_ms = now_ms + AUDIT_INTERVAL_MS;
	if (now_ms >= nexthop->audit_at_ms)
		resynchronize(nexthop, now_ms);
	ask_neighbours(nexthop, now_ms);
	continue_pass(nexthop, now_ms);
	conclude(nexthop);
}

/* Those that one call has no time for, the pass comes to. */
static void look_up_new(struct nexthop *nexthop, const struct carom_address *destinations,
			size_t count, uint64_t now_ms)
{
	size_t budget = LOOK_UPS_PER_CALL;

	for (size_t i = 0; i < count && budget > 0; i++) {
		struct destination *destination =
			destination_set_find(&nexthop->destinations, &destinations[i]);

		if (resolve_is_given(&destination->resolution))
			continue;
		look_up(nexthop, destination, now_ms);
		budget--;
	}
	if (nexthop->new_count == 0 && !nexthop->pass_is_full)
		nexthop->pending_count = 0;
}

int nexthop_follow(struct nexthop *nexthop, const struct carom_address *destinations, size_t count,
		   uint64_t now_ms, struct error *ret_error)
{
	struct destination_set *set = &nexthop->destinations;
	size_t count_before = set->count;

	if (destination_set_follow(set, destinations, count))
		return error_set_errno(ret_error, ENOMEM, "following %zu next hops more", count);
	nexthop->unresolved_count += set->count - count_before;
	nexthop->new_count += set->count - count_before;
	adapt_pass(nexthop, count_before);
	if (set->count == count_before)
		return 0;
	look_up_new(nexthop, destinations, count, now_ms);
	ask_to_continue(nexthop);
	return 0;
}

void nexthop_unfollow(struct nexthop *nexthop, const struct carom_address *destinations,
		      size_t count)
{
	struct destination_set *set = &nexthop->destinations;
	size_t count_before = set->count;
	bool is_last = false;

	for (size_t i = 0; i < count; i++) {
		struct destination *destination = destination_set_find(set, &destinations[i]);

		if (--destination->follow_count > 0)
			continue;
		is_last = true;
		move_behind(nexthop, destination, NULL);
		nexthop->unresolved_count -= !destination->resolution.hop.resolved;
		nexthop->new_count -= !resolve_is_given(&destination->resolution);
	}
	if (is_last)
		destination_set_prune(set);
	adapt_pass(nexthop, count_before);
}

const struct resolution *nexthop_find(const struct nexthop *nexthop,
				      const struct carom_address *destination)
{
	const struct destination *found = destination_set_find(&nexthop->destinations, destination);

	return found ? &found->resolution : NULL;
}

size_t nexthop_new_count(const struct nexthop *nexthop)
{
	return nexthop->new_count;
}

size_t nexthop_unresolved_count(const struct nexthop *nexthop)
{
	return nexthop->unresolved_count;
}
