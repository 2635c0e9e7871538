/* SPDX-License-Identifier: BSD-2-Clause */
/* IP addresses and prefixes of both families in one type: IPv4 is held IPv4-mapped. */
#ifndef CAROM_ADDRESS_H
#define CAROM_ADDRESS_H

#include "abi.h"

#include <stdbool.h>
#include <stddef.h>

#define ADDRESS_TEXT_BYTES 46 /* INET6_ADDRSTRLEN */
#define PREFIX_TEXT_BYTES  (ADDRESS_TEXT_BYTES + 4)

struct prefix {
	struct carom_address address; /* host bits are zero */
	unsigned bits;		      /* as written: 0 … 32 for IPv4, 0 … 128 for IPv6 */
};

/* Accepts "192.0.2.1" and "2001:db8::1", nothing around them, and not "::ffff:192.0.2.1", a second
 * spelling of an IPv4 address. False: not an address, untouched. */
bool address_parse(const char *text, struct carom_address *ret_address);
/* Writes the canonical text (RFC 5952); returns ret_text. */
const char *address_format(const struct carom_address *address, char ret_text[ADDRESS_TEXT_BYTES]);

bool address_is_ipv4(const struct carom_address *address);
enum carom_family address_family(const struct carom_address *address);
bool address_equal(const struct carom_address *left, const struct carom_address *right);
int address_compare(const struct carom_address *left, const struct carom_address *right);
bool address_is_zero(const struct carom_address *address); /* 0.0.0.0 or :: */
bool address_is_loopback(const struct carom_address *address);
bool address_is_multicast(const struct carom_address *address);
bool address_is_link_local(const struct carom_address *address);
/* 255.255.255.255 only: other broadcasts depend on an interface. */
bool address_is_broadcast(const struct carom_address *address);

struct carom_address address_from_ipv4(__be32 ipv4);
/* Only of an IPv4 address. */
__be32 address_ipv4(const struct carom_address *address);

/* Accepts "10.0.0.0/8", "2001:db8::/32"; an address alone is its own full-length prefix. Refuses
 * set host bits. */
bool prefix_parse(const char *text, struct prefix *ret_prefix);
const char *prefix_format(const struct prefix *prefix, char ret_text[PREFIX_TEXT_BYTES]);

#endif
