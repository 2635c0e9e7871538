/* SPDX-License-Identifier: BSD-2-Clause */
#include "specimen.h"

#include "address.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#define CLIENT_TTL	   64
#define TCP_WINDOW	   65535
#define TCP_FLAGS_OFFSET   13 /* of the byte that has them, in the TCP header */
#define TCP_HEADER_WORDS   5
#define IPV4_HEADER_WORDS  5
#define IPV6_ADDRESS_BYTES 16

static bool is_ipv4(const struct specimen *specimen)
{
	return address_is_ipv4(&specimen->destination);
}

static size_t network_bytes(const struct specimen *specimen)
{
	return is_ipv4(specimen) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

size_t specimen_headers_bytes(const struct specimen *specimen)
{
	return network_bytes(specimen) +
	       (specimen->protocol == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr));
}

/* ---- the Internet checksum (RFC 1071) ---- */

static uint32_t sum_bytes(uint32_t sum, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return sum;
}

static __sum16 fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__sum16)htons((uint16_t)~sum);
}

/* Of what both families' pseudo headers have (RFC 793, RFC 8200). */
static uint32_t sum_pseudo_header(const struct specimen *specimen, size_t transport_bytes)
{
	size_t address_bytes = is_ipv4(specimen) ? sizeof(struct in_addr) : IPV6_ADDRESS_BYTES;
	size_t offset = sizeof(struct carom_address) - address_bytes;
	uint32_t sum = (uint32_t)transport_bytes + specimen->protocol;

	sum = sum_bytes(sum, (const uint8_t *)&specimen->source + offset, address_bytes);
	return sum_bytes(sum, (const uint8_t *)&specimen->destination + offset, address_bytes);
}

/* ---- layer by layer ---- */

static void write_ethernet(const struct specimen *specimen, uint8_t *frame)
{
	struct ethhdr ethernet = {
		.h_proto = htons(is_ipv4(specimen) ? ETH_P_IP : ETH_P_IPV6),
	};

	memcpy(frame, &ethernet, sizeof(ethernet));
}

static void write_ipv4(const struct specimen *specimen, uint8_t *network, size_t length)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = IPV4_HEADER_WORDS,
		.tot_len = htons((uint16_t)length),
		.ttl = CLIENT_TTL,
		.protocol = specimen->protocol,
		.saddr = address_ipv4(&specimen->source),
		.daddr = address_ipv4(&specimen->destination),
	};

	ip.check = fold(sum_bytes(0, &ip, sizeof(ip)));
	memcpy(network, &ip, sizeof(ip));
}

static void write_ipv6(const struct specimen *specimen, uint8_t *network, size_t length)
{
	struct ipv6hdr ip = {
		.version = 6,
		.payload_len = htons((uint16_t)(length - sizeof(ip))),
		.nexthdr = specimen->protocol,
		.hop_limit = CLIENT_TTL,
	};

	memcpy(&ip.saddr, &specimen->source, sizeof(ip.saddr));
	memcpy(&ip.daddr, &specimen->destination, sizeof(ip.daddr));
	memcpy(network, &ip, sizeof(ip));
}

static void write_tcp(const struct specimen *specimen, uint8_t *transport, uint32_t sum)
{
	struct tcphdr tcp = {
		.source = htons(specimen->source_port),
		.dest = htons(specimen->destination_port),
		.doff = TCP_HEADER_WORDS,
		.window = htons(TCP_WINDOW),
	};

	((uint8_t *)&tcp)[TCP_FLAGS_OFFSET] = specimen->tcp_flags;
	tcp.check = fold(sum_bytes(sum, &tcp, sizeof(tcp)));
	memcpy(transport, &tcp, sizeof(tcp));
}

/* A checksum of 0 would say that there is none. */
static void write_udp(const struct specimen *specimen, uint8_t *transport, uint32_t sum,
		      size_t transport_bytes)
{
	struct udphdr udp = {
		.source = htons(specimen->source_port),
		.dest = htons(specimen->destination_port),
		.len = htons((uint16_t)transport_bytes),
	};

	udp.check = fold(sum_bytes(sum, &udp, sizeof(udp)));
	if (!udp.check)
		udp.check = (__sum16)0xffff;
	memcpy(transport, &udp, sizeof(udp));
}

size_t specimen_build(const struct specimen *specimen, uint8_t *ret_frame, size_t size)
{
	size_t headers_bytes = specimen_headers_bytes(specimen);
	size_t length = specimen->length ? specimen->length : headers_bytes;
	uint8_t *network = ret_frame + ETH_HLEN;
	uint8_t *transport = network + network_bytes(specimen);
	size_t transport_bytes = length - network_bytes(specimen);
	uint32_t sum = sum_pseudo_header(specimen, transport_bytes);

	if (length < headers_bytes || length + ETH_HLEN > size)
		return 0;
	memset(ret_frame, 0, ETH_HLEN + length);
	write_ethernet(specimen, ret_frame);
	if (is_ipv4(specimen))
		write_ipv4(specimen, network, length);
	else
		write_ipv6(specimen, network, length);
	if (specimen->protocol == IPPROTO_TCP)
		write_tcp(specimen, transport, sum);
	else
		write_udp(specimen, transport, sum, transport_bytes);
	return ETH_HLEN + length;
}
