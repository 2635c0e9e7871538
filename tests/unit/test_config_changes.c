/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between two configs, and what is made of one and such differences. */
#include "config_documents.h"

#define CHANGES_BYTES 512

#define ALL "'all': {'address': '192.0.2.20', 'port': 0, 'protocol': 'tcp'}"
#define NEW "'new': {'address': '192.0.2.40', 'port': 1, 'protocol': 'tcp'}"

/* "-name", "+name" or "~name" for each change, in the walk's order. */
static const char *changes_text(const struct config *before, const struct config *after)
{
	static char text[CHANGES_BYTES];
	struct config_changes walk = {.before = before, .after = after};
	struct config_change change;
	size_t used = 0;

	text[0] = '\0';
	while (config_changes_next(&walk, &change)) {
		const char *sign = !change.before ? "+" : !change.after ? "-" : "~";
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s ", sign,
					 change.name);
		assert_true(used < sizeof(text));
	}
	assert_false(config_changes_next(&walk, &change));
	return text;
}

static void nothing_differs_from_itself_nor_from_an_equal(void **state)
{
	struct config *one = config_of(THREE_VIPS), *other = config_of(THREE_VIPS);
	struct config *none = config_of("{" NODE "}");

	(void)state;
	assert_string_equal(changes_text(one, one), "");
	assert_string_equal(changes_text(one, other), "");
	assert_string_equal(changes_text(none, none), "");
	config_unref(none);
	config_unref(other);
	config_unref(one);
}

static void each_difference_is_told_once_in_order(void **state)
{
	struct config *before = config_of(THREE_VIPS);
	struct config *after =
		config_of("{" NODE ", 'vips': {" NEW ", 'web': {" WEB "}, " ALL "}}");
	struct config *none = config_of("{" NODE "}");

	(void)state;
	assert_string_equal(changes_text(before, after), "-dns +new ~web ");
	assert_string_equal(changes_text(after, before), "+dns -new ~web ");
	assert_string_equal(changes_text(none, before), "+all +dns +web ");
	assert_string_equal(changes_text(before, none), "-all -dns -web ");
	config_unref(none);
	config_unref(after);
	config_unref(before);
}

static void equal_vips_are_shared_and_others_are_not(void **state)
{
	struct config *base = config_of(THREE_VIPS);
	struct config *config =
		config_of("{" NODE ", 'vips': {" NEW ", 'web': {" WEB "}, " ALL "}}");

	(void)state;
	config_share_equal(config, base);
	assert_ptr_equal(config->vips[0], base->vips[0]);
	assert_string_equal(config->vips[1]->name, "new");
	assert_int_equal(config->vips[2]->backend_count, 0);
	config_share_equal(config, base);
	config_unref(base);
	assert_string_equal(config->vips[0]->name, "all");
	config_unref(config);
}

static void an_edit_replaces_adds_and_removes(void **state)
{
	struct config *base = config_of(THREE_VIPS), *edited;
	struct config_vip *changed[] = {
		vip_of("web", "{" WEB "}"),
		vip_of("a", "{'address': '192.0.2.40', 'port': 1, 'protocol': 'tcp'}"),
	};
	const struct config_edit edits[] = {
		{CONFIG_KIND_VIP, "a", &changed[1]->object},
		{CONFIG_KIND_VIP, "dns", NULL},
		{CONFIG_KIND_VIP, "never-there", NULL},
		{CONFIG_KIND_VIP, "web", &changed[0]->object},
	};

	(void)state;
	edited = config_merge_edits(base, edits, 4);
	assert_string_equal(changes_text(base, edited), "+a -dns ~web ");
	assert_ptr_equal(edited->vips[0], changed[1]);
	assert_ptr_equal(edited->vips[1], base->vips[0]);
	assert_ptr_equal(edited->vips[2], changed[0]);
	assert_string_equal(edited->node.name, base->node.name);
	config_vip_unref(changed[0]);
	config_vip_unref(changed[1]);
	config_unref(base);
	assert_string_equal(edited->vips[1]->name, "all");
	config_unref(edited);
}

static void an_edit_is_checked_only_when_asked(void **state)
{
	struct error_list errors = {0};
	struct config *base = config_of(THREE_VIPS), *edited;
	struct config_vip *twin = vip_of("twin", "{" WEB "}");
	const struct config_edit edit = {CONFIG_KIND_VIP, "twin", &twin->object};

	(void)state;
	assert_int_equal(config_check(base, &errors), 0);
	edited = config_merge_edits(base, &edit, 1);
	assert_non_null(edited);
	assert_int_equal(config_check(edited, &errors), -1);
	assert_string_equal(errors_text(&errors),
			    "conflict /vips/web/address: vip 'web': address '192.0.2.10' with port"
			    " 443 and protocol 'tcp' is that of vip 'twin'\n");
	config_unref(edited);
	config_vip_unref(twin);
	config_unref(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_differs_from_itself_nor_from_an_equal),
		cmocka_unit_test(each_difference_is_told_once_in_order),
		cmocka_unit_test(equal_vips_are_shared_and_others_are_not),
		cmocka_unit_test(an_edit_replaces_adds_and_removes),
		cmocka_unit_test(an_edit_is_checked_only_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
