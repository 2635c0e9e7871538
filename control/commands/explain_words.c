/* SPDX-License-Identifier: BSD-2-Clause */
#include "explain_words.h"

#include "address.h"
#include "stats.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 512
#define MAC_BYTES  6

/* ---- single facts ---- */

static uint16_t ethernet_type(const uint8_t *frame)
{
	return (uint16_t)(frame[2 * MAC_BYTES] << 8 | frame[2 * MAC_BYTES + 1]);
}

bool explain_words_is_forwarded(const struct explain_result *result)
{
	return result->action == XDP_TX || result->action == XDP_REDIRECT;
}

const char *explain_words_choice(const struct carom_explanation *decided)
{
	if (!decided->opens && decided->recorded != CAROM_ORDINAL_NONE &&
	    decided->recorded == decided->chosen)
		return "recorded";
	return decided->chosen == decided->current ? "current" : "previous";
}

const char *explain_words_flow(const struct carom_explanation *decided)
{
	switch ((enum carom_flow_fate)decided->flow) {
	case CAROM_FLOW_UNTRACKED: return "untracked";
	case CAROM_FLOW_RECORDED: return "recorded";
	case CAROM_FLOW_RECORDABLE: return "recordable";
	case CAROM_FLOW_UNNEEDED: return "unneeded";
	case CAROM_FLOW_UNRECORDED: return "unrecorded";
	}
	return "unknown";
}

const char *explain_words_backend(const struct image_vip *vip, uint32_t ordinal)
{
	return vip && ordinal < vip->backend_count && vip->backends[ordinal].name[0]
		       ? vip->backends[ordinal].name
		       : NULL;
}

struct explain_outer explain_words_outer(const struct explain_result *result)
{
	const uint8_t *network = result->frame + ETH_HLEN;
	struct explain_outer outer;
	__be32 source, destination;

	if (ethernet_type(result->frame) == ETH_P_IPV6) {
		memcpy(&outer.source, network + offsetof(struct ipv6hdr, saddr),
		       sizeof(outer.source));
		memcpy(&outer.destination, network + offsetof(struct ipv6hdr, daddr),
		       sizeof(outer.destination));
		return outer;
	}
	memcpy(&source, network + offsetof(struct iphdr, saddr), sizeof(source));
	memcpy(&destination, network + offsetof(struct iphdr, daddr), sizeof(destination));
	outer.source = address_from_ipv4(source);
	outer.destination = address_from_ipv4(destination);
	return outer;
}

static const char *action_words(uint32_t action)
{
	switch (action) {
	case XDP_PASS: return "left to the kernel";
	case XDP_DROP: return "dropped";
	default: return "aborted";
	}
}

static const char *name_or_none(const char *name)
{
	return name ? name : "none";
}

/* Why a packet was not recognized as one for a VIP's address. */
static const char *foreign_words(const struct explain_packet *packet)
{
	uint16_t type = ethernet_type(packet->frame);
	size_t least = type == ETH_P_IP	    ? sizeof(struct iphdr)
		       : type == ETH_P_IPV6 ? sizeof(struct ipv6hdr)
					    : 0;

	if (!least)
		return "it is neither IPv4 nor IPv6 right behind the Ethernet header";
	if (packet->length < ETH_HLEN + least)
		return "it is too short to have a destination";
	return "no VIP has this address";
}

/* ---- the summary ---- */

static json_t *summarize_forwarded(const struct explain_facts *facts)
{
	const struct carom_explanation *decided = &facts->result->decided;
	const struct image_backend *backend = &facts->vip->backends[decided->chosen];
	char address[ADDRESS_TEXT_BYTES];
	const char *flow = "is tracked, and the flow needs no record";

	switch ((enum carom_flow_fate)decided->flow) {
	case CAROM_FLOW_UNTRACKED: flow = "is not tracked"; break;
	case CAROM_FLOW_RECORDED: flow = "is tracked, and the flow is recorded"; break;
	case CAROM_FLOW_RECORDABLE: flow = "is tracked, and the flow would be recorded"; break;
	case CAROM_FLOW_UNRECORDED: flow = "is tracked, but the flow cannot be recorded"; break;
	case CAROM_FLOW_UNNEEDED: break;
	}
	return json_sprintf("sent to backend '%s' (%s) of vip '%s' by interface '%s', as the %s "
			    "one; slot %u %s",
			    backend->name, address_format(&backend->address, address),
			    facts->vip->name, facts->out_interface, explain_words_choice(decided),
			    decided->slot, flow);
}

static json_t *summarize_refused(const struct explain_facts *facts)
{
	const struct explain_result *result = facts->result;
	const struct stats_reason *reasons;
	size_t count = stats_reasons(&reasons);

	if (result->decided.verdict >= count)
		return json_sprintf("%s: %s", action_words(result->action),
				    foreign_words(facts->packet));
	return json_sprintf("%s%s%s%s: %s: %s", action_words(result->action),
			    facts->vip ? " at vip '" : "", facts->vip ? facts->vip->name : "",
			    facts->vip ? "'" : "", reasons[result->decided.verdict].name,
			    reasons[result->decided.verdict].help);
}

json_t *explain_words_summary(const struct explain_facts *facts)
{
	return explain_words_is_forwarded(facts->result) ? summarize_forwarded(facts)
							 : summarize_refused(facts);
}

/* ---- the steps ---- */

static void add_step(json_t *steps, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_step(json_t *steps, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	json_array_append_new(steps, json_string(line));
}

static void add_vip(json_t *steps, const struct explain_facts *facts)
{
	const struct image_vip *vip = facts->vip;
	char address[ADDRESS_TEXT_BYTES];

	if (!vip) {
		add_step(steps, "it is for the address of a VIP");
		return;
	}
	address_format(&vip->address, address);
	if (vip->port)
		add_step(steps, "it is for vip '%s' at %s, port %u", vip->name, address, vip->port);
	else
		add_step(steps, "it is for vip '%s' at %s, every port", vip->name, address);
}

static void add_slot(json_t *steps, const struct explain_facts *facts)
{
	const struct carom_explanation *decided = &facts->result->decided;
	const struct image_vip *vip = facts->vip;
	const char *current = name_or_none(explain_words_backend(vip, decided->current));
	const char *previous = name_or_none(explain_words_backend(vip, decided->previous));

	if (decided->flow == CAROM_FLOW_UNTRACKED)
		add_step(steps,
			 "its flow hashes to slot %u of %u, which no change has moved lately: all "
			 "its packets go to backend '%s'",
			 decided->slot, 1u << vip->ring->bits, current);
	else if (decided->current == decided->previous)
		add_step(steps,
			 "its flow hashes to slot %u of %u, which is tracked, and has moved back: "
			 "its "
			 "current and its previous backend is '%s'",
			 decided->slot, 1u << vip->ring->bits, current);
	else
		add_step(
			steps,
			"its flow hashes to slot %u of %u, which is tracked: new flows go to the "
			"current backend '%s', those of before the change to the previous one '%s'",
			decided->slot, 1u << vip->ring->bits, current, previous);
}

static void add_flow(json_t *steps, const struct explain_facts *facts)
{
	const struct carom_explanation *decided = &facts->result->decided;
	const char *recorded = explain_words_backend(facts->vip, decided->recorded);

	if (recorded)
		add_step(steps, "its flow is recorded for backend '%s'", recorded);
	switch ((enum carom_flow_fate)decided->flow) {
	case CAROM_FLOW_RECORDABLE:
		add_step(steps, "its flow is not recorded yet, and this packet would record it");
		break;
	case CAROM_FLOW_UNNEEDED:
		add_step(steps,
			 decided->current == decided->previous
				 ? "its flow need not be recorded, for both are one"
				 : "it makes no record: it ends an older connection, or does "
				   "not go on from the SYN that made the record");
		break;
	case CAROM_FLOW_UNRECORDED:
		add_step(steps,
			 "its flow cannot be recorded: the flow table has no room for it, or "
			 "too many were recorded in this second");
		break;
	case CAROM_FLOW_UNTRACKED:
	case CAROM_FLOW_RECORDED: break;
	}
}

static void add_backend(json_t *steps, const struct explain_facts *facts)
{
	const struct carom_explanation *decided = &facts->result->decided;
	const char *name = explain_words_backend(facts->vip, decided->chosen);

	if (name)
		add_step(steps, "it goes to backend '%s', the %s one", name,
			 explain_words_choice(decided));
}

static void add_sending(json_t *steps, const struct explain_facts *facts)
{
	const struct explain_result *result = facts->result;
	struct explain_outer outer = explain_words_outer(result);
	char source[ADDRESS_TEXT_BYTES], destination[ADDRESS_TEXT_BYTES];
	const uint8_t *mac = result->frame;

	add_step(steps, "it is wrapped from %s to %s: a frame of %zu bytes becomes one of %zu",
		 address_format(&outer.source, source),
		 address_format(&outer.destination, destination), facts->packet->length,
		 result->length);
	add_step(steps, "it leaves by interface '%s' to %02x:%02x:%02x:%02x:%02x:%02x, %s",
		 facts->out_interface, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
		 result->action == XDP_TX ? "the interface that it came from (XDP_TX)"
					  : "another than it came from (XDP_REDIRECT)");
}

static void add_refusal(json_t *steps, const struct explain_facts *facts)
{
	const struct explain_result *result = facts->result;
	const struct stats_reason *reasons;
	size_t count = stats_reasons(&reasons);

	if (result->decided.verdict < count)
		add_step(steps, "it is %s: %s: %s", action_words(result->action),
			 reasons[result->decided.verdict].name,
			 reasons[result->decided.verdict].help);
	else
		add_step(steps, "it is %s: %s", action_words(result->action),
			 foreign_words(facts->packet));
}

json_t *explain_words_steps(const struct explain_facts *facts)
{
	const struct carom_explanation *decided = &facts->result->decided;
	json_t *steps = json_array();

	add_step(steps, "it comes in by interface '%s', a frame of %zu bytes", facts->interface,
		 facts->packet->length);
	if (decided->verdict != CAROM_VERDICT_FOREIGN)
		add_vip(steps, facts);
	if (facts->vip && decided->slot != CAROM_NONE) {
		add_slot(steps, facts);
		add_flow(steps, facts);
		add_backend(steps, facts);
	}
	if (explain_words_is_forwarded(facts->result))
		add_sending(steps, facts);
	else
		add_refusal(steps, facts);
	return steps;
}
