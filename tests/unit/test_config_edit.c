/* SPDX-License-Identifier: BSD-2-Clause */
/* New desired states out of one: edits, which share what they do not touch, and replacements. */
#include "config_documents.h"
#include "config_parts.h"
#include "config_support.h"

/* ---- edits ---- */

static void an_edit_shares_all_but_its_vip(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of(THREE_VIPS);
	struct config_vip *vip = vip_of("dns", "{" DNS ", 'ring_slots': 256}");
	struct config *edited = config_with_vip(base, vip, &errors);

	(void)state;
	assert_string_equal(errors_text(&errors), "");
	assert_int_equal(edited->vip_count, 3);
	assert_ptr_equal(edited->vips[0], base->vips[0]);
	assert_ptr_equal(edited->vips[1], vip);
	assert_ptr_equal(edited->vips[2], base->vips[2]);
	assert_int_equal(base->vips[1]->ring_slots, 0);
	assert_string_equal(edited->node.name, base->node.name);
	assert_int_equal(edited->api.listen_count, 1);
	assert_false(config_objects_equal(base, edited));
	config_vip_unref(vip);
	config_unref(base);
	assert_string_equal(edited->vips[2]->name, "web");
	config_unref(edited);
}

static void a_new_vip_is_put_in_order(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of(THREE_VIPS);
	struct config_vip *vip = vip_of("mail", "{'address': '192.0.2.30', 'port': 25,"
						" 'protocol': 'tcp'}");
	struct config *more = config_with_vip(base, vip, &errors);
	struct config *less = config_without_vip(more, "mail", &errors);

	(void)state;
	assert_string_equal(errors_text(&errors), "");
	assert_int_equal(more->vip_count, 4);
	assert_string_equal(more->vips[2]->name, "mail");
	assert_string_equal(more->vips[3]->name, "web");
	assert_ptr_equal(config_find_vip(more, "mail"), vip);
	assert_null(config_find_vip(base, "mail"));
	assert_null(config_find_vip(base, "zzz"));
	assert_true(config_objects_equal(less, base));
	config_unref(less);
	config_unref(more);
	config_vip_unref(vip);
	config_unref(base);
}

static void assert_edit_refused(const char *name, const char *text, const char *expected)
{
	struct error_list errors = {0};
	struct config *base = config_of(THREE_VIPS);
	struct config_vip *vip = vip_of(name, text);

	assert_null(config_with_vip(base, vip, &errors));
	assert_string_equal(errors_text(&errors), expected);
	assert_int_equal(vip->references, 1);
	config_vip_unref(vip);
	config_unref(base);
}

static void an_edit_that_clashes_is_refused(void **state)
{
	(void)state;
	assert_edit_refused("new", "{" WEB "}",
			    "conflict /vips/new/address: vip 'new': address '192.0.2.10' with"
			    " port 443 and protocol 'tcp' is that of vip 'web'\n");
	assert_edit_refused("all", "{" WEB "}",
			    "conflict /vips/all/address: vip 'all': address '192.0.2.10' with"
			    " port 443 and protocol 'tcp' is that of vip 'web'\n");
	assert_edit_refused("new", "{'address': '10.0.0.9', 'port': 1, 'protocol': 'tcp'}",
			    "conflict /vips/new/address: vip 'new': address '10.0.0.9' is that of"
			    " backend 'd' of vip 'dns'; a packet sent there would come straight"
			    " back\n");
	assert_edit_refused("web",
			    "{" WEB ", 'backends': {'x': {'address': '192.0.2.20'}, 'y':"
			    " {'address': '192.0.2.10'}}}",
			    "conflict /vips/web/backends/x/address: vip 'web': backend 'x':"
			    " address '192.0.2.20' is that of vip 'all'; a packet sent there"
			    " would come straight back\n"
			    "conflict /vips/web/backends/y/address: vip 'web': backend 'y':"
			    " address '192.0.2.10' is that of vip 'web'; a packet sent there"
			    " would come straight back\n");
}

static void an_edit_over_the_limits_is_refused(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of(
		"{'node': {'interfaces': [{'name': 'e'}], 'limits': {'vips': 1, 'backends': 2,"
		" 'slots': 4096}}, 'vips': {'web': {" WEB ", 'backends': {" TWO "}}}}");
	struct config_vip *vip =
		vip_of("dns", "{" DNS ", 'backends': {'d': {'address': '10.0.0.9'}}}");

	(void)state;
	assert_null(config_with_vip(base, vip, &errors));
	assert_string_equal(errors_text(&errors),
			    "limit /vips/dns: vip 'dns': 2 vips in all exceed node.limits.vips,"
			    " which is 1\n"
			    "limit /vips/dns: vip 'dns': 3 backends in all exceed"
			    " node.limits.backends, which is 2\n"
			    "limit /vips/dns: vip 'dns': 8192 slots in all exceed"
			    " node.limits.slots, which is 4096\n");
	config_vip_unref(vip);
	config_unref(base);
}

static void what_does_not_exist_cannot_be_removed(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of(THREE_VIPS);

	(void)state;
	assert_null(config_without_vip(base, "mail", &errors));
	assert_null(config_vip_without_backend(base->vips[2], "b/3", &errors));
	assert_string_equal(errors_text(&errors),
			    "not-found /vips/mail: vip 'mail' does not exist\n"
			    "not-found /vips/web/backends/b~13: vip 'web': backend 'b/3' does not"
			    " exist\n");
	config_unref(base);
}

/* What an edit of backends must not touch. */
#define KEPT WEB ", 'ring_slots': 512, 'tracking': 'always', 'on_down': 'reset'"

static void backends_are_edited_one_by_one(void **state)
{
	struct error_list errors = {0};
	struct config_vip *base = vip_of("web", "{" KEPT ", 'backends': {" TWO "}}");
	struct config_vip *all =
		vip_of("web", "{" KEPT ", 'backends': {" TWO ", 'b15': {'address': '10.0.0.3',"
			      " 'weight': 7}}}");
	struct config_backend backend = *config_find_backend(all, "b15");
	struct config_vip *more = config_vip_with_backend(config_vip_ref(base), &backend, &errors);
	struct config_vip *less = config_vip_without_backend(more, "b15", &errors);
	struct config_vip *heavier;

	(void)state;
	backend.weight = 9;
	heavier = config_vip_with_backend(more, &backend, &errors);
	assert_string_equal(errors_text(&errors), "");
	assert_true(config_vip_equal(more, all));
	assert_int_equal(more->references, 1);
	assert_true(config_vip_equal(less, base));
	assert_int_equal(heavier->backend_count, 3);
	assert_int_equal(config_find_backend(heavier, "b15")->weight, 9);
	assert_int_equal(config_find_backend(more, "b15")->weight, 7);
	config_vip_unref(heavier);
	config_vip_unref(less);
	config_vip_unref(more);
	config_vip_unref(all);
	config_vip_unref(base);
	config_vip_unref(base);
}

static void backends_are_replaced_together(void **state)
{
	struct error_list errors = {0};
	struct config_vip *base = vip_of("web", "{" WEB ", 'backends': {" TWO "}}");
	struct config_backend backends[2] = {base->backends[1], base->backends[0]};
	struct config_vip *same = config_vip_with_backends(base, backends, 2, &errors);
	struct config_vip *none = config_vip_with_backends(base, NULL, 0, &errors);

	(void)state;
	assert_string_equal(errors_text(&errors), "");
	assert_true(config_vip_equal(same, base));
	assert_int_equal(none->backend_count, 0);
	assert_int_equal(none->port, 443);

	backends[1].address = backends[0].address;
	assert_null(config_vip_with_backends(base, backends, 2, &errors));
	assert_null(config_vip_with_backend(base, &backends[1], &errors));
	assert_string_equal(errors_text(&errors),
			    "conflict /vips/web/backends/b1/address: vip 'web': backend 'b1':"
			    " address '10.0.0.2' is that of backend 'b2', too\n"
			    "conflict /vips/web/backends/b1/address: vip 'web': backend 'b1':"
			    " address '10.0.0.2' is that of backend 'b2', too\n");
	config_vip_unref(none);
	config_vip_unref(same);
	config_vip_unref(base);
}

/* ---- clashes: what has changed is at fault, whichever name sorts last ---- */

#define AT_10_2 "{'address': '10.0.0.2'}"
#define AT_10_3 "{'address': '10.0.0.3'}"
#define B1_AT_FAULT                                                                                \
	"conflict /vips/web/backends/b1/address: vip 'web': backend 'b1': address '10.0.0.3' is"   \
	" that of backend 'b2', too\n"

static void the_changed_backend_is_at_fault(void **state)
{
	struct error_list errors = {0};
	struct config_vip *base =
		vip_of("web", "{" WEB ", 'backends': {'b1': " AT_10_2 ", 'b2': " AT_10_3 "}}");
	json_t *both = json_of("{" WEB ", 'backends': {'b1': " AT_10_3 ", 'b2': " AT_10_3 "}}");
	struct config_backend backend = base->backends[0];

	(void)state;
	backend.address = base->backends[1].address;
	assert_null(config_vip_with_backend(base, &backend, &errors));
	assert_string_equal(errors_text(&errors), B1_AT_FAULT);
	assert_null(config_vip_replace_from_json(base, both, "web", "/vips/web", &errors));
	assert_string_equal(errors_text(&errors), B1_AT_FAULT);
	assert_null(config_vip_from_json(both, "web", "/vips/web", &errors));
	assert_string_equal(errors_text(&errors),
			    "conflict /vips/web/backends/b2/address: vip 'web': backend 'b2':"
			    " address '10.0.0.3' is that of backend 'b1', too\n");
	json_decref(both);
	config_vip_unref(base);
}

static void the_changed_part_of_a_replacement_is_at_fault(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of("{" NODE ", 'vips': {'web': {" WEB
					", 'backends': {'b1': " AT_10_2 ", 'b2': " AT_10_3 "}}}}");
	json_t *backends = json_of("{'vips': {'web': {" WEB ", 'backends': {'b1': " AT_10_3
				   ", 'b2': " AT_10_3 "}}}}");
	json_t *vips = json_of("{'vips': {'all': {" WEB "}, 'web': {" WEB "}}}");

	(void)state;
	assert_null(config_replace_from_json(base, backends, &errors));
	assert_string_equal(errors_text(&errors), B1_AT_FAULT);
	assert_null(config_replace_from_json(base, vips, &errors));
	assert_string_equal(errors_text(&errors),
			    "conflict /vips/all/address: vip 'all': address '192.0.2.10' with"
			    " port 443 and protocol 'tcp' is that of vip 'web'\n");
	json_decref(vips);
	json_decref(backends);
	config_unref(base);
}

static void of_two_new_vips_the_later_is_at_fault(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of("{" NODE "}");
	struct config_vip *first = vip_of("a", "{" WEB "}"), *second = vip_of("b", "{" WEB "}");
	struct config_edit edits[] = {{CONFIG_KIND_VIP, "a", &first->object},
				      {CONFIG_KIND_VIP, "b", &second->object}};

	(void)state;
	assert_null(config_with_edits(base, edits, 2, &errors));
	assert_string_equal(errors_text(&errors),
			    "conflict /vips/b/address: vip 'b': address '192.0.2.10' with port 443"
			    " and protocol 'tcp' is that of vip 'a'\n");
	config_vip_unref(second);
	config_vip_unref(first);
	config_unref(base);
}

/* ---- replacing the whole ---- */

static void what_was_printed_can_be_put_back(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of(EVERY_KEY);
	json_t *printed = config_to_json(base);
	struct config *again = config_replace_from_json(base, printed, &errors);

	(void)state;
	assert_string_equal(errors_text(&errors), "");
	assert_true(config_objects_equal(again, base));
	config_unref(again);
	json_decref(printed);
	config_unref(base);
}

static void a_replacement_may_leave_out_the_node(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of(EVERY_KEY);
	json_t *body = json_of("{'vips': {'web': {" WEB "}}}");
	struct config *replaced = config_replace_from_json(base, body, &errors);

	(void)state;
	assert_string_equal(errors_text(&errors), "");
	assert_int_equal(replaced->vip_count, 1);
	assert_string_equal(replaced->node.hash_seed, "paris");
	assert_int_equal(replaced->api.listen_count, 3);
	config_unref(replaced);
	json_decref(body);
	config_unref(base);
}

static void assert_replacement_refused(const char *text, const char *expected)
{
	struct error_list errors = {0};
	struct config *base = config_of(EVERY_KEY);
	json_t *body = json_of(text);

	assert_null(config_replace_from_json(base, body, &errors));
	assert_string_equal(errors_text(&errors), expected);
	json_decref(body);
	config_unref(base);
}

#define ONLY_A_RESTART "; only the file sets it, and only a restart changes it\n"
#define MISSES(key, value)                                                                         \
	"invalid /api: api: without " key " it differs from what runs, " value ONLY_A_RESTART
#define TLS "{\"certificate\":\"/c.pem\",\"key\":\"/k.pem\",\"client_ca\":\"/ca.pem\"}"

static void a_replacement_cannot_change_the_node(void **state)
{
	(void)state;
	assert_replacement_refused("{}", "invalid : the document: key 'vips' is missing\n");
	assert_replacement_refused(
		"{'vips': {}, 'api': {}}",
		MISSES("listen", "[\"127.0.0.1:7007\",\"unix:/run/x.sock\",\"[::1]:65535\"]")
			MISSES("socket_mode", "\"0600\"") MISSES("socket_group", "\"adm\"")
				MISSES("tls", TLS) MISSES("tokens", "\"/t\""));
	assert_replacement_refused(
		"{'vips': {}, 'node': {'name': 'lb1', 'interfaces': [{'name': 'eth0', 'mode':"
		" 'native'}, {'name': 'eth1.7', 'mode': 'generic'}], 'hash_seed': 'rome',"
		" 'outer_source4': '10.255.0.0/16', 'limits': {'vips': 10, 'backends': 20,"
		" 'slots': 65536, 'flows': 128, 'flow_inserts_per_s': 7}, 'flow_idle_timeout_ms':"
		" 20000, 'bpf_dir': '/sys/fs/bpf/x', 'state_dir': ''}}",
		"invalid /node/hash_seed: node: hash_seed differs from what runs,"
		" \"paris\"" ONLY_A_RESTART
		"invalid /node: node: without outer_source6 it differs from what runs,"
		" \"2001:db8:ffff::/96\"" ONLY_A_RESTART
		"invalid /node/flow_idle_timeout_ms: node: flow_idle_timeout_ms differs from what"
		" runs, 32768000" ONLY_A_RESTART);
}

static void a_replacement_cannot_add_to_the_node(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of("{" NODE "}");
	json_t *body = json_of("{'vips': {}, 'node': {'interfaces': [{'name': 'eth0'}],"
			       " 'outer_source4': '10.255.0.0/16'}}");

	(void)state;
	assert_null(config_replace_from_json(base, body, &errors));
	assert_string_equal(errors_text(&errors),
			    "invalid /node/outer_source4: node: outer_source4 differs from what"
			    " runs, nothing" ONLY_A_RESTART);
	json_decref(body);
	config_unref(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edit_shares_all_but_its_vip),
		cmocka_unit_test(a_new_vip_is_put_in_order),
		cmocka_unit_test(an_edit_that_clashes_is_refused),
		cmocka_unit_test(an_edit_over_the_limits_is_refused),
		cmocka_unit_test(what_does_not_exist_cannot_be_removed),
		cmocka_unit_test(backends_are_edited_one_by_one),
		cmocka_unit_test(backends_are_replaced_together),
		cmocka_unit_test(the_changed_backend_is_at_fault),
		cmocka_unit_test(the_changed_part_of_a_replacement_is_at_fault),
		cmocka_unit_test(of_two_new_vips_the_later_is_at_fault),
		cmocka_unit_test(what_was_printed_can_be_put_back),
		cmocka_unit_test(a_replacement_may_leave_out_the_node),
		cmocka_unit_test(a_replacement_cannot_change_the_node),
		cmocka_unit_test(a_replacement_cannot_add_to_the_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
