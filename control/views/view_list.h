/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists, filtered and page by page: what is desired, by a view of that, and what flows are
 * recorded.
 */
#ifndef CAROM_VIEW_LIST_H
#define CAROM_VIEW_LIST_H

#include "view.h"

#include "address.h"

/* Each filter that is NULL or not given lets all pass. */
struct view_vip_filter {
	const struct carom_address *address;
	const struct carom_address *backend_address; /* at least one backend has it */
	bool has_port;
	uint16_t port;
	const char *protocol; /* "tcp", "udp" */
};

struct view_backend_filter {
	const struct carom_address *address;
	const char *state; /* "active", "drain", "disabled" */
};

struct view_page {
	const char *after; /* begins behind this name; NULL: at the beginning */
	uint64_t limit;	   /* at most so many; 0: all */
};

#define VIEW_PAGE_LIMIT_MAX 100000

/*
 * {"web": {…}, …}: objects by name, which can be PUT straight back. ret_next: the
 * `after` of the next page, borrowed from the view, or NULL if there is none. NULL on
 * failure, described: NOT_FOUND; INVALID, if a filter's word is none of those above.
 */
json_t *view_list_vips(const struct view *view, const struct view_vip_filter *filter,
		       const struct view_page *page, const char **ret_next,
		       struct error *ret_error);
json_t *view_list_backends(const struct view *view, const char *vip,
			   const struct view_backend_filter *filter, const struct view_page *page,
			   const char **ret_next, struct error *ret_error);

struct view_flow_filter {
	const char *vip;     /* NULL: of all */
	const char *backend; /* NULL: of all */
	uint64_t after;	     /* place in the table behind which to begin; 0: all of it */
	uint64_t limit;	     /* 1 … VIEW_FLOW_LIMIT_MAX */
};

#define VIEW_FLOW_LIMIT_MAX 10000

struct view *view_flows(const struct engine *engine, const struct view_flow_filter *filter,
			struct error *ret_error);
/*
 * Recorded flows: [{"place", "vip", "backend", "slot", "idle_s", "confirmed"}, …], in the order of
 * their places in the flow table. Of a flow nothing but its hash is known, hence no addresses.
 * ret_next: `after` of the next page; 0: there is none. NULL on failure, described.
 */
json_t *view_list_flows(const struct view *view, uint64_t *ret_next, struct error *ret_error);

struct view *view_ring(const struct engine *engine, const char *vip, struct error *ret_error);
/* How a VIP's ring is shared out: {"slots", "digest", "tracked_slots", "backends": {name:
 * {"weight", "slots", "share", "ideal_share", "older_slots"}}}. NULL on failure, described. */
json_t *view_ring_to_json(const struct view *view, struct error *ret_error);

#endif
