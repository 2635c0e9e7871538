/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP addresses: text to words and back, and the questions that checks ask of them.
 *
 * Both families share one type, IPv4 in its IPv4-mapped form (RFC 4291, 2.5.5.2), so that there are
 * no twin functions. Hence the text ::ffff:a.b.c.d is refused: it would be a second spelling of an
 * IPv4 address, and a prefix written so would have to count its bits differently.
 *
 * It owns no state and may be called on any thread.
 */
#include "address.h"

#include <arpa/inet.h>
#include <asm/byteorder.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_BITS	  32
#define IPV6_BITS	  128
#define WORD_BITS	  32
#define MAPPED_MARK	  0x0000ffffu /* word 2 of an IPv4-mapped address, after two of zero */
#define PREFIX_BITS_CHARS 3	      /* at most, in "/128" */

_Static_assert(ADDRESS_TEXT_BYTES == INET6_ADDRSTRLEN, "ADDRESS_TEXT_BYTES");

static uint32_t word(const struct carom_address *address, unsigned index)
{
	return __be32_to_cpu(address->words[index]);
}

bool address_parse(const char *text, struct carom_address *ret_address)
{
	struct carom_address address;
	__be32 ipv4;

	if (inet_pton(AF_INET, text, &ipv4) == 1) {
		*ret_address = address_from_ipv4(ipv4);
		return true;
	}
	if (inet_pton(AF_INET6, text, &address) != 1 || address_is_ipv4(&address))
		return false;
	*ret_address = address;
	return true;
}

const char *address_format(const struct carom_address *address, char ret_text[ADDRESS_TEXT_BYTES])
{
	if (address_is_ipv4(address))
		return inet_ntop(AF_INET, &address->words[3], ret_text, ADDRESS_TEXT_BYTES);
	return inet_ntop(AF_INET6, address, ret_text, ADDRESS_TEXT_BYTES);
}

bool address_is_ipv4(const struct carom_address *address)
{
	return address->words[0] == 0 && address->words[1] == 0 && word(address, 2) == MAPPED_MARK;
}

enum carom_family address_family(const struct carom_address *address)
{
	return address_is_ipv4(address) ? CAROM_IPV4 : CAROM_IPV6;
}

bool address_equal(const struct carom_address *left, const struct carom_address *right)
{
	return address_compare(left, right) == 0;
}

int address_compare(const struct carom_address *left, const struct carom_address *right)
{
	return memcmp(left, right, sizeof(*left));
}

bool address_is_zero(const struct carom_address *address)
{
	if (address_is_ipv4(address))
		return address->words[3] == 0;
	return (address->words[0] | address->words[1] | address->words[2] | address->words[3]) == 0;
}

bool address_is_loopback(const struct carom_address *address)
{
	if (address_is_ipv4(address))
		return word(address, 3) >> 24 == 127;
	return (address->words[0] | address->words[1] | address->words[2]) == 0 &&
	       word(address, 3) == 1;
}

bool address_is_multicast(const struct carom_address *address)
{
	if (address_is_ipv4(address))
		return word(address, 3) >> 28 == 0xe; /* 224.0.0.0/4 */
	return word(address, 0) >> 24 == 0xff;	      /* ff00::/8 */
}

bool address_is_link_local(const struct carom_address *address)
{
	if (address_is_ipv4(address))
		return word(address, 3) >> 16 == 0xa9fe; /* 169.254.0.0/16 */
	return word(address, 0) >> 22 == 0xfe80 >> 6;	 /* fe80::/10 */
}

bool address_is_broadcast(const struct carom_address *address)
{
	return address_is_ipv4(address) && word(address, 3) == UINT32_MAX;
}

struct carom_address address_from_ipv4(__be32 ipv4)
{
	return (struct carom_address){{0, 0, __cpu_to_be32(MAPPED_MARK), ipv4}};
}

__be32 address_ipv4(const struct carom_address *address)
{
	return address->words[3];
}

/* Digits only, and no leading zero: a number has one spelling. */
static bool parse_bits(const char *text, unsigned bits_max, unsigned *ret_bits)
{
	size_t length = strspn(text, "0123456789");
	unsigned bits;

	if (length == 0 || length > PREFIX_BITS_CHARS || text[length] != '\0')
		return false;
	if (text[0] == '0' && length > 1)
		return false;
	bits = (unsigned)strtoul(text, NULL, 10);
	if (bits > bits_max)
		return false;
	*ret_bits = bits;
	return true;
}

/* bits: of all 128, an IPv4 prefix counted 96 more. */
static bool has_host_bits(const struct carom_address *address, unsigned bits)
{
	for (unsigned index = 0; index < IPV6_BITS / WORD_BITS; index++) {
		unsigned before = index * WORD_BITS;
		uint32_t host_mask = UINT32_MAX;

		if (bits >= before + WORD_BITS)
			continue;
		if (bits > before)
			host_mask >>= bits - before;
		if (word(address, index) & host_mask)
			return true;
	}
	return false;
}

bool prefix_parse(const char *text, struct prefix *ret_prefix)
{
	size_t address_length = strcspn(text, "/");
	char address_text[ADDRESS_TEXT_BYTES];
	struct prefix prefix;
	unsigned bits_max;

	if (address_length >= sizeof(address_text))
		return false;
	memcpy(address_text, text, address_length);
	address_text[address_length] = '\0';
	if (!address_parse(address_text, &prefix.address))
		return false;
	bits_max = address_is_ipv4(&prefix.address) ? IPV4_BITS : IPV6_BITS;
	prefix.bits = bits_max;
	if (text[address_length] == '/' &&
	    !parse_bits(text + address_length + 1, bits_max, &prefix.bits))
		return false;
	if (has_host_bits(&prefix.address, prefix.bits + IPV6_BITS - bits_max))
		return false;
	*ret_prefix = prefix;
	return true;
}

const char *prefix_format(const struct prefix *prefix, char ret_text[PREFIX_TEXT_BYTES])
{
	char address_text[ADDRESS_TEXT_BYTES];

	snprintf(ret_text, PREFIX_TEXT_BYTES, "%s/%u",
		 address_format(&prefix->address, address_text), prefix->bits);
	return ret_text;
}
