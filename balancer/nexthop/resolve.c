/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void refuse(struct next_hop *hop, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void refuse(struct next_hop *hop, const char *format, ...)
{
	va_list arguments;

	hop->resolved = false;
	va_start(arguments, format);
	vsnprintf(hop->reason, sizeof(hop->reason), format, arguments);
	va_end(arguments);
}

static const char *link_fault(const struct rtnetlink_link *link)
{
	return link->is_up ? "has no carrier" : "is down";
}

static void refuse_unreachable(const char *destination, const struct rtnetlink_link *down,
			       struct next_hop *hop)
{
	if (down)
		refuse(hop, "no route to %s, and interface '%s' %s", destination, down->name,
		       link_fault(down));
	else
		refuse(hop, "no route to %s", destination);
}

void resolve_no_route(const struct carom_address *destination, int route_errno,
		      const struct rtnetlink_link *down, struct next_hop *hop)
{
	char text[ADDRESS_TEXT_BYTES];

	address_format(destination, text);
	if (route_errno == ENETUNREACH)
		refuse_unreachable(text, down, hop);
	else if (route_errno == EHOSTUNREACH)
		refuse(hop, "the route to %s is of type 'unreachable'", text);
	else if (route_errno == EACCES)
		refuse(hop, "the route to %s is of type 'prohibit'", text);
	else if (route_errno == EINVAL)
		refuse(hop, "the route to %s is of type 'blackhole'", text);
	else
		refuse(hop, "asking for the route to %s: %s", text, strerror(route_errno));
}

bool resolve_is_routing_errno(int error)
{
	return error == ENETUNREACH || error == EHOSTUNREACH || error == EACCES || error == EINVAL;
}

/* A link-local IPv6 source would not be routed beyond the link (RFC 4007). The kernel offers it
 * while there is none better, for instance until duplicate address detection is through. */
static bool is_source_fit(const struct carom_address *source,
			  const struct carom_address *destination)
{
	if (address_is_zero(source))
		return false;
	return address_is_ipv4(source) || !address_is_link_local(source) ||
	       address_is_link_local(destination);
}

bool resolve_route(const struct carom_address *destination, const struct rtnetlink_route *route,
		   struct next_hop *hop)
{
	char text[ADDRESS_TEXT_BYTES];

	address_format(destination, text);
	hop->interface = route->interface;
	hop->mtu = route->mtu && route->mtu < UINT16_MAX ? (uint16_t)route->mtu : UINT16_MAX;
	hop->source = route->source;
	if (route->type == RTN_LOCAL)
		refuse(hop, "%s is an address of this host", text);
	else if (route->type != RTN_UNICAST)
		refuse(hop, "%s is a broadcast, multicast or anycast address", text);
	else if (!is_source_fit(&route->source, destination))
		refuse(hop, "this host has no address from which to reach %s", text);
	return !hop->reason[0];
}

bool resolve_link(const struct rtnetlink_link *link, struct next_hop *hop)
{
	if (link->mtu < hop->mtu)
		hop->mtu = (uint16_t)link->mtu;
	memcpy(hop->source_mac, link->mac, sizeof(hop->source_mac));
	if (!link->is_up || !link->is_running)
		refuse(hop, "interface '%s' %s", link->name, link_fault(link));
	else if (!link->is_ethernet)
		refuse(hop, "interface '%s' is not an Ethernet one", link->name);
	return !hop->reason[0];
}

void resolve_foreign(const struct carom_address *destination, const char *link_name,
		     struct next_hop *hop)
{
	char text[ADDRESS_TEXT_BYTES];

	refuse(hop, "the route to %s leaves by '%s', which is not one of node.interfaces",
	       address_format(destination, text), link_name);
}

void resolve_neighbour(const struct rtnetlink_neighbour *neighbour, bool is_usable,
		       const char *link_name, struct next_hop *hop)
{
	if (!is_usable) {
		char text[ADDRESS_TEXT_BYTES];

		refuse(hop, "neighbour %s on %s does not answer",
		       address_format(&neighbour->address, text), link_name);
		return;
	}
	hop->resolved = true;
	hop->reason[0] = '\0';
	memcpy(hop->destination_mac, neighbour->mac, sizeof(hop->destination_mac));
}

void resolve_out_of_memory(struct next_hop *hop)
{
	refuse(hop, "out of memory");
}

bool resolve_is_given(const struct next_hop *hop)
{
	return hop->resolved || hop->reason[0];
}

bool resolve_equal(const struct next_hop *left, const struct next_hop *right)
{
	if (!left->resolved || !right->resolved)
		return left->resolved == right->resolved && !strcmp(left->reason, right->reason);
	return left->interface == right->interface && left->mtu == right->mtu &&
	       address_equal(&left->source, &right->source) &&
	       !memcmp(left->destination_mac, right->destination_mac, 6) &&
	       !memcmp(left->source_mac, right->source_mac, 6);
}
