/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the resolver asks of the kernel and hears from it, in its own types: no attribute and no
 * message header leaves this file. It holds no policy and remembers nothing but its two sockets,
 * one for requests (blocking, a local round trip each) and one for events (never blocking).
 */
#ifndef CAROM_RTNETLINK_H
#define CAROM_RTNETLINK_H

#include "address.h"
#include "error.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks the neighbours that carom has the kernel manage (NDA_PROTOCOL), so that a restarted daemon
 * knows them again, and those of others are left alone. Not among iproute2's rt_protos. */
#define RTNETLINK_PROTOCOL_CAROM 202

struct rtnetlink_link {
	uint32_t interface; /* ifindex */
	uint32_t mtu;
	char name[IF_NAMESIZE];
	uint8_t mac[6];
	bool is_ethernet; /* mac is valid */
	bool is_up;	  /* by the operator's will */
	bool is_running;  /* has carrier, and is not dormant */
};

/* The kernel's answer for one destination. */
struct rtnetlink_route {
	uint8_t type; /* RTN_… */
	uint32_t interface;
	uint32_t mtu;		      /* 0: the route has none of its own */
	struct carom_address gateway; /* all zero: on link */
	struct carom_address source;  /* all zero: the host has no address to use */
};

struct rtnetlink_neighbour {
	uint32_t interface;
	struct carom_address address;
	uint16_t state;	  /* NUD_…; NUD_NONE: there is no such neighbour */
	uint8_t protocol; /* who made it */
	uint8_t mac[6];
	bool has_mac;
	bool is_managed; /* NTF_EXT_MANAGED: the kernel keeps it fresh */
	bool is_learned; /* NTF_EXT_LEARNED: another control plane placed it */
};

enum rtnetlink_event_kind {
	RTNETLINK_LINK,
	RTNETLINK_NEIGHBOUR,
	RTNETLINK_ROUTE,      /* a route to this prefix came, went or changed */
	RTNETLINK_ADDRESSING, /* an address, a rule or a next-hop object: any route may differ */
};

/* Tells what to ask for anew, not how it is now: by the time it is read, it may be otherwise. */
struct rtnetlink_event {
	enum rtnetlink_event_kind kind;
	uint32_t interface; /* of a link or a neighbour */
	struct carom_address neighbour;
	struct prefix route; /* bits: as the family counts them */
};

struct rtnetlink;

/* NULL on failure, with *ret_error described. */
struct rtnetlink *rtnetlink_new(struct error *ret_error);
void rtnetlink_free(struct rtnetlink *rtnetlink);

/* These return 0, or -1 with errno. For a route, that is also how the kernel tells of a route that
 * leads nowhere: ENETUNREACH (none), EHOSTUNREACH (unreachable), EACCES (prohibit), EINVAL
 * (blackhole). A neighbour that does not exist is no failure, see its state. */
int rtnetlink_get_link(struct rtnetlink *rtnetlink, uint32_t interface,
		       struct rtnetlink_link *ret_link);
int rtnetlink_get_route(struct rtnetlink *rtnetlink, const struct carom_address *destination,
			struct rtnetlink_route *ret_route);
int rtnetlink_get_neighbour(struct rtnetlink *rtnetlink, uint32_t interface,
			    const struct carom_address *address,
			    struct rtnetlink_neighbour *ret_neighbour);
/* Makes the kernel resolve the neighbour, as if a packet waited for it, and keep it fresh ever
 * after. Kernels before 5.16 do only the former, which shows in is_managed. */
int rtnetlink_manage_neighbour(struct rtnetlink *rtnetlink,
			       const struct rtnetlink_neighbour *neighbour);
/* The kernel may let the neighbour age again; it is not deleted. */
int rtnetlink_release_neighbour(struct rtnetlink *rtnetlink,
				const struct rtnetlink_neighbour *neighbour);

typedef void rtnetlink_handle(void *context, const struct rtnetlink_event *event);

int rtnetlink_events_fd(const struct rtnetlink *rtnetlink);
/* Takes one datagram of events. Returns 1; 0 if none waits; -1 with errno: ENOBUFS if events were
 * lost, and all that is known must be asked for anew. */
int rtnetlink_read_events(struct rtnetlink *rtnetlink, rtnetlink_handle *handle, void *context);

#endif
