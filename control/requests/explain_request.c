/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding by json_field.h's tables: one of a described packet's keys, one of a whole frame's.
 * What a key's value alone cannot tell, whether addresses, flags and length go together, is checked
 * when all have been decoded.
 */
#include "explain_request.h"

#include "address.h"
#include "frame_text.h"
#include "json_field.h"
#include "specimen.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAX      65535
#define FLAG_SYN      0x02
#define FLAGS_DEFAULT FLAG_SYN
#define FLAGS_BYTES   64
#define LENGTH_MAX    (EXPLAIN_REQUEST_FRAME_MAX - ETH_HLEN)

/* What is being decoded. */
struct draft {
	struct explain_request *request;
	struct specimen specimen;
	bool has_flags;
};

static int decode_address(const struct json_place *place, const json_t *json,
			  struct carom_address *ret_address)
{
	char quote[JSON_QUOTE_BYTES];
	const char *text;

	if (json_decode_string(place, json, &text))
		return -1;
	if (address_parse(text, ret_address))
		return 0;
	return json_refuse(place, ERROR_INVALID, " '%s' is not an IP address",
			   json_quote(text, quote));
}

static int decode_source(const struct json_place *place, const json_t *json, void *target)
{
	struct draft *draft = target;

	return decode_address(place, json, &draft->specimen.source);
}

static int decode_destination(const struct json_place *place, const json_t *json, void *target)
{
	struct draft *draft = target;

	return decode_address(place, json, &draft->specimen.destination);
}

static int decode_port(const struct json_place *place, const json_t *json, uint16_t *ret_port)
{
	uint32_t port;

	if (json_decode_integer(place, json, (struct json_bounds){0, PORT_MAX}, &port))
		return -1;
	*ret_port = (uint16_t)port;
	return 0;
}

static int decode_source_port(const struct json_place *place, const json_t *json, void *target)
{
	return decode_port(place, json, &((struct draft *)target)->specimen.source_port);
}

static int decode_destination_port(const struct json_place *place, const json_t *json, void *target)
{
	return decode_port(place, json, &((struct draft *)target)->specimen.destination_port);
}

static int decode_protocol(const struct json_place *place, const json_t *json, void *target)
{
	static const char *const names[] = {"tcp", "udp"};
	static const uint8_t numbers[] = {IPPROTO_TCP, IPPROTO_UDP};
	struct draft *draft = target;
	size_t index;

	if (json_decode_choice(place, json, (struct json_choices){names, 2}, &index))
		return -1;
	draft->specimen.protocol = numbers[index];
	return 0;
}

/* The bit of a flag of the TCP header (RFC 9293); 0: there is none of this name. */
static uint8_t flag_named(const char *name)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

	for (size_t bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
		if (strcmp(name, names[bit]) == 0)
			return (uint8_t)(1u << bit);
	}
	return 0;
}

static int decode_flags(const struct json_place *place, const json_t *json, void *target)
{
	struct draft *draft = target;
	char copy[FLAGS_BYTES], quote[JSON_QUOTE_BYTES], *rest = copy, *name;
	const char *text;
	uint8_t flags = 0;

	draft->has_flags = true;
	if (json_decode_string(place, json, &text))
		return -1;
	snprintf(copy, sizeof(copy), "%s", text);
	while (text[0] && (name = strsep(&rest, ","))) {
		if (!flag_named(name) || strlen(text) >= sizeof(copy))
			return json_refuse(place, ERROR_INVALID,
					   " '%s' is not a list of TCP flags; expected names out"
					   " of fin,syn,rst,psh,ack,urg,ece,cwr with commas"
					   " between them",
					   json_quote(text, quote));
		flags |= flag_named(name);
	}
	draft->specimen.tcp_flags = flags;
	return 0;
}

static int decode_length(const struct json_place *place, const json_t *json, void *target)
{
	struct draft *draft = target;
	uint32_t length;

	if (json_decode_integer(place, json, (struct json_bounds){1, LENGTH_MAX}, &length))
		return -1;
	draft->specimen.length = (uint16_t)length;
	return 0;
}

static int decode_interface(const struct json_place *place, const json_t *json, void *target)
{
	struct explain_request *request = ((struct draft *)target)->request;
	char quote[JSON_QUOTE_BYTES];
	const char *name;

	if (json_decode_string(place, json, &name))
		return -1;
	if (!name[0] || strlen(name) >= sizeof(request->interface))
		return json_refuse(place, ERROR_INVALID, " '%s' is not the name of an interface",
				   json_quote(name, quote));
	strcpy(request->interface, name); /* NOLINT: its length is checked */
	return 0;
}

static int decode_frame(const struct json_place *place, const json_t *json, void *target)
{
	struct explain_request *request = ((struct draft *)target)->request;
	enum frame_text_result result;
	const char *text;

	if (json_decode_string(place, json, &text))
		return -1;
	result = frame_text_parse(text, request->frame, sizeof(request->frame), &request->length);
	if (result == FRAME_TEXT_MALFORMED)
		return json_refuse(place, ERROR_INVALID,
				   " is neither hexadecimal (two digits a byte) nor base64");
	if (result == FRAME_TEXT_TOO_LONG)
		return json_refuse(place, ERROR_INVALID, " is too long; expected %d bytes at most",
				   EXPLAIN_REQUEST_FRAME_MAX);
	if (request->length < EXPLAIN_REQUEST_FRAME_MIN)
		return json_refuse(place, ERROR_INVALID,
				   " has %zu bytes; expected an Ethernet frame, of %d at least",
				   request->length, EXPLAIN_REQUEST_FRAME_MIN);
	return 0;
}

static const struct json_field frame_fields[] = {
	{"frame", true, decode_frame},
	{"interface", false, decode_interface},
	{NULL, false, NULL},
};

static const struct json_field packet_fields[] = {
	{"source", true, decode_source},
	{"source_port", true, decode_source_port},
	{"destination", true, decode_destination},
	{"destination_port", true, decode_destination_port},
	{"protocol", true, decode_protocol},
	{"flags", false, decode_flags},
	{"length", false, decode_length},
	{"interface", false, decode_interface},
	{NULL, false, NULL},
};

static int check_families(const struct json_place *document, const struct draft *draft)
{
	struct json_place place = json_place_member(document, "source");
	bool is_ipv4 = address_is_ipv4(&draft->specimen.destination);

	if (address_is_ipv4(&draft->specimen.source) == is_ipv4)
		return 0;
	return json_refuse(&place, ERROR_INVALID, " is an %s address, but destination is an %s one",
			   is_ipv4 ? "IPv6" : "IPv4", is_ipv4 ? "IPv4" : "IPv6");
}

static int check_flags(const struct json_place *document, const struct draft *draft)
{
	struct json_place place = json_place_member(document, "flags");

	if (!draft->has_flags || draft->specimen.protocol == IPPROTO_TCP)
		return 0;
	return json_refuse(&place, ERROR_INVALID, " are TCP's, but protocol is 'udp'");
}

static int check_length(const struct json_place *document, const struct draft *draft)
{
	struct json_place place = json_place_member(document, "length");
	size_t least = specimen_headers_bytes(&draft->specimen);

	if (!draft->specimen.length || draft->specimen.length >= least)
		return 0;
	return json_refuse(&place, ERROR_INVALID,
			   " %u is less than the packet's headers have; expected %zu at least",
			   draft->specimen.length, least);
}

static int build_described(const struct json_place *document, const json_t *body,
			   struct draft *draft)
{
	struct explain_request *request = draft->request;

	if (json_decode_object(document, body, packet_fields, draft))
		return -1;
	if (check_families(document, draft) | check_flags(document, draft) |
	    check_length(document, draft))
		return -1;
	if (!draft->has_flags && draft->specimen.protocol == IPPROTO_TCP)
		draft->specimen.tcp_flags = FLAGS_DEFAULT;
	request->length = specimen_build(&draft->specimen, request->frame, sizeof(request->frame));
	return 0;
}

int explain_request_decode(const json_t *body, struct explain_request *ret_request,
			   struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	struct explain_request request = {.length = 0};
	struct draft draft = {.request = &request};
	int result = json_object_get(body, "frame")
			     ? json_decode_object(&document, body, frame_fields, &draft)
			     : build_described(&document, body, &draft);

	if (result == 0)
		*ret_request = request;
	return result ? -1 : 0;
}
