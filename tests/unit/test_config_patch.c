/* SPDX-License-Identifier: BSD-2-Clause */
/* Patches of desired states: what they make, what they share, what they refuse; and differences. */
#include "config_documents.h"
#include "config_patch.h"
#include "config_support.h"

/* Which part of THREE_VIPS a patch is for. */
struct part {
	const char *vip, *backend; /* NULL: the whole of what is around it */
};

static const struct part whole = {NULL, NULL};
static const struct part web = {"web", NULL};
static const struct part b1 = {"web", "b1"};

static struct config *patch_part(const struct config *base, const struct part *part,
				 enum config_patch_kind kind, const char *text,
				 struct error_list *errors)
{
	json_t *body = json_of(text);
	struct config_patch patch = {.kind = kind, .body = body};
	struct config *config;

	if (part->backend)
		config = config_patch_backend(base, part->vip, part->backend, &patch, errors);
	else if (part->vip)
		config = config_patch_vip(base, part->vip, &patch, errors);
	else
		config = config_patch_all(base, &patch, errors);
	json_decref(body);
	return config;
}

static struct config *patched(const struct config *base, const struct part *part,
			      enum config_patch_kind kind, const char *text)
{
	struct error_list errors = {0};
	struct config *config = patch_part(base, part, kind, text, &errors);

	if (!config)
		fail_msg("refused:\n%s", errors_text(&errors));
	return config;
}

static void assert_refused(const struct part *part, enum config_patch_kind kind, const char *text,
			   const char *expected)
{
	struct error_list errors = {0};
	struct config *base = config_of(THREE_VIPS), *untouched = config_of(THREE_VIPS);

	assert_null(patch_part(base, part, kind, text, &errors));
	assert_string_equal(errors_text(&errors), expected);
	assert_true(config_objects_equal(base, untouched));
	assert_int_equal(base->references, 1);
	for (size_t index = 0; index < base->vip_count; index++)
		assert_int_equal(base->vips[index]->references, 1);
	config_unref(untouched);
	config_unref(base);
}

/* Both kinds of patch, which say the same. */
static void assert_both(const struct part *part, const char *outline, const char *operations,
			const char *expected)
{
	struct config *base = config_of(THREE_VIPS), *wanted = config_of(expected);
	struct config *merged = patched(base, part, CONFIG_PATCH_MERGE, outline);
	struct config *operated = patched(base, part, CONFIG_PATCH_OPERATIONS, operations);

	assert_true(config_objects_equal(merged, wanted));
	assert_true(config_objects_equal(operated, wanted));
	config_unref(operated);
	config_unref(merged);
	config_unref(wanted);
	config_unref(base);
}

#define DNS_AND_ALL                                                                                \
	"'dns': {" DNS ", 'backends': {'d': {'address': '10.0.0.9'}}},"                            \
	" 'all': {'address': '192.0.2.20', 'port': 0, 'protocol': 'tcp'}"

/* ---- what a patch makes ---- */

static void each_part_can_be_patched(void **state)
{
	(void)state;
	assert_both(&b1, "{'weight': 7}", "[{'op': 'replace', 'path': '/weight', 'value': 7}]",
		    "{" NODE ", 'vips': {'web': {" WEB ", 'backends': {'b1': {'address':"
		    " '10.0.0.1', 'weight': 7}, 'b2': {'address': '10.0.0.2'}}}, " DNS_AND_ALL
		    "}}");
	assert_both(&web, "{'port': 80, 'backends': {'b2': null}}",
		    "[{'op': 'replace', 'path': '/port', 'value': 80}, {'op': 'remove', 'path':"
		    " '/backends/b2'}]",
		    "{" NODE ", 'vips': {'web': {'address': '192.0.2.10', 'port': 80, 'protocol':"
		    " 'tcp', 'backends': {'b1': {'address': '10.0.0.1'}}}, " DNS_AND_ALL "}}");
	assert_both(&whole, "{'vips': {'web': null, 'new': {" WEB "}, 'dns': {'backends': null}}}",
		    "[{'op': 'remove', 'path': '/vips/web'}, {'op': 'add', 'path': '/vips/new',"
		    " 'value': {" WEB "}}, {'op': 'remove', 'path': '/vips/dns/backends'}]",
		    "{" NODE ", 'vips': {'new': {" WEB "}, 'dns': {" DNS "}, 'all': {'address':"
		    " '192.0.2.20', 'port': 0, 'protocol': 'tcp'}}}");
}

static void what_is_left_out_of_a_vip_is_its_default(void **state)
{
	(void)state;
	assert_both(&b1, "{'state': null, 'weight': null}",
		    "[{'op': 'remove', 'path': '/state'}, {'op': 'remove', 'path': '/weight'}]",
		    THREE_VIPS);
}

static void two_vips_can_exchange_their_addresses(void **state)
{
	(void)state;
	assert_both(&whole,
		    "{'vips': {'web': {'address': '192.0.2.20', 'port': 0}, 'all': {'address':"
		    " '192.0.2.10', 'port': 443}}}",
		    "[{'op': 'replace', 'path': '/vips/web/address', 'value': '192.0.2.20'},"
		    " {'op': 'replace', 'path': '/vips/web/port', 'value': 0},"
		    " {'op': 'replace', 'path': '/vips/all/address', 'value': '192.0.2.10'},"
		    " {'op': 'replace', 'path': '/vips/all/port', 'value': 443}]",
		    "{" NODE ", 'vips': {'all': {" WEB "}, 'dns': {" DNS
		    ", 'backends': {'d': {'address': '10.0.0.9'}}}, 'web': {'address':"
		    " '192.0.2.20', 'port': 0, 'protocol': 'tcp', 'backends': {" TWO "}}}}");
}

static void a_vip_can_be_renamed_and_copied(void **state)
{
	struct config *base = config_of(THREE_VIPS);
	struct config *wanted =
		config_of("{" NODE ", 'vips': {'www': {" WEB ", 'backends': {" TWO "}}, 'www2':"
			  " {'address': '192.0.2.11', 'port': 443, 'protocol': 'tcp',"
			  " 'backends': {" TWO "}}, " DNS_AND_ALL "}}");
	struct config *config =
		patched(base, &whole, CONFIG_PATCH_OPERATIONS,
			"[{'op': 'copy', 'from': '/vips/web', 'path': '/vips/www2'},"
			" {'op': 'replace', 'path': '/vips/www2/address', 'value': '192.0.2.11'},"
			" {'op': 'move', 'from': '/vips/web', 'path': '/vips/www'}]");

	(void)state;
	assert_true(config_objects_equal(config, wanted));
	config_unref(config);
	config_unref(wanted);
	config_unref(base);
}

static void a_patch_may_take_all_vips_as_one(void **state)
{
	struct config *base = config_of(THREE_VIPS), *none = config_of("{" NODE "}");
	struct config *config =
		patched(base, &whole, CONFIG_PATCH_OPERATIONS,
			"[{'op': 'test', 'path': '/node/interfaces/0/name', 'value': 'eth0'},"
			" {'op': 'replace', 'path': '/vips', 'value': {}}]");

	(void)state;
	assert_true(config_objects_equal(config, none));
	config_unref(config);
	config_unref(none);
	config_unref(base);
}

/* ---- what it shares ---- */

static void what_a_patch_does_not_change_is_shared(void **state)
{
	struct config *base = config_of(THREE_VIPS);
	struct config *config =
		patched(base, &whole, CONFIG_PATCH_OPERATIONS,
			"[{'op': 'replace', 'path': '/vips/web/port', 'value': 444},"
			" {'op': 'replace', 'path': '/vips/dns/port', 'value': 53},"
			" {'op': 'test', 'path': '/api/listen', 'value':"
			" ['unix:/run/carom/api.sock']}]");

	(void)state;
	assert_ptr_equal(config->vips[0], base->vips[0]);
	assert_ptr_equal(config->vips[1], base->vips[1]);
	assert_ptr_not_equal(config->vips[2], base->vips[2]);
	assert_int_equal(base->vips[2]->port, 443);
	assert_int_equal(config->vips[2]->port, 444);
	config_unref(config);
	config_unref(base);
}

/* ---- what it refuses ---- */

#define ONLY_A_RESTART "; only the file sets it, and only a restart changes it\n"

static void errors_of_a_merge_patch_point_into_its_body(void **state)
{
	(void)state;
	assert_refused(&whole, CONFIG_PATCH_MERGE, "{'vips': {'web': {'port': 99999}}}",
		       "invalid /vips/web/port: vip 'web': port 99999 is out of range; expected 0"
		       " to 65535\n");
	assert_refused(&web, CONFIG_PATCH_MERGE, "{'backends': {'b1': {'wait': 1}}, 'port': null}",
		       "invalid /backends/b1/wait: vip 'web': backend 'b1': unknown key 'wait'; did"
		       " you mean 'weight'? Known keys: address, weight, state\n"
		       "invalid : vip 'web': key 'port' is missing\n");
	assert_refused(&b1, CONFIG_PATCH_MERGE, "{'address': '10.0.0.2'}",
		       "conflict /address: vip 'web': backend 'b1': address '10.0.0.2' is that of"
		       " backend 'b2', too\n");
	assert_refused(&b1, CONFIG_PATCH_MERGE, "[]",
		       "invalid : backend 'b1' is an array; expected an object\n");
	assert_refused(&whole, CONFIG_PATCH_MERGE, "{'vips': null}",
		       "invalid : the document: key 'vips' is missing\n");
	assert_refused(&whole, CONFIG_PATCH_MERGE, "{'vips': 5}",
		       "invalid /vips: vips is an integer; expected an object\n");
	assert_refused(&whole, CONFIG_PATCH_MERGE, "'x'",
		       "invalid : the document is 'x', a string; expected an object\n");
	assert_refused(&whole, CONFIG_PATCH_MERGE, "{'vip': {}}",
		       "invalid /vip: unknown key 'vip'; did you mean 'vips'? Known keys: node,"
		       " api, vips\n");
	assert_refused(&whole, CONFIG_PATCH_MERGE, "{'vips': {'a/b': {" WEB "}}}",
		       "invalid /vips/a~1b: vip 'a/b' is not a name; expected 1 to 63 of A-Z, a-z,"
		       " 0-9, '.', '_' and '-', the first of them a letter or a digit\n");
}

static void errors_of_operations_point_into_the_patch_or_its_result(void **state)
{
	(void)state;
	assert_refused(&whole, CONFIG_PATCH_OPERATIONS, "[{'op': 'add', 'path': '/vips/web'}]",
		       "invalid /0: patch[0]: key 'value' is missing\n");
	assert_refused(&whole, CONFIG_PATCH_OPERATIONS,
		       "[{'op': 'replace', 'path': '/vips/web/port', 'value': 1}, {'op': 'remove',"
		       " 'path': '/vips/mail/port'}]",
		       "conflict /1/path: patch[1]: path '/vips/mail/port' leads nowhere: '/vips'"
		       " has no 'mail'\n");
	assert_refused(&whole, CONFIG_PATCH_OPERATIONS,
		       "[{'op': 'replace', 'path': '/vips/web/port', 'value': 99999}]",
		       "invalid /vips/web/port: the patched document: vip 'web': port 99999 is out"
		       " of range; expected 0 to 65535\n");
	assert_refused(&web, CONFIG_PATCH_OPERATIONS,
		       "[{'op': 'replace', 'path': '/port', 'value': 99999}]",
		       "invalid /port: the patched document: vip 'web': port 99999 is out of range;"
		       " expected 0 to 65535\n");
	assert_refused(&b1, CONFIG_PATCH_OPERATIONS,
		       "[{'op': 'replace', 'path': '/address', 'value': '192.0.2.20'}]",
		       "conflict /address: the patched document: vip 'web': backend 'b1': address"
		       " '192.0.2.20' is that of vip 'all'; a packet sent there would come straight"
		       " back\n");
	assert_refused(&web, CONFIG_PATCH_OPERATIONS, "{}",
		       "invalid : patch is an object; expected an array of operations\n");
	assert_refused(&whole, CONFIG_PATCH_OPERATIONS,
		       "[{'op': 'copy', 'from': '/vips/web', 'path': '/vips/-'}]",
		       "invalid /vips/-: the patched document: vip '-' is not a name; expected 1 to"
		       " 63 of A-Z, a-z, 0-9, '.', '_' and '-', the first of them a letter or a"
		       " digit\n");
}

static void the_node_cannot_be_patched(void **state)
{
	(void)state;
	assert_refused(&whole, CONFIG_PATCH_MERGE, "{'node': {'hash_seed': 'rome'}}",
		       "invalid /node/hash_seed: node: hash_seed differs from what runs,"
		       " nothing" ONLY_A_RESTART);
	assert_refused(&whole, CONFIG_PATCH_OPERATIONS,
		       "[{'op': 'add', 'path': '/api/listen/-', 'value': '127.0.0.1:7007'}]",
		       "invalid /api/listen: the patched document: api: listen differs from what"
		       " runs, [\"unix:/run/carom/api.sock\"]" ONLY_A_RESTART);
	assert_refused(&whole, CONFIG_PATCH_MERGE, "{'node': null}",
		       "invalid : the document: key 'node' is missing\n");
	assert_refused(&whole, CONFIG_PATCH_OPERATIONS, "[{'op': 'remove', 'path': '/api'}]",
		       "invalid : the patched document: the document: key 'api' is missing\n");
}

static void what_does_not_exist_cannot_be_patched(void **state)
{
	struct part mail = {"ma/il\n", NULL}, backend_of_mail = {"mail", "b1"}, b3 = {"web", "b3"};

	(void)state;
	assert_refused(&mail, CONFIG_PATCH_MERGE, "{}", "not-found : there is no vip 'ma/il?'\n");
	assert_refused(&backend_of_mail, CONFIG_PATCH_MERGE, "{}",
		       "not-found : there is no vip 'mail'\n");
	assert_refused(&b3, CONFIG_PATCH_OPERATIONS, "[]",
		       "not-found : vip 'web' has no backend 'b3'\n");
}

static void only_the_result_must_not_clash(void **state)
{
	(void)state;
	assert_refused(&whole, CONFIG_PATCH_MERGE,
		       "{'vips': {'one': {'address': '10.0.0.1', 'port': 1, 'protocol': 'tcp'},"
		       " 'two': {'address': '192.0.2.20', 'port': 0, 'protocol': 'tcp'}}}",
		       "conflict /vips/one/address: vip 'one': address '10.0.0.1' is that of"
		       " backend 'b1' of vip 'web'; a packet sent there would come straight back\n"
		       "conflict /vips/two/address: vip 'two': address '192.0.2.20' with port 0"
		       " and protocol 'tcp' is that of vip 'all'\n");
}

static void a_patch_over_the_limits_is_refused(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of("{'node': {'interfaces': [{'name': 'e'}], 'limits':"
					" {'vips': 2}}, 'vips': {'web': {" WEB "}}}");

	(void)state;
	assert_null(patch_part(base, &whole, CONFIG_PATCH_MERGE,
			       "{'vips': {'dns': {" DNS
			       "}, 'all': {'address': '192.0.2.20', 'port':"
			       " 0, 'protocol': 'tcp'}}}",
			       &errors));
	assert_string_equal(errors_text(&errors),
			    "limit /vips: vips: 3 vips in all exceed node.limits.vips, which is"
			    " 2\n");
	config_unref(base);
}

/* ---- differences ---- */

static void a_difference_names_what_changed(void **state)
{
	struct config *from = config_of(THREE_VIPS);
	struct config *to = patched(from, &whole, CONFIG_PATCH_MERGE,
				    "{'vips': {'dns': null, 'new': {" DNS
				    ", 'backends': {'n': {'address': '10.0.0.4'}}}, 'web': {'port':"
				    " 80, 'backends': {'b1': {'weight': 5}, 'b2': null, 'b3':"
				    " {'address': '10.0.0.3'}}}}}");
	json_t *expected = json_of(
		"[{'op': 'remove', 'path': '/vips/dns'}, {'op': 'add', 'path': '/vips/new',"
		" 'value': {" DNS ", 'ring_slots': 0, 'tracking': 'always', 'on_down': 'keep',"
		" 'backends': {'n': {'address': '10.0.0.4', 'weight': 1, 'state': 'active'}}}},"
		" {'op': 'replace', 'path': '/vips/web/backends/b1/weight', 'value': 5},"
		" {'op': 'remove', 'path': '/vips/web/backends/b2'},"
		" {'op': 'add', 'path': '/vips/web/backends/b3', 'value': {'address':"
		" '10.0.0.3', 'weight': 1, 'state': 'active'}},"
		" {'op': 'replace', 'path': '/vips/web/port', 'value': 80}]");
	json_t *difference = config_diff(from, to), *none = config_diff(to, to);

	(void)state;
	assert_json_equal(difference, expected);
	assert_int_equal(json_array_size(none), 0);
	json_decref(none);
	json_decref(difference);
	json_decref(expected);
	config_unref(to);
	config_unref(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_can_be_patched),
		cmocka_unit_test(what_is_left_out_of_a_vip_is_its_default),
		cmocka_unit_test(two_vips_can_exchange_their_addresses),
		cmocka_unit_test(a_vip_can_be_renamed_and_copied),
		cmocka_unit_test(a_patch_may_take_all_vips_as_one),
		cmocka_unit_test(what_a_patch_does_not_change_is_shared),
		cmocka_unit_test(errors_of_a_merge_patch_point_into_its_body),
		cmocka_unit_test(errors_of_operations_point_into_the_patch_or_its_result),
		cmocka_unit_test(the_node_cannot_be_patched),
		cmocka_unit_test(what_does_not_exist_cannot_be_patched),
		cmocka_unit_test(only_the_result_must_not_clash),
		cmocka_unit_test(a_patch_over_the_limits_is_refused),
		cmocka_unit_test(a_difference_names_what_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
