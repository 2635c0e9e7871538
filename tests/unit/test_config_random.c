/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties of the config codec, on random documents from a fixed seed:
 *
 * - what is valid is read as written, and printed and read again it is the same;
 * - whatever is done to its bytes or its structure, it is either accepted whole, or refused with
 *   errors whose pointers lead to something in the document;
 * - an edit is accepted exactly when the whole edited document is.
 */
#include "config_support.h"

#include <netinet/in.h>

#define VALID_ROUNDS	 200
#define BYTE_ROUNDS	 6000
#define STRUCTURE_ROUNDS 6000
#define EDIT_ROUNDS	 3000
#define SEED		 0x9e3779b97f4a7c15u
#define DEPTH_MAX	 8
#define LARGE		 20
#define SMALL		 4

/* ---- randomness: xorshift64* (Vigna 2016) ---- */

struct random {
	uint64_t state;
};

static uint32_t random_below(struct random *random, uint32_t bound)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return (uint32_t)((random->state * 0x2545f4914f6cdd1du) >> 32) % bound;
}

static bool random_bool(struct random *random)
{
	return random_below(random, 2);
}

static const char *random_of(struct random *random, const char *const *choices, uint32_t count)
{
	return choices[random_below(random, count)];
}

/* ---- random documents ---- */

static json_t *random_name(struct random *random)
{
	static const char first[] = "abcXYZ019";
	static const char rest[] = "abcXYZ019._-";
	char name[CAROM_NAME_BYTES];
	uint32_t length = 1 + random_below(random, random_bool(random) ? 4 : CAROM_NAME_BYTES - 1);

	name[0] = first[random_below(random, sizeof(first) - 1)];
	for (uint32_t at = 1; at < length; at++)
		name[at] = rest[random_below(random, sizeof(rest) - 1)];
	name[length] = '\0';
	return json_string(name);
}

/* Distinct by number; VIPs and backends live in different networks. */
static json_t *random_address(struct random *random, bool is_vip, uint32_t number)
{
	if (random_bool(random))
		return json_sprintf("%s.%u.%u", is_vip ? "198.51" : "10.9", number >> 8 & 255,
				    number & 255);
	return json_sprintf("2001:db8:%x::%x", is_vip ? 2 : 1, number + 1);
}

static json_t *random_backend(struct random *random, uint32_t number)
{
	static const char *const states[] = {"active", "drain", "disabled"};
	json_t *backend = json_pack("{s:o}", "address", random_address(random, false, number));

	if (random_bool(random))
		json_object_set_new(backend, "weight", json_integer(random_below(random, 65536)));
	if (random_bool(random))
		json_object_set_new(backend, "state", json_string(random_of(random, states, 3)));
	return backend;
}

static json_t *random_vip(struct random *random, uint32_t number, uint32_t size)
{
	static const char *const protocols[] = {"tcp", "udp"};
	static const char *const trackings[] = {"changes", "always", "never"};
	static const char *const on_downs[] = {"keep", "reset"};
	json_t *vip = json_pack("{s:o, s:i, s:s}", "address", random_address(random, true, number),
				"port", random_below(random, 65536), "protocol",
				random_of(random, protocols, 2));
	json_t *backends = json_object();
	uint32_t count = random_below(random, size);

	if (random_bool(random))
		json_object_set_new(vip, "tracking", json_string(random_of(random, trackings, 3)));
	if (random_bool(random))
		json_object_set_new(vip, "on_down", json_string(random_of(random, on_downs, 2)));
	if (random_bool(random))
		json_object_set_new(
			vip, "ring_slots",
			json_integer(random_bool(random) ? 0 : 256u << random_below(random, 10)));
	for (uint32_t index = 0; index < count; index++) {
		json_t *name = random_name(random);

		json_object_set_new(backends, json_string_value(name),
				    random_backend(random, index));
		json_decref(name);
	}
	if (count || random_bool(random))
		json_object_set(vip, "backends", backends);
	json_decref(backends);
	return vip;
}

static json_t *random_node(struct random *random)
{
	static const char *const modes[] = {"auto", "native", "generic"};
	json_t *interfaces = json_array();
	json_t *node = json_pack("{s:o}", "interfaces", interfaces);
	uint32_t count = 1 + random_below(random, CONFIG_INTERFACES_MAX);

	for (uint32_t index = 0; index < count; index++) {
		json_t *interface = json_pack("{s:o}", "name", json_sprintf("eth%u", index));

		if (random_bool(random))
			json_object_set_new(interface, "mode",
					    json_string(random_of(random, modes, 3)));
		json_array_append_new(interfaces, interface);
	}
	if (random_bool(random))
		json_object_set_new(node, "name", random_name(random));
	if (random_bool(random))
		json_object_set_new(node, "hash_seed", json_string("a \"seed\"\n\u00e9\\"));
	if (random_bool(random))
		json_object_set_new(node, "outer_source4",
				    json_sprintf("10.%u.0.0/16", random_below(random, 256)));
	if (random_bool(random))
		json_object_set_new(node, "outer_source6",
				    json_sprintf("2001:db8:9::/%u", 96 + random_below(random, 33)));
	if (random_bool(random))
		json_object_set_new(node, "limits",
				    json_pack("{s:i, s:i}", "slots", 1 << 24, "flows",
					      128 + random_below(random, 1000)));
	if (random_bool(random))
		json_object_set_new(
			node, "flow_idle_timeout_ms",
			json_integer(1000 * (json_int_t)(10 + random_below(random, 32759))));
	return node;
}

static json_t *random_api(struct random *random)
{
	return json_pack("{s:[o, s]}", "listen",
			 json_sprintf("127.0.0.1:%u", 1 + random_below(random, 65535)),
			 random_bool(random) ? "unix:/run/x" : "[::1]:80");
}

/* size: more than it has VIPs, and than any of them has backends. */
static json_t *random_document(struct random *random, uint32_t size)
{
	json_t *vips = json_object();
	json_t *document = json_pack("{s:o, s:o}", "vips", vips, "node", random_node(random));
	uint32_t count = random_below(random, size);

	for (uint32_t index = 0; index < count; index++) {
		json_t *name = random_name(random);

		json_object_set_new(vips, json_string_value(name), random_vip(random, index, size));
		json_decref(name);
	}
	if (random_bool(random))
		json_object_set_new(document, "api", random_api(random));
	return document;
}

/* ---- what is valid is read as written ---- */

static json_int_t integer_or(const json_t *object, const char *key, json_int_t fallback)
{
	const json_t *value = json_object_get(object, key);

	return value ? json_integer_value(value) : fallback;
}

static const char *text_or(const json_t *object, const char *key, const char *fallback)
{
	const json_t *value = json_object_get(object, key);

	return value ? json_string_value(value) : fallback;
}

static void assert_address(const struct carom_address *found, const json_t *object)
{
	char text[ADDRESS_TEXT_BYTES];

	assert_string_equal(address_format(found, text), text_or(object, "address", NULL));
}

static void assert_backend_is(const struct config_backend *found, const json_t *expected)
{
	assert_address(&found->address, expected);
	assert_int_equal(found->weight, integer_or(expected, "weight", 1));
	assert_string_equal(config_state_name(found->state), text_or(expected, "state", "active"));
}

static void assert_vip_is(const struct config_vip *found, const json_t *expected)
{
	json_t *backends = json_object_get(expected, "backends"), *backend;
	const char *name, *previous = "";

	assert_address(&found->address, expected);
	assert_int_equal(found->port, integer_or(expected, "port", -1));
	assert_int_equal(found->ring_slots, integer_or(expected, "ring_slots", 0));
	assert_string_equal(config_tracking_name(found->tracking),
			    text_or(expected, "tracking",
				    found->protocol == IPPROTO_UDP ? "always" : "changes"));
	assert_string_equal(config_on_down_name(found->on_down),
			    text_or(expected, "on_down", "keep"));
	assert_string_equal(config_protocol_name(found->protocol),
			    text_or(expected, "protocol", NULL));
	assert_int_equal(found->backend_count, json_object_size(backends));
	json_object_foreach(backends, name, backend)
		assert_backend_is(config_find_backend(found, name), backend);
	for (size_t index = 0; index < found->backend_count; index++) {
		assert_true(strcmp(previous, found->backends[index].name) < 0);
		previous = found->backends[index].name;
	}
}

static void the_valid_is_read_as_written(void **state)
{
	struct random random = {SEED};

	(void)state;
	for (int round = 0; round < VALID_ROUNDS; round++) {
		json_t *document = random_document(&random, LARGE), *vip;
		struct config *config = config_of_json(document);
		const char *name;

		assert_int_equal(config->vip_count,
				 json_object_size(json_object_get(document, "vips")));
		json_object_foreach(json_object_get(document, "vips"), name, vip)
			assert_vip_is(config_find_vip(config, name), vip);
		assert_round_trip(config);
		config_unref(config);
		json_decref(document);
	}
}

/* ---- what is damaged is judged soundly ---- */

/* RFC 6901, section 4. */
static const json_t *follow_pointer(const json_t *json, const char *pointer)
{
	while (json && *pointer) {
		char key[ERROR_POINTER_BYTES];
		size_t length = 0;

		assert_int_equal(*pointer, '/');
		for (pointer++; *pointer && *pointer != '/'; pointer++) {
			key[length] = *pointer;
			if (*pointer == '~')
				key[length] = *++pointer == '0' ? '~' : '/';
			length++;
		}
		key[length] = '\0';
		json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10))
					   : json_object_get(json, key);
	}
	return json;
}

static void assert_errors_are_sound(const struct error_list *errors, const json_t *document)
{
	for (size_t index = 0; index < errors->count; index++) {
		const struct error *fault = &errors->items[index];

		assert_int_not_equal(fault->kind, ERROR_NONE);
		assert_int_not_equal(fault->kind, ERROR_SYSTEM);
		assert_true(strlen(fault->message) > 0);
		assert_null(strpbrk(fault->message, "\n\t\x7f"));
		if (!follow_pointer(document, fault->pointer))
			fail_msg("%s leads nowhere: %s", fault->pointer, fault->message);
	}
}

/* Returns whether it was accepted. */
static bool assert_judged_soundly(const json_t *document)
{
	struct error_list errors = {0};
	struct config *config = config_from_json(document, &errors);
	bool is_accepted = config;

	assert_int_equal(is_accepted, error_list_is_empty(&errors));
	assert_errors_are_sound(&errors, document);
	if (config)
		assert_round_trip(config);
	config_unref(config);
	error_list_done(&errors);
	return is_accepted;
}

static char *random_text(struct random *random)
{
	json_t *document = random_document(random, SMALL);
	char *text = json_dumps(document, random_bool(random) ? JSON_INDENT(1) : JSON_COMPACT);

	assert_non_null(text);
	json_decref(document);
	return text;
}

/* Overwrites, doubles or removes a few bytes. The copy is of exactly its size. */
static char *damage_bytes(struct random *random, const char *text, size_t *ret_length)
{
	static const char bytes[] = "{}[]\":,\\0159-.eEtfnu/~ \n\0\xff\xc3\x80";
	size_t length = strlen(text);
	size_t at = random_below(random, (uint32_t)length);
	size_t span = 1 + random_below(random, 3);
	size_t kept = at + span < length ? at + span : length;
	uint32_t way = random_below(random, 3);
	size_t resumed = way == 0 ? at + (kept - at) : way == 1 ? at : kept;
	size_t head = way == 2 ? at : kept;
	char *copy = malloc(head + length - resumed + 1);

	assert_non_null(copy);
	memcpy(copy, text, head);
	memcpy(copy + head, text + resumed, length - resumed);
	if (way == 0)
		copy[at] = bytes[random_below(random, sizeof(bytes) - 1)];
	*ret_length = head + length - resumed;
	return copy;
}

static void damaged_bytes_are_judged_soundly(void **state)
{
	struct random random = {SEED + 1};
	int loaded = 0, accepted = 0;

	(void)state;
	for (int round = 0; round < BYTE_ROUNDS; round++) {
		struct error_list errors = {0};
		char *text = random_text(&random);
		size_t length;
		char *damaged = damage_bytes(&random, text, &length);
		json_t *document = json_parse(damaged, length, &errors);

		assert_int_equal(errors.count, document ? 0 : 1);
		if (document) {
			loaded++;
			accepted += assert_judged_soundly(document);
		}
		json_decref(document);
		error_list_done(&errors);
		free(damaged);
		free(text);
	}
	/* Some of each, or the test says little. */
	assert_in_range(loaded, BYTE_ROUNDS / 20, BYTE_ROUNDS * 19 / 20);
	assert_in_range(accepted, BYTE_ROUNDS / 100, loaded - BYTE_ROUNDS / 100);
}

static json_t *random_value(struct random *random)
{
	switch (random_below(random, 10)) {
	case 0: return json_null();
	case 1: return json_true();
	case 2: return json_real(random_below(random, 1000) / 7.0);
	case 3: return json_integer((json_int_t)random_below(random, 300000) - 1000);
	case 4: return json_integer(INT64_MIN);
	case 5: return json_object();
	case 6: return json_array();
	case 7: return json_string("10.9.0.1");
	case 8: return json_string("");
	default: return json_string("~/\n\u00e9 %s %n '\"");
	}
}

static json_t *damage_structure(struct random *random, json_t *json, int depth);

static void damage_object(struct random *random, json_t *object, int depth)
{
	uint32_t chosen = random_below(random, (uint32_t)json_object_size(object));
	void *iterator = json_object_iter(object);
	char *key;

	while (chosen--)
		iterator = json_object_iter_next(object, iterator);
	key = strdup(json_object_iter_key(iterator));
	assert_non_null(key);
	switch (random_below(random, 8)) {
	case 0: json_object_del(object, key); break;
	case 1: json_object_set_new(object, "a~b/c", random_value(random)); break;
	case 2: json_object_set(object, "web", json_object_get(object, key)); break;
	default:
		json_object_set_new(object, key,
				    damage_structure(random, json_object_get(object, key), depth));
	}
	free(key);
}

/* A new reference: to the same thing, damaged somewhere inside, or to something else. */
static json_t *damage_structure(struct random *random, json_t *json, int depth)
{
	if (depth > 0 && json_object_size(json) > 0 && random_below(random, 8)) {
		damage_object(random, json, depth - 1);
		return json_incref(json);
	}
	if (depth > 0 && json_array_size(json) > 0 && random_below(random, 8)) {
		size_t index = random_below(random, (uint32_t)json_array_size(json));
		json_t *element = json_array_get(json, index);

		json_array_set_new(json, index, damage_structure(random, element, depth - 1));
		return json_incref(json);
	}
	return random_value(random);
}

static void damaged_structures_are_judged_soundly(void **state)
{
	struct random random = {SEED + 2};
	int accepted = 0;

	(void)state;
	for (int round = 0; round < STRUCTURE_ROUNDS; round++) {
		json_t *document = random_document(&random, SMALL), *damaged = document;

		for (uint32_t wounds = 1 + random_below(&random, 3); wounds > 0; wounds--) {
			damaged = damage_structure(&random, document, DEPTH_MAX);
			json_decref(document);
			document = damaged;
		}
		accepted += assert_judged_soundly(damaged);
		json_decref(damaged);
	}
	assert_in_range(accepted, STRUCTURE_ROUNDS / 100, STRUCTURE_ROUNDS * 99 / 100);
}

/* ---- an edit is judged as the whole is ---- */

/* From so few addresses that clashes are frequent. */
static json_t *clashing_vip(struct random *random)
{
	json_t *backends = json_object();
	json_t *vip = json_pack("{s:o, s:i, s:s, s:o}", "address",
				json_sprintf("10.9.0.%u", 1 + random_below(random, 12)), "port",
				random_below(random, 3), "protocol",
				random_bool(random) ? "tcp" : "udp", "backends", backends);

	for (uint32_t index = 0; index < random_below(random, 3); index++) {
		char name[] = {'b', (char)('0' + index), '\0'};

		json_object_set_new(
			backends, name,
			json_pack("{s:o}", "address",
				  json_sprintf("10.9.0.%u",
					       9 + 4 * index + random_below(random, 4))));
	}
	return vip;
}

/* The whole document with the edit, through the door that files come in by. */
static bool whole_is_accepted(const struct config *base, const char *name, json_t *edited)
{
	struct error_list errors = {0};
	json_t *document = config_to_json(base);
	struct config *config;
	bool is_accepted;

	json_object_set(json_object_get(document, "vips"), name, edited);
	config = config_from_json(document, &errors);
	is_accepted = config;
	config_unref(config);
	json_decref(document);
	error_list_done(&errors);
	return is_accepted;
}

/* Consumes the base; returns what is in force after the edit. */
static struct config *try_edit(struct random *random, struct config *base, int *ret_accepted)
{
	char name[] = {'v', (char)('0' + random_below(random, 8)), '\0'};
	struct error_list errors = {0};
	json_t *json = clashing_vip(random);
	struct config_vip *vip = config_vip_from_json(json, name, "", &errors);
	struct config *edited;

	assert_non_null(vip);
	edited = config_with_vip(base, vip, &errors);
	assert_int_equal(edited ? 1 : 0, whole_is_accepted(base, name, json));
	assert_int_equal(edited ? 1 : 0, error_list_is_empty(&errors));
	if (edited) {
		++*ret_accepted;
		config_unref(base);
		base = edited;
	}
	error_list_done(&errors);
	config_vip_unref(vip);
	json_decref(json);
	return base;
}

static void an_edit_is_judged_as_the_whole_is(void **state)
{
	struct random random = {SEED + 3};
	struct config *config = config_of(
		"{'node': {'interfaces': [{'name': 'e'}], 'limits': {'vips': 6, 'backends': 8}}}");
	int accepted = 0;

	(void)state;
	for (int round = 0; round < EDIT_ROUNDS; round++)
		config = try_edit(&random, config, &accepted);
	assert_in_range(accepted, EDIT_ROUNDS / 20, EDIT_ROUNDS * 19 / 20);
	assert_round_trip(config);
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_valid_is_read_as_written),
		cmocka_unit_test(damaged_bytes_are_judged_soundly),
		cmocka_unit_test(damaged_structures_are_judged_soundly),
		cmocka_unit_test(an_edit_is_judged_as_the_whole_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
