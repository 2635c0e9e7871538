/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet.h"

#include "address.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_TTL   61
#define TUNNEL_TTL   64
#define OPTION_NOP   1
#define TCP_AT_CHECK 16
#define UDP_AT_CHECK 6

struct carom_address address_of(const char *text)
{
	struct carom_address address;

	if (!address_parse(text, &address)) {
		fprintf(stderr, "'%s' in a test is not an address\n", text);
		abort();
	}
	return address;
}

/* ---- writing, in network order ---- */

static void put(struct frame *frame, const void *bytes, size_t length)
{
	if (frame->length + length > sizeof(frame->bytes)) {
		fprintf(stderr, "a frame in a test is longer than %d bytes\n", FRAME_BYTES_MAX);
		abort();
	}
	memcpy(frame->bytes + frame->length, bytes, length);
	frame->length += length;
}

static void put8(struct frame *frame, uint8_t value)
{
	put(frame, &value, sizeof(value));
}

static void put16(struct frame *frame, unsigned value)
{
	put8(frame, (uint8_t)(value >> 8));
	put8(frame, (uint8_t)value);
}

static void put32(struct frame *frame, uint32_t value)
{
	put16(frame, value >> 16);
	put16(frame, value & 0xffff);
}

static void put_address(struct frame *frame, const struct carom_address *address)
{
	if (address_is_ipv4(address))
		put(frame, &address->words[3], sizeof(address->words[3]));
	else
		put(frame, address, sizeof(*address));
}

uint16_t frame_read16(const struct frame *frame, size_t offset)
{
	return (uint16_t)(frame->bytes[offset] << 8 | frame->bytes[offset + 1]);
}

void frame_write16(struct frame *frame, size_t offset, uint16_t value)
{
	frame->bytes[offset] = (uint8_t)(value >> 8);
	frame->bytes[offset + 1] = (uint8_t)value;
}

size_t frame_ip_bytes(const struct frame *frame)
{
	return frame_read16(frame, AT_ETHERTYPE) == ETHERTYPE_IPV4
		       ? frame_read16(frame, AT_IPV4_LENGTH)
		       : IPV6_BYTES + frame_read16(frame, AT_IPV6_LENGTH);
}

/* ---- checksums ---- */

static uint32_t sum_bytes(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t frame_checksum(const uint8_t *bytes, size_t length)
{
	return fold(sum_bytes(0, bytes, length));
}

void frame_sum_ipv4(struct frame *frame)
{
	size_t header_bytes = (size_t)(frame->bytes[AT_IP] & 0xf) * 4;

	frame_write16(frame, AT_IPV4_CHECKSUM, 0);
	frame_write16(frame, AT_IPV4_CHECKSUM, frame_checksum(frame->bytes + AT_IP, header_bytes));
}

/* Over the transport header and the pseudo header before it. The addresses lie side by side. */
static void sum_transport(struct frame *frame, size_t transport, uint8_t protocol)
{
	bool ipv4 = frame_read16(frame, AT_ETHERTYPE) == ETHERTYPE_IPV4;
	size_t addresses = ipv4 ? AT_IPV4_SOURCE : AT_IPV6_SOURCE;
	size_t at = transport + (protocol == IPPROTO_TCP ? TCP_AT_CHECK : UDP_AT_CHECK);
	uint32_t sum = (uint32_t)(frame->length - transport) + protocol;

	sum = sum_bytes(sum, frame->bytes + addresses, ipv4 ? 8 : 32);
	frame_write16(frame, at,
		      fold(sum_bytes(sum, frame->bytes + transport, frame->length - transport)));
}

/* ---- a client's packet ---- */

static void put_ethernet(struct frame *frame, unsigned ethertype)
{
	static const uint8_t addresses[] = {0x02, 0, 0, 0xba, 0x1a, 1, 0x02, 0, 0, 0xc1, 0x1e, 2};

	put(frame, addresses, sizeof(addresses));
	put16(frame, ethertype);
}

static size_t transport_bytes(const struct packet *packet)
{
	size_t header_bytes = packet->protocol == IPPROTO_TCP	? TCP_BYTES
			      : packet->protocol == IPPROTO_UDP ? UDP_BYTES
								: 0;

	return header_bytes + packet->payload_bytes;
}

static void put_client_ipv4(struct frame *frame, const struct packet *packet,
			    const struct carom_address *source,
			    const struct carom_address *destination)
{
	size_t header_bytes = IPV4_BYTES + packet->options_bytes;

	put8(frame, (uint8_t)(4 << 4 | header_bytes / 4));
	put8(frame, packet->traffic_class);
	put16(frame, (unsigned)(header_bytes + transport_bytes(packet)));
	put16(frame, packet->identification);
	put16(frame, packet->fragment | (packet->dont_fragment ? 0x4000u : 0));
	put8(frame, CLIENT_TTL);
	put8(frame, packet->protocol);
	put16(frame, 0);
	put_address(frame, source);
	put_address(frame, destination);
	for (unsigned i = 0; i < packet->options_bytes; i++)
		put8(frame, OPTION_NOP);
	frame_sum_ipv4(frame);
}

static void put_extensions(struct frame *frame, const struct packet *packet, uint8_t after)
{
	static const uint8_t padding_option[] = {1, 4, 0, 0, 0, 0};

	for (unsigned left = packet->extension_count; left; left--) {
		put8(frame, left > 1 ? IPPROTO_DSTOPTS : after);
		put8(frame, 0);
		put(frame, padding_option, sizeof(padding_option));
	}
	if (packet->fragment) {
		put8(frame, packet->protocol);
		put8(frame, 0);
		put16(frame, (packet->fragment & 0x1fffu) << 3 |
				     (packet->fragment & FRAGMENT_MORE ? 1u : 0));
		put32(frame, packet->identification);
	}
}

static void put_client_ipv6(struct frame *frame, const struct packet *packet,
			    const struct carom_address *source,
			    const struct carom_address *destination)
{
	uint8_t after = packet->fragment ? IPPROTO_FRAGMENT : packet->protocol;
	size_t header_count = packet->extension_count + (packet->fragment ? 1u : 0);

	put32(frame, 6u << 28 | (uint32_t)packet->traffic_class << 20 | 0x54321);
	put16(frame, (unsigned)(8 * header_count + transport_bytes(packet)));
	put8(frame, packet->extension_count ? IPPROTO_DSTOPTS : after);
	put8(frame, CLIENT_TTL);
	put_address(frame, source);
	put_address(frame, destination);
	put_extensions(frame, packet, after);
}

static void put_transport(struct frame *frame, const struct packet *packet)
{
	size_t transport = frame->length;

	if (packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP) {
		put16(frame, packet->source_port);
		put16(frame, packet->destination_port);
	}
	if (packet->protocol == IPPROTO_TCP) {
		put32(frame, packet->sequence ? packet->sequence : 0x01020304);
		put32(frame, 0x05060708);
		put16(frame, 5u << 12 | packet->tcp_flags);
		put16(frame, 0xffff);
		put32(frame, 0);
	} else if (packet->protocol == IPPROTO_UDP) {
		put16(frame, (unsigned)transport_bytes(packet));
		put16(frame, 0);
	}
	for (unsigned i = 0; i < packet->payload_bytes; i++)
		put8(frame, (uint8_t)i);
	if (packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP)
		sum_transport(frame, transport, packet->protocol);
}

static const char *default_source(const struct carom_address *destination)
{
	return address_is_ipv4(destination) ? "198.51.100.7" : "2001:db8:c::7";
}

struct frame packet_build(const struct packet *described)
{
	struct packet packet = *described;
	struct carom_address destination = address_of(packet.destination);
	struct carom_address source =
		address_of(packet.source ? packet.source : default_source(&destination));
	struct frame frame = {0};

	if (!packet.protocol)
		packet.protocol = IPPROTO_TCP;
	if (address_is_ipv4(&destination)) {
		put_ethernet(&frame, ETHERTYPE_IPV4);
		put_client_ipv4(&frame, &packet, &source, &destination);
	} else {
		put_ethernet(&frame, ETHERTYPE_IPV6);
		put_client_ipv6(&frame, &packet, &source, &destination);
	}
	put_transport(&frame, &packet);
	for (unsigned i = 0; i < packet.padding_bytes; i++)
		put8(&frame, 0xee);
	return frame;
}

/* ---- the packet in a tunnel ---- */

static void put_tunnel_ipv4(struct frame *frame, const struct tunnel *tunnel, size_t payload_bytes,
			    uint8_t protocol)
{
	put8(frame, 0x45);
	put8(frame, tunnel->traffic_class);
	put16(frame, (unsigned)(IPV4_BYTES + payload_bytes));
	put16(frame, tunnel->identification);
	put16(frame, tunnel->dont_fragment ? 0x4000 : 0);
	put8(frame, TUNNEL_TTL);
	put8(frame, protocol);
	put16(frame, 0);
	put_address(frame, &tunnel->source);
	put_address(frame, &tunnel->destination);
	frame_sum_ipv4(frame);
}

static void put_tunnel_ipv6(struct frame *frame, const struct tunnel *tunnel, size_t payload_bytes,
			    uint8_t protocol)
{
	put32(frame, 6u << 28 | (uint32_t)tunnel->traffic_class << 20 | tunnel->flow_label);
	put16(frame, (unsigned)payload_bytes);
	put8(frame, protocol);
	put8(frame, TUNNEL_TTL);
	put_address(frame, &tunnel->source);
	put_address(frame, &tunnel->destination);
}

struct frame packet_wrap(const struct frame *inner, const struct tunnel *tunnel)
{
	bool inner_ipv4 = frame_read16(inner, AT_ETHERTYPE) == ETHERTYPE_IPV4;
	uint8_t protocol = inner_ipv4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	struct frame frame = {0};

	put(&frame, tunnel->destination_mac, sizeof(tunnel->destination_mac));
	put(&frame, tunnel->source_mac, sizeof(tunnel->source_mac));
	if (address_is_ipv4(&tunnel->destination)) {
		put16(&frame, ETHERTYPE_IPV4);
		put_tunnel_ipv4(&frame, tunnel, frame_ip_bytes(inner), protocol);
	} else {
		put16(&frame, ETHERTYPE_IPV6);
		put_tunnel_ipv6(&frame, tunnel, frame_ip_bytes(inner), protocol);
	}
	put(&frame, inner->bytes + ETHERNET_BYTES, inner->length - ETHERNET_BYTES);
	return frame;
}
