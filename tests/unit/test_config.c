/* SPDX-License-Identifier: BSD-2-Clause */
/* The desired state as a value: defaults, reading, printing, comparing, and want of memory. */
#include "config_documents.h"
#include "config_parts.h"
#include "config_support.h"

#include <netinet/in.h>

/* ---- from and to JSON ---- */

static void deerrors_are_spelled_out(void **state)
{
	struct config *config =
		config_of("{'node': {'name': 'lb1', 'interfaces': [{'name': 'eth0'}]}, 'vips': {"
			  "'web': {" WEB ", 'backends': {'b1': {'address': '10.0.0.1'}}}}}");
	json_t *expected = json_of(
		"{'node': {'name': 'lb1', 'interfaces': [{'name': 'eth0', 'mode': 'auto'}],"
		" 'limits': {'vips': 1024, 'backends': 16384, 'slots':"
		" 4194304, 'flows': 262144, 'flow_inserts_per_s': 100000}, 'flow_idle_timeout_ms':"
		" 600000, 'bpf_dir': '/sys/fs/bpf/carom',"
		" 'state_dir': '/var/lib/carom'},"
		" 'api': {'listen': ['unix:/run/carom/api.sock'], 'socket_mode': '0660'},"
		" 'vips': {'web': {" WEB
		", 'ring_slots': 0, 'tracking': 'changes', 'on_down': 'keep', 'backends': {'b1':"
		" {'address': '10.0.0.1', 'weight': 1,"
		" 'state': 'active'}}}}}");
	json_t *printed = config_to_json(config);

	(void)state;
	assert_json_equal(printed, expected);
	json_decref(printed);
	json_decref(expected);
	config_unref(config);
}

static void every_key_is_read_and_printed(void **state)
{
	struct config *config = config_of(EVERY_KEY);
	json_t *expected = json_of(EVERY_KEY);
	json_t *printed = config_to_json(config);

	(void)state;
	assert_json_equal(printed, expected);
	assert_round_trip(config);
	json_decref(printed);
	json_decref(expected);
	config_unref(config);
}

static void the_node_holds_what_was_read(void **state)
{
	struct config *config = config_of(EVERY_KEY);
	const struct config_node *node = &config->node;
	const struct config_api *api = &config->api;
	char text[PREFIX_TEXT_BYTES];

	(void)state;
	assert_string_equal(node->name, "lb1");
	assert_int_equal(node->interface_count, 2);
	assert_string_equal(node->interfaces[1].name, "eth1.7");
	assert_int_equal(node->interfaces[1].mode, CONFIG_MODE_GENERIC);
	assert_string_equal(node->hash_seed, "paris");
	assert_string_equal(prefix_format(&node->outer_source4, text), "10.255.0.0/16");
	assert_string_equal(prefix_format(&node->outer_source6, text), "2001:db8:ffff::/96");
	assert_int_equal(node->limits.vips, 10);
	assert_int_equal(node->limits.backends, 20);
	assert_int_equal(node->limits.slots, 65536);
	assert_int_equal(node->limits.flows, 128);
	assert_int_equal(node->limits.flow_inserts_per_s, 7);
	assert_int_equal(node->flow_idle_timeout_ms, 32768000);
	assert_string_equal(node->bpf_dir, "/sys/fs/bpf/x");
	assert_int_equal(api->listen_count, 3);
	assert_false(api->listens[0].is_unix);
	assert_int_equal(api->listens[0].port, 7007);
	assert_true(address_is_loopback(&api->listens[0].address));
	assert_true(api->listens[1].is_unix);
	assert_string_equal(api->listens[1].path, "/run/x.sock");
	assert_int_equal(api->socket_mode, 0600);
	assert_string_equal(api->socket_group, "adm");
	assert_string_equal(api->tls.certificate, "/c.pem");
	assert_string_equal(api->tls.key, "/k.pem");
	assert_string_equal(api->tls.client_ca, "/ca.pem");
	assert_string_equal(api->tokens, "/t");
	config_unref(config);
}

static void a_vip_holds_what_was_read(void **state)
{
	struct config *config = config_of(EVERY_KEY);
	const struct config_vip *vip = config_find_vip(config, "dns");
	const struct config_backend *backend = config_find_backend(vip, "d2");
	char text[ADDRESS_TEXT_BYTES];

	(void)state;
	assert_string_equal(address_format(&vip->address, text), "2001:db8::53");
	assert_int_equal(vip->port, 53);
	assert_int_equal(vip->protocol, IPPROTO_UDP);
	assert_int_equal(vip->ring_slots, 256);
	assert_int_equal(vip->tracking, CONFIG_TRACKING_NEVER);
	assert_int_equal(vip->on_down, CONFIG_ON_DOWN_RESET);
	assert_int_equal(vip->backend_count, 2);
	assert_string_equal(address_format(&backend->address, text), "10.0.0.2");
	assert_int_equal(backend->weight, 65535);
	assert_int_equal(backend->state, CONFIG_STATE_DRAIN);
	assert_int_equal(config_find_backend(vip, "d1")->weight, 0);
	assert_int_equal(config_find_backend(vip, "d1")->state, CONFIG_STATE_DISABLED);
	config_unref(config);
}

static void tracking_deerrors_by_protocol(void **state)
{
	struct config *config = config_of("{" NODE ", 'vips': {'tcp': {" WEB "}, 'udp': {" DNS
					  "}, 'chosen': {'address': '192.0.2.53', 'port': 53,"
					  " 'protocol': 'udp', 'tracking': 'changes'}}}");

	(void)state;
	assert_int_equal(config_find_vip(config, "tcp")->tracking, CONFIG_TRACKING_CHANGES);
	assert_int_equal(config_find_vip(config, "udp")->tracking, CONFIG_TRACKING_ALWAYS);
	assert_int_equal(config_find_vip(config, "chosen")->tracking, CONFIG_TRACKING_CHANGES);
	config_unref(config);
}

static void order_in_the_text_does_not_matter(void **state)
{
	struct config *config = config_of(THREE_VIPS);
	struct config_vip *reversed =
		vip_of("web", "{'backends': {'b2': {'address': '10.0.0.2'}, 'b1': {'address':"
			      " '10.0.0.1'}}, 'protocol': 'tcp', 'port': 443, 'address':"
			      " '192.0.2.10'}");

	(void)state;
	assert_string_equal(config->vips[0]->name, "all");
	assert_string_equal(config->vips[1]->name, "dns");
	assert_string_equal(config->vips[2]->name, "web");
	assert_string_equal(reversed->backends[0].name, "b1");
	assert_true(config_vip_equal(config->vips[2], reversed));
	config_vip_unref(reversed);
	config_unref(config);
}

static void assert_vips_differ(const char *left_text, const char *right_text)
{
	struct config_vip *left = vip_of("a", left_text), *right = vip_of("a", right_text);

	assert_true(config_vip_equal(left, left));
	if (config_vip_equal(left, right))
		fail_msg("told to be equal: %s and %s", left_text, right_text);
	config_vip_unref(left);
	config_vip_unref(right);
}

static void any_difference_makes_vips_differ(void **state)
{
	(void)state;
	assert_vips_differ("{" WEB "}", "{" DNS "}");
	assert_vips_differ("{" WEB "}",
			   "{'address': '192.0.2.11', 'port': 443, 'protocol': 'tcp'}");
	assert_vips_differ("{" WEB "}",
			   "{'address': '192.0.2.10', 'port': 444, 'protocol': 'tcp'}");
	assert_vips_differ("{" WEB "}",
			   "{'address': '192.0.2.10', 'port': 443, 'protocol': 'udp'}");
	assert_vips_differ("{" WEB "}", "{" WEB ", 'ring_slots': 4096}");
	assert_vips_differ("{" WEB "}", "{" WEB ", 'tracking': 'always'}");
	assert_vips_differ("{" WEB "}", "{" WEB ", 'on_down': 'reset'}");
	assert_vips_differ("{" WEB "}", "{" WEB ", 'backends': {" TWO "}}");
	assert_vips_differ("{" WEB ", 'backends': {'b': {'address': '10.0.0.1'}}}",
			   "{" WEB ", 'backends': {'c': {'address': '10.0.0.1'}}}");
	assert_vips_differ("{" WEB ", 'backends': {'b': {'address': '10.0.0.1'}}}",
			   "{" WEB ", 'backends': {'b': {'address': '10.0.0.2'}}}");
	assert_vips_differ("{" WEB ", 'backends': {'b': {'address': '10.0.0.1'}}}",
			   "{" WEB ", 'backends': {'b': {'address': '10.0.0.1', 'weight': 2}}}");
	assert_vips_differ("{" WEB ", 'backends': {'b': {'address': '10.0.0.1'}}}",
			   "{" WEB ", 'backends': {'b': {'address': '10.0.0.1', 'state':"
			   " 'drain'}}}");
}

static void one_address_serves_many_ports(void **state)
{
	struct config *config = config_of("{" NODE ", 'vips': {"
					  "'any': {'address': '192.0.2.10', 'port': 0,"
					  " 'protocol': 'tcp'}, 'web': {" WEB "}, 'quic':"
					  " {'address': '192.0.2.10', 'port': 443, 'protocol':"
					  " 'udp'}, 'http': {'address': '192.0.2.10', 'port': 80,"
					  " 'protocol': 'tcp'}}}");

	(void)state;
	assert_int_equal(config->vip_count, 4);
	config_unref(config);
}

static void parts_are_printed_as_they_are_read(void **state)
{
	struct config *config = config_of(THREE_VIPS);
	const struct config_vip *web = config_find_vip(config, "web");
	json_t *whole = config_to_json(config), *vips = config_set_to_json(CONFIG_KIND_VIP, config);
	json_t *vip = config_vip_to_json(web), *backends = config_backends_to_json(web);
	json_t *backend = config_backend_to_json(&web->backends[0]);
	struct error_list errors = {0};
	struct config_backend *read = NULL;
	size_t count = 0;

	(void)state;
	assert_json_equal(json_object_get(whole, "vips"), vips);
	assert_json_equal(json_object_get(vips, "web"), vip);
	assert_json_equal(json_object_get(vip, "backends"), backends);
	assert_json_equal(json_object_get(backends, "b1"), backend);
	assert_int_equal(config_backends_from_json(backends, "", &read, &count, &errors), 0);
	assert_int_equal(count, 2);
	assert_string_equal(read[1].name, "b2");
	free(read);
	json_decref(backend);
	json_decref(backends);
	json_decref(vip);
	json_decref(vips);
	json_decref(whole);
	config_unref(config);
}

static void a_host_name_becomes_a_node_name(void **state)
{
	static const char *const cases[][2] = {
		{"lb1.example.org", "lb1.example.org"},
		{"-._lb 1/x", "lb-1-x"},
		{"caf\u00e9", "caf--"},
		{"", "carom"},
		{"...", "carom"},
		{"0123456789012345678901234567890123456789012345678901234567890123456789",
		 "012345678901234567890123456789012345678901234567890123456789012"},
	};
	char name[CAROM_NAME_BYTES];

	(void)state;
	for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
		config_name_from_host(cases[index][0], name);
		assert_string_equal(name, cases[index][1]);
	}
}

static void a_ring_has_room_for_its_backends(void **state)
{
	static const struct {
		size_t backend_count;
		uint32_t ring_slots;
		unsigned bits;
	} cases[] = {
		{0, 0, 12},    {1, 0, 12},    {40, 0, 12},    {41, 0, 13},     {81, 0, 13},
		{82, 0, 14},   {1310, 0, 17}, {1311, 0, 17},  {4096, 0, 17},   {5, 256, 8},
		{5, 4096, 12}, {5, 8192, 13}, {5, 65536, 16}, {5, 131072, 17},
	};

	(void)state;
	for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
		struct config_vip vip = {.backend_count = cases[index].backend_count,
					 .ring_slots = cases[index].ring_slots};

		assert_int_equal(config_vip_ring_bits(&vip), cases[index].bits);
	}
}

/* ---- memory ---- */

/* jansson's allocations, of which all from the given one on fail. */
static size_t allocations_left, allocations_held;

static void *failing_malloc(size_t size)
{
	void *memory = allocations_left ? malloc(size) : NULL;

	if (memory) {
		allocations_left--;
		allocations_held++;
	}
	return memory;
}

static void counting_free(void *memory)
{
	allocations_held -= memory != NULL;
	free(memory);
}

static void printing_survives_want_of_memory(void **state)
{
	struct config *config = config_of(EVERY_KEY);
	json_t *printed = NULL;
	size_t needed = 0;

	(void)state;
	json_set_alloc_funcs(failing_malloc, counting_free);
	for (; !printed && needed < 10000; needed++) {
		allocations_left = needed;
		printed = config_to_json(config);
		if (!printed)
			assert_int_equal(allocations_held, 0);
	}
	json_decref(printed);
	json_set_alloc_funcs(malloc, free);
	assert_non_null(printed);
	assert_int_equal(allocations_held, 0);
	assert_in_range(needed, 50, 10000);
	config_unref(config);
}

static void nothing_is_freed_by_no_reference(void **state)
{
	struct config *config = config_of("{" NODE ", 'vips': {'web': {" WEB "}}}");
	struct config_vip *vip = config_vip_ref(config->vips[0]);

	(void)state;
	config_unref(NULL);
	config_vip_unref(NULL);
	config_unref(config_ref(config));
	assert_int_equal(config->references, 1);
	config_unref(config);
	assert_int_equal(vip->references, 1);
	config_vip_unref(vip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deerrors_are_spelled_out),
		cmocka_unit_test(every_key_is_read_and_printed),
		cmocka_unit_test(the_node_holds_what_was_read),
		cmocka_unit_test(a_vip_holds_what_was_read),
		cmocka_unit_test(tracking_deerrors_by_protocol),
		cmocka_unit_test(order_in_the_text_does_not_matter),
		cmocka_unit_test(any_difference_makes_vips_differ),
		cmocka_unit_test(one_address_serves_many_ports),
		cmocka_unit_test(parts_are_printed_as_they_are_read),
		cmocka_unit_test(a_host_name_becomes_a_node_name),
		cmocka_unit_test(a_ring_has_room_for_its_backends),
		cmocka_unit_test(printing_survives_want_of_memory),
		cmocka_unit_test(nothing_is_freed_by_no_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
