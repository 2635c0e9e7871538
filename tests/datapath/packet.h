/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds frames byte by byte from a description. It shares no code with the BPF programs, so that
 * what they do is judged by somebody else's reading of the RFCs.
 */
#ifndef CAROM_TESTS_PACKET_H
#define CAROM_TESTS_PACKET_H

#include "abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_BYTES_MAX 2048

#define ETHERNET_BYTES 14
#define IPV4_BYTES     20
#define IPV6_BYTES     40
#define TCP_BYTES      20
#define UDP_BYTES      8

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define FRAGMENT_MORE 0x2000 /* beside the offset, as in the IPv4 header */

/* Where fields lie in a frame whose IP header has no options. */
enum frame_field {
	AT_ETHERTYPE = 12,
	AT_IP = ETHERNET_BYTES, /* version; IPv4: and the header's length in words */
	AT_IPV4_TOS = AT_IP + 1,
	AT_IPV4_LENGTH = AT_IP + 2,
	AT_IPV4_IDENTIFICATION = AT_IP + 4,
	AT_IPV4_FRAGMENT = AT_IP + 6,
	AT_IPV4_TTL = AT_IP + 8,
	AT_IPV4_PROTOCOL = AT_IP + 9,
	AT_IPV4_CHECKSUM = AT_IP + 10,
	AT_IPV4_SOURCE = AT_IP + 12,
	AT_IPV4_DESTINATION = AT_IP + 16,
	AT_IPV6_LENGTH = AT_IP + 4,
	AT_IPV6_NEXT_HEADER = AT_IP + 6,
	AT_IPV6_SOURCE = AT_IP + 8,
	AT_IPV6_DESTINATION = AT_IP + 24,
	AT_IPV6_EXTENSION = AT_IP + IPV6_BYTES,
};

struct frame {
	size_t length;
	uint8_t bytes[FRAME_BYTES_MAX];
};

/* A client's packet. What is left out is the ordinary: a whole TCP or UDP packet without payload.
 */
struct packet {
	const char *source;	 /* NULL: a client of the destination's family */
	const char *destination; /* its family is the packet's */
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t protocol; /* 0: TCP */
	uint8_t tcp_flags;
	uint32_t sequence; /* TCP; 0: an ordinary one */
	uint8_t traffic_class;
	bool dont_fragment;	 /* IPv4 */
	uint16_t identification; /* IPv4 */
	uint16_t fragment;	 /* flag and offset; makes a fragment header in IPv6 */
	uint8_t options_bytes;	 /* IPv4: a multiple of 4, at most 40 */
	uint8_t extension_count; /* IPv6: destination options of 8 bytes each */
	uint16_t payload_bytes;
	uint16_t padding_bytes; /* Ethernet's, after the packet */
};

/* What an outer header is to say. */
struct tunnel {
	struct carom_address source;
	struct carom_address destination;
	uint8_t source_mac[6];
	uint8_t destination_mac[6];
	uint8_t traffic_class;
	bool dont_fragment;	 /* IPv4 */
	uint16_t identification; /* IPv4 */
	uint32_t flow_label;	 /* IPv6 */
};

/* Ends the program when the text is no address: the test itself is wrong. */
struct carom_address address_of(const char *text);

struct frame packet_build(const struct packet *packet);
/* The same packet inside an outer header; the padding stays where it is, at the end. */
struct frame packet_wrap(const struct frame *inner, const struct tunnel *tunnel);

uint16_t frame_read16(const struct frame *frame, size_t offset);
void frame_write16(struct frame *frame, size_t offset, uint16_t value);
/* Of the IP packet, as its header says. */
size_t frame_ip_bytes(const struct frame *frame);
/* Sets the header's checksum right. Only of IPv4. */
void frame_sum_ipv4(struct frame *frame);
/* The Internet checksum (RFC 1071); 0 when the bytes contain a right one. */
uint16_t frame_checksum(const uint8_t *bytes, size_t length);

#endif
