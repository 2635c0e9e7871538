/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void resolve_refuse(struct resolution *resolution, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void resolve_refuse(struct resolution *resolution, const char *format, ...)
{
	va_list arguments;

	resolution->hop.resolved = false;
	va_start(arguments, format);
	vsnprintf(resolution->reason, sizeof(resolution->reason), format, arguments);
	va_end(arguments);
}

static const char *link_fault(const struct rtnetlink_link *link)
{
	return link->is_up ? "has no carrier" : "is down";
}

static void refuse_unreachable(const char *destination, const struct rtnetlink_link *down,
			       struct resolution *resolution)
{
	if (down)
		resolve_refuse(resolution, "no route to %s, and interface '%s' %s", destination,
			       down->name, link_fault(down));
	else
		resolve_refuse(resolution, "no route to %s", destination);
}

void resolve_no_route(const struct carom_address *destination, int route_errno,
		      const struct rtnetlink_link *down, struct resolution *resolution)
{
	char text[ADDRESS_TEXT_BYTES];

	address_format(destination, text);
	if (route_errno == ENETUNREACH)
		refuse_unreachable(text, down, resolution);
	else if (route_errno == EHOSTUNREACH)
		resolve_refuse(resolution, "the route to %s is of type 'unreachable'", text);
	else if (route_errno == EACCES)
		resolve_refuse(resolution, "the route to %s is of type 'prohibit'", text);
	else if (route_errno == EINVAL)
		resolve_refuse(resolution, "the route to %s is of type 'blackhole'", text);
	else
		resolve_refuse(resolution, "asking for the route to %s: %s", text,
			       strerror(route_errno));
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
		   struct resolution *resolution)
{
	char text[ADDRESS_TEXT_BYTES];

	address_format(destination, text);
	resolution->hop.interface = route->interface;
	resolution->hop.mtu =
		route->mtu && route->mtu < UINT16_MAX ? (uint16_t)route->mtu : UINT16_MAX;
	resolution->hop.source = route->source;
	if (route->type == RTN_LOCAL)
		resolve_refuse(resolution, "%s is an address of this host", text);
	else if (route->type != RTN_UNICAST)
		resolve_refuse(resolution, "%s is a broadcast, multicast or anycast address", text);
	else if (!is_source_fit(&route->source, destination))
		resolve_refuse(resolution, "this host has no address from which to reach %s", text);
	return !resolution->reason[0];
}

bool resolve_link(const struct rtnetlink_link *link, struct resolution *resolution)
{
	if (link->mtu < resolution->hop.mtu)
		resolution->hop.mtu = (uint16_t)link->mtu;
	memcpy(resolution->hop.source_mac, link->mac, sizeof(resolution->hop.source_mac));
	if (!link->is_up || !link->is_running)
		resolve_refuse(resolution, "interface '%s' %s", link->name, link_fault(link));
	else if (!link->is_ethernet)
		resolve_refuse(resolution, "interface '%s' is not an Ethernet one", link->name);
	return !resolution->reason[0];
}

void resolve_foreign(const struct carom_address *destination, const char *link_name,
		     struct resolution *resolution)
{
	char text[ADDRESS_TEXT_BYTES];

	resolve_refuse(resolution,
		       "the route to %s leaves by '%s', which is not one of node.interfaces",
		       address_format(destination, text), link_name);
}

void resolve_neighbour(const struct rtnetlink_neighbour *neighbour, bool is_usable,
		       const char *link_name, struct resolution *resolution)
{
	if (!is_usable) {
		char text[ADDRESS_TEXT_BYTES];

		resolve_refuse(resolution, "neighbour %s on %s does not answer",
			       address_format(&neighbour->address, text), link_name);
		return;
	}
	resolution->hop.resolved = true;
	resolution->reason[0] = '\0';
	memcpy(resolution->hop.destination_mac, neighbour->mac,
	       sizeof(resolution->hop.destination_mac));
}

void resolve_out_of_memory(struct resolution *resolution)
{
	resolve_refuse(resolution, "out of memory");
}

bool resolve_is_given(const struct resolution *resolution)
{
	return resolution->hop.resolved || resolution->reason[0];
}

bool resolve_equal(const struct resolution *left, const struct resolution *right)
{
	if (!left->hop.resolved || !right->hop.resolved)
		return left->hop.resolved == right->hop.resolved &&
		       !strcmp(left->reason, right->reason);
	return left->hop.interface == right->hop.interface && left->hop.mtu == right->hop.mtu &&
	       address_equal(&left->hop.source, &right->hop.source) &&
	       !memcmp(left->hop.destination_mac, right->hop.destination_mac, 6) &&
	       !memcmp(left->hop.source_mac, right->hop.source_mac, 6);
}
