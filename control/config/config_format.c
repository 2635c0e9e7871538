/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values to JSON. Every default is spelled out, members are in the order of the documentation, and
 * what is printed decodes to an equal value.
 *
 * It owns no state; commands call it, on the event loop's thread.
 */
#include "config.h"
#include "config_parts.h"

#include <stdio.h>

#define ENDPOINT_TEXT_BYTES (CONFIG_PATH_BYTES + 8) /* "unix:" and a path is the longest */
#define MODE_TEXT_BYTES	    16

static json_t *address_to_json(const struct carom_address *address)
{
	char text[ADDRESS_TEXT_BYTES];

	return json_string(address_format(address, text));
}

static json_t *prefix_to_json(const struct prefix *prefix)
{
	char text[PREFIX_TEXT_BYTES];

	return json_string(prefix_format(prefix, text));
}

json_t *config_backend_to_json(const struct config_backend *backend)
{
	return json_pack("{s:o, s:I, s:s}", "address", address_to_json(&backend->address), "weight",
			 (json_int_t)backend->weight, "state", config_state_name(backend->state));
}

json_t *config_backends_to_json(const struct config_vip *vip)
{
	json_auto_t *backends = json_object();

	for (size_t index = 0; index < vip->backend_count; index++) {
		const struct config_backend *backend = &vip->backends[index];

		if (json_object_set_new(backends, backend->name, config_backend_to_json(backend)))
			return NULL;
	}
	return json_incref(backends);
}

json_t *config_vip_to_json(const struct config_vip *vip)
{
	return json_pack(
		"{s:o, s:i, s:s, s:I, s:s, s:s, s:o}", "address", address_to_json(&vip->address),
		"port", vip->port, "protocol", config_protocol_name(vip->protocol), "ring_slots",
		(json_int_t)vip->ring_slots, CONFIG_TRACKING_KEY,
		config_tracking_name(vip->tracking), "on_down", config_on_down_name(vip->on_down),
		CONFIG_BACKENDS_KEY, config_backends_to_json(vip));
}

json_t *config_vips_to_json(const struct config *config)
{
	json_auto_t *vips = json_object();

	for (size_t index = 0; index < config->vip_count; index++) {
		const struct config_vip *vip = config->vips[index];

		if (json_object_set_new(vips, vip->name, config_vip_to_json(vip)))
			return NULL;
	}
	return json_incref(vips);
}

static json_t *interfaces_to_json(const struct config_node *node)
{
	json_auto_t *interfaces = json_array();

	for (size_t index = 0; index < node->interface_count; index++) {
		const struct config_interface *interface = &node->interfaces[index];
		json_t *json = json_pack("{s:s, s:s}", "name", interface->name, "mode",
					 config_mode_name(interface->mode));

		if (json_array_append_new(interfaces, json))
			return NULL;
	}
	return json_incref(interfaces);
}

static json_t *limits_to_json(const struct config_limits *limits)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "vips", (json_int_t)limits->vips, "backends",
			 (json_int_t)limits->backends, "slots", (json_int_t)limits->slots, "flows",
			 (json_int_t)limits->flows, "flow_inserts_per_s",
			 (json_int_t)limits->flow_inserts_per_s);
}

json_t *config_node_to_json(const struct config_node *node)
{
	json_auto_t *json = json_object();

	if (json_object_set_new(json, "name", json_string(node->name)) ||
	    json_object_set_new(json, "interfaces", interfaces_to_json(node)))
		return NULL;
	if (node->hash_seed[0] &&
	    json_object_set_new(json, "hash_seed", json_string(node->hash_seed)))
		return NULL;
	if (node->has_outer_source4 &&
	    json_object_set_new(json, "outer_source4", prefix_to_json(&node->outer_source4)))
		return NULL;
	if (node->has_outer_source6 &&
	    json_object_set_new(json, "outer_source6", prefix_to_json(&node->outer_source6)))
		return NULL;
	if (json_object_set_new(json, "limits", limits_to_json(&node->limits)) ||
	    json_object_set_new(json, "flow_idle_timeout_ms",
				json_integer(node->flow_idle_timeout_ms)) ||
	    json_object_set_new(json, "bpf_dir", json_string(node->bpf_dir)) ||
	    json_object_set_new(json, "state_dir", json_string(node->state_dir)))
		return NULL;
	return json_incref(json);
}

static json_t *listen_to_json(const struct config_listen *listen)
{
	bool is_ipv4 = address_is_ipv4(&listen->address);
	char address[ADDRESS_TEXT_BYTES], text[ENDPOINT_TEXT_BYTES];

	if (listen->is_unix)
		snprintf(text, sizeof(text), CONFIG_UNIX_SCHEME "%s", listen->path);
	else
		snprintf(text, sizeof(text), is_ipv4 ? "%s:%u" : "[%s]:%u",
			 address_format(&listen->address, address), listen->port);
	return json_string(text);
}

static json_t *listens_to_json(const struct config_api *api)
{
	json_auto_t *listens = json_array();

	for (size_t index = 0; index < api->listen_count; index++)
		if (json_array_append_new(listens, listen_to_json(&api->listens[index])))
			return NULL;
	return json_incref(listens);
}

static json_t *mode_to_json(uint32_t mode)
{
	char text[MODE_TEXT_BYTES];

	snprintf(text, sizeof(text), "%04o", mode);
	return json_string(text);
}

static json_t *tls_to_json(const struct config_tls *tls)
{
	return json_pack("{s:s, s:s, s:s*}", "certificate", tls->certificate, "key", tls->key,
			 "client_ca", tls->client_ca[0] ? tls->client_ca : NULL);
}

json_t *config_api_to_json(const struct config_api *api)
{
	json_auto_t *json = json_object();

	if (json_object_set_new(json, "listen", listens_to_json(api)) ||
	    json_object_set_new(json, "socket_mode", mode_to_json(api->socket_mode)))
		return NULL;
	if (api->socket_group[0] &&
	    json_object_set_new(json, "socket_group", json_string(api->socket_group)))
		return NULL;
	if (api->tls.certificate[0] && json_object_set_new(json, "tls", tls_to_json(&api->tls)))
		return NULL;
	if (api->tokens[0] && json_object_set_new(json, "tokens", json_string(api->tokens)))
		return NULL;
	return json_incref(json);
}

json_t *config_to_json(const struct config *config)
{
	return json_pack("{s:o, s:o, s:o}", "node", config_node_to_json(&config->node), "api",
			 config_api_to_json(&config->api), CONFIG_VIPS_KEY,
			 config_vips_to_json(config));
}
