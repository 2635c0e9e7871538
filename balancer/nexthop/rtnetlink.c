/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages of rtnetlink(7) that next hops need, by libmnl.
 *
 * Every request here is answered by one message: the object asked for, or an error (of which 0 is
 * the acknowledgement). Answers are matched by sequence number, so that one which came too late for
 * its request is not taken for the next one's.
 *
 * State: the two sockets and one buffer, used by one call at a time. Called by nexthop.c and
 * neighbour.c, on the event loop's thread.
 */
#include "rtnetlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define BUFFER_BYTES	    32768 /* the largest skb that the kernel fills for one read */
#define REQUEST_BYTES	    256
#define EVENT_QUEUE_BYTES   (4 << 20)
#define REQUEST_TIMEOUT_SEC 1

struct rtnetlink {
	struct mnl_socket *requests;
	struct mnl_socket *events;
	uint32_t sequence;
	char buffer[BUFFER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* ---- attributes ---- */

/* Later attributes of a type win; those that the kernel knows and we do not are passed over. */
static void collect_attributes(const struct nlmsghdr *message, size_t header_bytes,
			       const struct nlattr **ret_attributes, uint16_t type_max)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, header_bytes)
	{
		uint16_t type = mnl_attr_get_type(attribute);

		if (type <= type_max)
			ret_attributes[type] = attribute;
	}
}

static uint32_t attribute_u32(const struct nlattr *attribute)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) < sizeof(uint32_t))
		return 0;
	return mnl_attr_get_u32(attribute);
}

static uint8_t attribute_u8(const struct nlattr *attribute)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) < sizeof(uint8_t))
		return 0;
	return mnl_attr_get_u8(attribute);
}

static void address_from_bytes(const void *bytes, size_t length, struct carom_address *ret_address)
{
	__be32 ipv4;

	if (length == sizeof(ipv4)) {
		memcpy(&ipv4, bytes, sizeof(ipv4));
		*ret_address = address_from_ipv4(ipv4);
	} else if (length == sizeof(*ret_address)) {
		memcpy(ret_address, bytes, sizeof(*ret_address));
	}
}

static void attribute_address(const struct nlattr *attribute, struct carom_address *ret_address)
{
	if (attribute)
		address_from_bytes(mnl_attr_get_payload(attribute),
				   mnl_attr_get_payload_len(attribute), ret_address);
}

/* RTA_VIA: a gateway of the other family, the family before it. */
static void attribute_via(const struct nlattr *attribute, struct carom_address *ret_address)
{
	const struct rtvia *via;
	size_t length;

	if (!attribute)
		return;
	length = mnl_attr_get_payload_len(attribute);
	if (length <= sizeof(*via))
		return;
	via = mnl_attr_get_payload(attribute);
	address_from_bytes(via->rtvia_addr, length - sizeof(*via), ret_address);
}

static bool attribute_mac(const struct nlattr *attribute, uint8_t ret_mac[6])
{
	if (!attribute || mnl_attr_get_payload_len(attribute) != 6)
		return false;
	memcpy(ret_mac, mnl_attr_get_payload(attribute), 6);
	return true;
}

static unsigned char address_netlink_family(const struct carom_address *address)
{
	return address_is_ipv4(address) ? AF_INET : AF_INET6;
}

static void put_address(struct nlmsghdr *message, uint16_t type,
			const struct carom_address *address)
{
	__be32 ipv4;

	if (!address_is_ipv4(address)) {
		mnl_attr_put(message, type, sizeof(*address), address);
		return;
	}
	ipv4 = address_ipv4(address);
	mnl_attr_put(message, type, sizeof(ipv4), &ipv4);
}

/* ---- messages ---- */

static bool has_header(const struct nlmsghdr *message, size_t header_bytes)
{
	return mnl_nlmsg_get_payload_len(message) >= header_bytes;
}

static bool parse_link(const struct nlmsghdr *message, struct rtnetlink_link *ret_link)
{
	const struct nlattr *attributes[IFLA_MTU + 1] = {0};
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	struct rtnetlink_link link = {0};

	/* Bridges speak of their ports in messages of the same type. */
	if (!has_header(message, sizeof(*header)) || header->ifi_family != AF_UNSPEC)
		return false;
	collect_attributes(message, sizeof(*header), attributes, IFLA_MTU);
	link.interface = (uint32_t)header->ifi_index;
	link.mtu = attribute_u32(attributes[IFLA_MTU]);
	if (attributes[IFLA_IFNAME])
		strncpy(link.name, mnl_attr_get_str(attributes[IFLA_IFNAME]), IF_NAMESIZE - 1);
	link.is_ethernet = header->ifi_type == ARPHRD_ETHER &&
			   attribute_mac(attributes[IFLA_ADDRESS], link.mac);
	link.is_up = header->ifi_flags & IFF_UP;
	link.is_running = header->ifi_flags & IFF_RUNNING;
	*ret_link = link;
	return true;
}

static uint32_t parse_route_mtu(const struct nlattr *metrics)
{
	const struct nlattr *metric;
	uint32_t mtu = 0;

	if (!metrics)
		return 0;
	mnl_attr_for_each_nested(metric, metrics)
	{
		if (mnl_attr_get_type(metric) == RTAX_MTU)
			mtu = attribute_u32(metric);
	}
	return mtu;
}

static bool parse_route(const struct nlmsghdr *message, struct rtnetlink_route *ret_route)
{
	const struct nlattr *attributes[RTA_VIA + 1] = {0};
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct rtnetlink_route route = {0};

	if (!has_header(message, sizeof(*header)))
		return false;
	collect_attributes(message, sizeof(*header), attributes, RTA_VIA);
	route.type = header->rtm_type;
	route.interface = attribute_u32(attributes[RTA_OIF]);
	route.mtu = parse_route_mtu(attributes[RTA_METRICS]);
	attribute_address(attributes[RTA_PREFSRC], &route.source);
	attribute_address(attributes[RTA_GATEWAY], &route.gateway);
	attribute_via(attributes[RTA_VIA], &route.gateway);
	*ret_route = route;
	return true;
}

static bool parse_neighbour(const struct nlmsghdr *message,
			    struct rtnetlink_neighbour *ret_neighbour)
{
	const struct nlattr *attributes[NDA_FLAGS_EXT + 1] = {0};
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	struct rtnetlink_neighbour neighbour = {0};

	/* Other families: the forwarding databases of bridges and tunnels. */
	if (!has_header(message, sizeof(*header)) ||
	    (header->ndm_family != AF_INET && header->ndm_family != AF_INET6))
		return false;
	collect_attributes(message, sizeof(*header), attributes, NDA_FLAGS_EXT);
	neighbour.interface = (uint32_t)header->ndm_ifindex;
	attribute_address(attributes[NDA_DST], &neighbour.address);
	neighbour.state = header->ndm_state;
	neighbour.protocol = attribute_u8(attributes[NDA_PROTOCOL]);
	neighbour.has_mac = attribute_mac(attributes[NDA_LLADDR], neighbour.mac);
	neighbour.is_managed = attribute_u32(attributes[NDA_FLAGS_EXT]) & NTF_EXT_MANAGED;
	neighbour.is_learned = header->ndm_flags & NTF_EXT_LEARNED;
	*ret_neighbour = neighbour;
	return true;
}

/* ---- requests ---- */

static int message_errno(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	return has_header(message, sizeof(error->error)) ? -error->error : EBADMSG;
}

/* The answer to `sequence` in a datagram of `length` bytes, or NULL. */
static const struct nlmsghdr *find_answer(const void *datagram, int length, uint32_t sequence)
{
	const struct nlmsghdr *message = datagram;

	while (mnl_nlmsg_ok(message, length)) {
		if (message->nlmsg_seq == sequence)
			return message;
		message = mnl_nlmsg_next(message, &length);
	}
	return NULL;
}

/* Sends the request and waits for its answer, which stays valid until the next call. NULL with
 * errno, also when the kernel answers with an error or, errno 0, with an acknowledgement. */
static const struct nlmsghdr *exchange(struct rtnetlink *rtnetlink, struct nlmsghdr *request)
{
	const struct nlmsghdr *answer = NULL;

	request->nlmsg_seq = ++rtnetlink->sequence;
	if (mnl_socket_sendto(rtnetlink->requests, request, request->nlmsg_len) < 0)
		return NULL;
	while (!answer) {
		ssize_t length = mnl_socket_recvfrom(rtnetlink->requests, rtnetlink->buffer,
						     sizeof(rtnetlink->buffer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return NULL;
		answer = find_answer(rtnetlink->buffer, (int)length, rtnetlink->sequence);
	}
	if (answer->nlmsg_type != NLMSG_ERROR)
		return answer;
	errno = message_errno(answer);
	return NULL;
}

/* For a request that is only acknowledged. */
static int command(struct rtnetlink *rtnetlink, struct nlmsghdr *request)
{
	request->nlmsg_flags |= NLM_F_ACK;
	return exchange(rtnetlink, request) || errno ? -1 : 0;
}

static struct nlmsghdr *request_init(void *buffer, uint16_t type)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST;
	return request;
}

static int refuse_answer(void)
{
	errno = EBADMSG;
	return -1;
}

int rtnetlink_get_link(struct rtnetlink *rtnetlink, uint32_t interface,
		       struct rtnetlink_link *ret_link)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *request = request_init(buffer, RTM_GETLINK);
	struct ifinfomsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	const struct nlmsghdr *answer;

	header->ifi_index = (int)interface;
	answer = exchange(rtnetlink, request);
	if (!answer)
		return -1;
	return parse_link(answer, ret_link) ? 0 : refuse_answer();
}

int rtnetlink_get_route(struct rtnetlink *rtnetlink, const struct carom_address *destination,
			struct rtnetlink_route *ret_route)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *request = request_init(buffer, RTM_GETROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	const struct nlmsghdr *answer;

	header->rtm_family = address_netlink_family(destination);
	header->rtm_dst_len = address_is_ipv4(destination) ? 32 : 128;
	put_address(request, RTA_DST, destination);
	answer = exchange(rtnetlink, request);
	if (!answer)
		return -1;
	return parse_route(answer, ret_route) ? 0 : refuse_answer();
}

static struct nlmsghdr *neighbour_request(void *buffer, uint16_t type, uint32_t interface,
					  const struct carom_address *address)
{
	struct nlmsghdr *request = request_init(buffer, type);
	struct ndmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

	header->ndm_family = address_netlink_family(address);
	header->ndm_ifindex = (int)interface;
	put_address(request, NDA_DST, address);
	return request;
}

int rtnetlink_get_neighbour(struct rtnetlink *rtnetlink, uint32_t interface,
			    const struct carom_address *address,
			    struct rtnetlink_neighbour *ret_neighbour)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *request = neighbour_request(buffer, RTM_GETNEIGH, interface, address);
	const struct nlmsghdr *answer = exchange(rtnetlink, request);

	if (answer)
		return parse_neighbour(answer, ret_neighbour) ? 0 : refuse_answer();
	if (errno != ENOENT)
		return -1;
	*ret_neighbour = (struct rtnetlink_neighbour){.interface = interface, .address = *address};
	return 0;
}

/*
 * An administrative update with NTF_USE leaves state and link-layer address alone, but sets or
 * clears the flags MANAGED and EXT_LEARNED to what it says: so the latter is repeated as it was.
 */
static struct nlmsghdr *use_request(void *buffer, const struct rtnetlink_neighbour *neighbour)
{
	struct nlmsghdr *request =
		neighbour_request(buffer, RTM_NEWNEIGH, neighbour->interface, &neighbour->address);
	struct ndmsg *header = mnl_nlmsg_get_payload(request);

	header->ndm_flags = NTF_USE | (neighbour->is_learned ? NTF_EXT_LEARNED : 0);
	return request;
}

int rtnetlink_manage_neighbour(struct rtnetlink *rtnetlink,
			       const struct rtnetlink_neighbour *neighbour)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *request = use_request(buffer, neighbour);

	request->nlmsg_flags |= NLM_F_CREATE;
	mnl_attr_put_u32(request, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
	if (neighbour->protocol == RTPROT_UNSPEC)
		mnl_attr_put_u8(request, NDA_PROTOCOL, RTNETLINK_PROTOCOL_CAROM);
	return command(rtnetlink, request);
}

int rtnetlink_release_neighbour(struct rtnetlink *rtnetlink,
				const struct rtnetlink_neighbour *neighbour)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));

	return command(rtnetlink, use_request(buffer, neighbour));
}

/* ---- events ---- */

static bool parse_route_event(const struct nlmsghdr *message, struct rtnetlink_event *ret_event)
{
	const struct nlattr *attributes[RTA_DST + 1] = {0};
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct rtnetlink_event event = {.kind = RTNETLINK_ROUTE};

	if (!has_header(message, sizeof(*header)))
		return false;
	if (header->rtm_family == AF_INET)
		event.route.address = address_from_ipv4(0); /* a default route has no RTA_DST */
	else if (header->rtm_family != AF_INET6)
		return false;
	collect_attributes(message, sizeof(*header), attributes, RTA_DST);
	attribute_address(attributes[RTA_DST], &event.route.address);
	event.route.bits = header->rtm_dst_len;
	*ret_event = event;
	return true;
}

static bool parse_link_event(const struct nlmsghdr *message, struct rtnetlink_event *ret_event)
{
	struct rtnetlink_link link;

	if (!parse_link(message, &link))
		return false;
	*ret_event = (struct rtnetlink_event){.kind = RTNETLINK_LINK, .interface = link.interface};
	return true;
}

static bool parse_neighbour_event(const struct nlmsghdr *message, struct rtnetlink_event *ret_event)
{
	struct rtnetlink_neighbour neighbour;

	if (!parse_neighbour(message, &neighbour))
		return false;
	*ret_event = (struct rtnetlink_event){.kind = RTNETLINK_NEIGHBOUR,
					      .interface = neighbour.interface,
					      .neighbour = neighbour.address};
	return true;
}

static bool parse_event(const struct nlmsghdr *message, struct rtnetlink_event *ret_event)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK: return parse_link_event(message, ret_event);
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH: return parse_neighbour_event(message, ret_event);
	case RTM_NEWROUTE:
	case RTM_DELROUTE: return parse_route_event(message, ret_event);
	case RTM_NEWADDR:
	case RTM_DELADDR:
	case RTM_NEWRULE:
	case RTM_DELRULE:
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		*ret_event = (struct rtnetlink_event){.kind = RTNETLINK_ADDRESSING};
		return true;
	default: return false;
	}
}

int rtnetlink_events_fd(const struct rtnetlink *rtnetlink)
{
	return mnl_socket_get_fd(rtnetlink->events);
}

int rtnetlink_read_events(struct rtnetlink *rtnetlink, rtnetlink_handle *handle, void *context)
{
	/* Of its own, for handling an event may take a request. */
	char buffer[BUFFER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
	struct rtnetlink_event event;
	ssize_t received = mnl_socket_recvfrom(rtnetlink->events, buffer, sizeof(buffer));
	int length = (int)received;

	if (received < 0)
		return errno == EAGAIN ? 0 : -1;
	while (mnl_nlmsg_ok(message, length)) {
		if (parse_event(message, &event))
			handle(context, &event);
		message = mnl_nlmsg_next(message, &length);
	}
	return 1;
}

/* ---- sockets ---- */

static int subscribe(struct mnl_socket *events)
{
	static const int groups[] = {
		RTNLGRP_LINK,	    RTNLGRP_NEIGH,	 RTNLGRP_IPV4_ROUTE,
		RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV4_RULE,  RTNLGRP_IPV6_RULE,	 RTNLGRP_NEXTHOP,
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(events, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
			return -1;
	}
	return 0;
}

static int open_events(struct rtnetlink *rtnetlink)
{
	int queue_bytes = EVENT_QUEUE_BYTES;

	rtnetlink->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!rtnetlink->events || mnl_socket_bind(rtnetlink->events, 0, MNL_SOCKET_AUTOPID) < 0)
		return -1;
	/* A short queue only makes overruns likelier, and those are survived. */
	(void)setsockopt(rtnetlink_events_fd(rtnetlink), SOL_SOCKET, SO_RCVBUFFORCE, &queue_bytes,
			 sizeof(queue_bytes));
	return subscribe(rtnetlink->events);
}

static int open_requests(struct rtnetlink *rtnetlink)
{
	const struct timeval timeout = {.tv_sec = REQUEST_TIMEOUT_SEC};

	rtnetlink->requests = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!rtnetlink->requests || mnl_socket_bind(rtnetlink->requests, 0, MNL_SOCKET_AUTOPID) < 0)
		return -1;
	return setsockopt(mnl_socket_get_fd(rtnetlink->requests), SOL_SOCKET, SO_RCVTIMEO, &timeout,
			  sizeof(timeout));
}

struct rtnetlink *rtnetlink_new(struct error *ret_error)
{
	struct rtnetlink *rtnetlink = calloc(1, sizeof(*rtnetlink));

	if (rtnetlink && !open_events(rtnetlink) && !open_requests(rtnetlink))
		return rtnetlink;
	error_set_errno(ret_error, errno, "opening netlink sockets");
	rtnetlink_free(rtnetlink);
	return NULL;
}

void rtnetlink_free(struct rtnetlink *rtnetlink)
{
	if (!rtnetlink)
		return;
	if (rtnetlink->events)
		mnl_socket_close(rtnetlink->events);
	if (rtnetlink->requests)
		mnl_socket_close(rtnetlink->requests);
	free(rtnetlink);
}
