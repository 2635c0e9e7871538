/* SPDX-License-Identifier: BSD-2-Clause */
#include "intent.h"

#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

struct fixed_vip {
	struct intent_service service;
	enum config_tracking tracking;
	enum config_on_down on_down;
};

static const struct fixed_vip fixed_vips[INTENT_VIPS] = {
	{{"web4", "192.0.2.1", 80, IPPROTO_TCP}, CONFIG_TRACKING_CHANGES, CONFIG_ON_DOWN_KEEP},
	{{"web6", "2001:db8::1", 80, IPPROTO_TCP}, CONFIG_TRACKING_CHANGES, CONFIG_ON_DOWN_RESET},
	{{"dns4", "192.0.2.1", 53, IPPROTO_UDP}, CONFIG_TRACKING_ALWAYS, CONFIG_ON_DOWN_KEEP},
	{{"quic6", "2001:db8::2", 443, IPPROTO_UDP}, CONFIG_TRACKING_ALWAYS, CONFIG_ON_DOWN_RESET},
	{{"ssh4", "192.0.2.2", 22, IPPROTO_TCP}, CONFIG_TRACKING_ALWAYS, CONFIG_ON_DOWN_KEEP},
	{{"sip4", "192.0.2.3", 5060, IPPROTO_UDP}, CONFIG_TRACKING_CHANGES, CONFIG_ON_DOWN_KEEP},
};

/* By the flow's number, over and over. */
static const size_t vip_of_flow[] = {0, 1, 0, 2, 0, 1, 0, 3, 0, 4, 1, 5};

#define FLOW_PATTERN (sizeof(vip_of_flow) / sizeof(vip_of_flow[0]))

struct intent intent_initial(void)
{
	struct intent intent = {0};

	for (size_t i = 0; i < INTENT_VIPS; i++) {
		struct intent_vip *vip = &intent.vips[i];

		vip->is_there = true;
		vip->ring_bits = CAROM_RING_BITS_MIN;
		vip->tracking = fixed_vips[i].tracking;
		vip->on_down = fixed_vips[i].on_down;
		for (size_t j = 0; j < INTENT_BACKENDS; j++)
			vip->backends[j] = (struct intent_backend){
				.is_there = j < INTENT_BACKENDS / 2,
				.is_up = true,
				.weight = INTENT_WEIGHT_LIKE,
			};
	}
	return intent;
}

const struct intent_service *intent_service(size_t vip)
{
	return &fixed_vips[vip].service;
}

const char *intent_backend_name(size_t backend)
{
	static const char *const names[INTENT_BACKENDS] = {"b0", "b1", "b2", "b3",
							   "b4", "b5", "b6", "b7"};

	return names[backend];
}

struct carom_address intent_backend_address(size_t vip, size_t backend)
{
	uint32_t number = (uint32_t)((vip + 1) << 8 | (backend + 1));

	if (backend % 2)
		return (struct carom_address){{htonl(0xfd000000), 0, 0, htonl(number)}};
	return address_from_ipv4(htonl(0x0a000000 | number));
}

bool intent_find_backend(uint16_t last_bytes, size_t *ret_vip, size_t *ret_backend)
{
	size_t vip = last_bytes >> 8, backend = last_bytes & 0xff;

	if (vip < 1 || vip > INTENT_VIPS || backend < 1 || backend > INTENT_BACKENDS)
		return false;
	*ret_vip = vip - 1;
	*ret_backend = backend - 1;
	return true;
}

size_t intent_flow_vip(size_t flow)
{
	return vip_of_flow[flow % FLOW_PATTERN];
}

bool intent_flow_is_tcp(size_t flow)
{
	return fixed_vips[intent_flow_vip(flow)].service.protocol == IPPROTO_TCP;
}

/* ---- as the operator would write it ---- */

static json_t *backends_to_json(const struct intent *intent, size_t vip)
{
	json_t *backends = json_object();

	for (size_t i = 0; i < INTENT_BACKENDS; i++) {
		const struct intent_backend *backend = &intent->vips[vip].backends[i];
		struct carom_address address = intent_backend_address(vip, i);
		char text[ADDRESS_TEXT_BYTES];

		if (backend->is_there)
			json_object_set_new(backends, intent_backend_name(i),
					    json_pack("{s:s, s:i, s:s}", "address",
						      address_format(&address, text), "weight",
						      (int)backend->weight, "state",
						      config_state_name(backend->state)));
	}
	return backends;
}

struct config_vip *intent_to_config(const struct intent *intent, size_t vip)
{
	const struct intent_service *service = intent_service(vip);
	const struct intent_vip *wanted = &intent->vips[vip];
	struct error_list errors = {0};
	json_t *json = json_pack(
		"{s:s, s:i, s:s, s:i, s:s, s:s, s:o}", "address", service->address, "port",
		service->port, "protocol", config_protocol_name(service->protocol), "ring_slots",
		1 << wanted->ring_bits, "tracking", config_tracking_name(wanted->tracking),
		"on_down", config_on_down_name(wanted->on_down), "backends",
		backends_to_json(intent, vip));
	struct config_vip *made = config_vip_from_json(json, service->name, "", &errors);

	if (!made) {
		fprintf(stderr, "vip '%s' of the test is refused: %s\n", service->name,
			errors.count ? errors.items[0].message : "out of memory");
		exit(EXIT_FAILURE);
	}
	json_decref(json);
	error_list_done(&errors);
	return made;
}
