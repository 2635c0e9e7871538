/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a described packet to an account of what would become of it: the program's twin decides, the
 * published image gives the names. Nothing changes between the two, for both happen in one turn of
 * the event loop.
 */
#include "explain_command.h"

#include "commands_parts.h"
#include "explain_request.h"
#include "explain_words.h"
#include "frame_text.h"
#include "stats.h"
#include "verdict.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define MAC_TEXT_BYTES 18

static json_t *reason_to_json(uint32_t verdict)
{
	const struct stats_reason *reasons;

	if (verdict >= stats_reasons(&reasons))
		return json_null();
	return json_pack("{s:s, s:s}", "name", reasons[verdict].name, "help",
			 reasons[verdict].help);
}

static json_t *slot_to_json(const struct explain_facts *facts)
{
	const struct carom_explanation *decided = &facts->result->decided;
	const struct image_vip *vip = facts->vip;
	bool is_tracked = decided->flow != CAROM_FLOW_UNTRACKED;

	if (!vip || decided->slot == CAROM_NONE)
		return json_null();
	return json_pack(
		"{s:I, s:I, s:b, s:s?, s:s?, s:s, s:s?}", "number", (json_int_t)decided->slot,
		"ring_slots", (json_int_t)1 << vip->ring->bits, "tracked", is_tracked, "current",
		explain_words_backend(vip, decided->current), "previous",
		explain_words_backend(vip, decided->previous), "flow", explain_words_flow(decided),
		"flow_backend", explain_words_backend(vip, decided->recorded));
}

/* The one that was chosen, even if the packet got no further than that. */
static const struct image_backend *chosen_backend(const struct explain_facts *facts)
{
	uint32_t ordinal = facts->result->decided.chosen;

	return explain_words_backend(facts->vip, ordinal) ? &facts->vip->backends[ordinal] : NULL;
}

static json_t *backend_to_json(const struct explain_facts *facts)
{
	const struct image_backend *backend = chosen_backend(facts);
	char address[ADDRESS_TEXT_BYTES];

	if (!backend)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:I}", "name", backend->name, "address",
			 address_format(&backend->address, address), "chosen_as",
			 explain_words_choice(&facts->result->decided), "mtu",
			 (json_int_t)backend->next_hop.mtu);
}

static const char *format_mac(const uint8_t *mac, char ret_text[MAC_TEXT_BYTES])
{
	snprintf(ret_text, MAC_TEXT_BYTES, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return ret_text;
}

static json_t *outer_to_json(const struct explain_facts *facts)
{
	char source[ADDRESS_TEXT_BYTES], destination[ADDRESS_TEXT_BYTES];
	struct explain_outer outer;

	if (!explain_words_is_forwarded(facts->result))
		return json_null();
	outer = explain_words_outer(facts->result);
	return json_pack("{s:s, s:s}", "source", address_format(&outer.source, source),
			 "destination", address_format(&outer.destination, destination));
}

static json_t *next_hop_to_json(const struct explain_facts *facts)
{
	const uint8_t *frame = facts->result->frame;
	char destination[MAC_TEXT_BYTES], source[MAC_TEXT_BYTES];

	if (!explain_words_is_forwarded(facts->result))
		return json_null();
	return json_pack(
		"{s:s, s:s, s:s}", "interface", facts->out_interface, "destination_mac",
		format_mac(frame, destination), "source_mac",
		format_mac(frame + sizeof(((struct next_hop *)0)->destination_mac), source));
}

static json_t *bytes_to_json(const uint8_t *bytes, size_t length)
{
	char text[2 * sizeof(((struct explain_result *)0)->frame) + 1];

	return json_string(frame_text_format(bytes, length, text));
}

static json_t *facts_to_json(const struct explain_facts *facts, uint64_t revision)
{
	const struct explain_result *result = facts->result;

	return json_pack("{s:o, s:s, s:o, s:s?, s:o, s:o, s:o, s:o, s:s, s:I, s:o, s:o, s:o}",
			 "summary", explain_words_summary(facts), "verdict",
			 verdict_action_name(result->action), "reason",
			 reason_to_json(result->decided.verdict), "vip",
			 facts->vip ? facts->vip->name : NULL, "slot", slot_to_json(facts),
			 "backend", backend_to_json(facts), "outer", outer_to_json(facts),
			 "next_hop", next_hop_to_json(facts), "interface", facts->interface,
			 "revision", (json_int_t)revision, "steps", explain_words_steps(facts),
			 "bytes_in", bytes_to_json(facts->packet->frame, facts->packet->length),
			 "bytes_out", bytes_to_json(result->frame, result->length));
}

/* The one of this name, or the first if it is empty. */
static const struct attachment *find_attachment(const struct commands *commands, const char *name,
						struct error_list *errors)
{
	struct engine_attachments attachments = engine_attachments(commands->engine);

	const struct attachment *each = attachments.items;

	for (size_t i = 0; i < attachments.count; i++, each++) {
		if (!name[0] || strcmp(each->interface, name) == 0)
			return each;
	}
	if (name[0])
		error_list_add(errors, ERROR_INVALID, "/interface",
			       "interface '%s' is not one of node.interfaces", name);
	else
		error_list_add(errors, ERROR_BUSY, "", "no interface is attached yet");
	return NULL;
}

static const struct image_vip *vip_numbered(const struct commands *commands, uint32_t number)
{
	const struct publish *publish = engine_publish(commands->engine);
	int index = number ? publish_find_vip(publish, number) : -1;

	return index < 0 ? NULL : publish_image(publish)->vips[index];
}

static json_t *explain(const struct commands *commands, const struct explain_packet *packet,
		       const struct attachment *attachment, struct error_list *errors)
{
	struct explain_result result;
	struct explain_facts facts = {
		.packet = packet,
		.interface = attachment->interface,
		.result = &result,
	};
	const struct image_backend *backend;
	char name[IF_NAMESIZE] = "";
	struct error error = {0};
	json_t *json;

	if (explain_run(commands->explain, packet, &result, &error)) {
		error_list_append(errors, &error);
		return NULL;
	}
	facts.vip = vip_numbered(commands, result.decided.vip);
	backend = chosen_backend(&facts);
	facts.out_interface =
		backend && if_indextoname(backend->next_hop.interface, name) ? name : "?";
	json = facts_to_json(&facts, engine_published_revision(commands->engine));
	if (!json)
		error_list_add(errors, ERROR_SYSTEM, "", "no memory for the answer");
	return json;
}

json_t *commands_explain(const struct commands *commands, const json_t *body,
			 struct error_list *errors)
{
	struct explain_request request;
	struct explain_packet packet = {.frame = request.frame};
	const struct attachment *attachment;

	if (explain_request_decode(body, &request, errors))
		return NULL;
	attachment = find_attachment(commands, request.interface, errors);
	if (!attachment)
		return NULL;
	packet.length = request.length;
	packet.interface = attachment->ifindex;
	return explain(commands, &packet, attachment, errors);
}
