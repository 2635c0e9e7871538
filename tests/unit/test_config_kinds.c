/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another kind of objects is one file and one row: this file is that, and the row is in
 * CMakeLists.txt, which builds the config library and the store with it.
 */
#include "store_support.h"

#include "config_parts.h"
#include "config_patch.h"

/* ---- the kind ---- */

struct tag {
	CONFIG_OBJECT;
	uint32_t level;
};

static const struct config_key tag_keys[] = {
	{
		"level",
		.type = &config_type_integer,
		CONFIG_MEMBER(struct tag, level),
		.bounds = {0, 9},
		.default_number = 3,
		.help = "How far up.",
	},
	{NULL},
};

static const struct config_table tag_table = {
	.name = "tag",
	.help = "Something that is no VIP.",
	.keys = tag_keys,
};

static struct config_object *create(const json_t *json)
{
	struct tag *tag = calloc(1, sizeof(*tag));

	(void)json;
	tag->references = 1;
	return &tag->object;
}

static size_t bytes(const struct config_object *object)
{
	(void)object;
	return sizeof(struct tag);
}

extern const struct config_kind_row tag_kind;
const struct config_kind_row tag_kind = {
	.key = "tags",
	.noun = "tag",
	.help = "The tags by name.",
	.table = &tag_table,
	.create = create,
	.bytes = bytes,
};

/* ---- what it can do ---- */

#define TAGS "'tags': {'high': {'level': 8}, 'low': {}}"
#define BOTH "{" NODE ", 'vips': {'web': {" WEB "}}, " TAGS "}"

static const struct tag *tag_of(const struct config *config, const char *name)
{
	return (const struct tag *)config_find_object(config, CONFIG_KIND_TAG, name);
}

static struct config *patched(const struct config *base, enum config_patch_kind kind,
			      const char *text)
{
	json_t *body = json_of(text);
	struct config_patch patch = {kind, body};
	struct error_list errors = {0};
	struct config *config = config_patch_all(base, &patch, &errors);

	if (!config)
		fail_msg("refused:\n%s", errors_text(&errors));
	json_decref(body);
	return config;
}

static void it_is_read_and_printed(void **state)
{
	struct config *config = config_of(BOTH);

	(void)state;
	assert_int_equal(tag_of(config, "high")->level, 8);
	assert_int_equal(tag_of(config, "low")->level, 3);
	assert_null(tag_of(config, "web"));
	assert_round_trip(config);
	config_unref(config);
}

static void its_errors_are_told_as_any(void **state)
{
	json_t *json = json_of("{" NODE ", 'tags': {'high': {'level': 10, 'lewel': 1}}}");
	struct error_list errors = {0};

	(void)state;
	assert_null(config_from_json(json, &errors));
	assert_string_equal(errors_text(&errors),
			    "invalid /tags/high/level: tag 'high': level 10 is out of range;"
			    " expected 0 to 9\n"
			    "invalid /tags/high/lewel: tag 'high': unknown key 'lewel'; did you"
			    " mean 'level'? Known keys: level\n");
	json_decref(json);
}

static void it_is_patched_and_all_else_is_shared(void **state)
{
	struct config *base = config_of(BOTH);
	struct config *merged =
		patched(base, CONFIG_PATCH_MERGE, "{'tags': {'low': null, 'new': {'level': 1}}}");
	struct config *without = patched(base, CONFIG_PATCH_MERGE, "{'tags': null}");
	struct config *operated =
		patched(base, CONFIG_PATCH_OPERATIONS,
			"[{'op': 'replace', 'path': '/tags/high/level', 'value': 7},"
			" {'op': 'remove', 'path': '/vips/web'}]");

	(void)state;
	assert_null(tag_of(merged, "low"));
	assert_int_equal(tag_of(merged, "new")->level, 1);
	assert_ptr_equal(tag_of(merged, "high"), tag_of(base, "high"));
	assert_ptr_equal(merged->vips[0], base->vips[0]);
	assert_int_equal(without->sets[CONFIG_KIND_TAG].count, 0);
	assert_ptr_equal(without->vips[0], base->vips[0]);
	assert_int_equal(tag_of(operated, "high")->level, 7);
	assert_ptr_equal(tag_of(operated, "low"), tag_of(base, "low"));
	assert_int_equal(operated->vip_count, 0);
	config_unref(operated);
	config_unref(without);
	config_unref(merged);
	config_unref(base);
}

static void its_changes_come_after_those_of_vips(void **state)
{
	struct config *before = config_of(BOTH);
	struct config *after = config_of("{" NODE ", 'tags': {'high': {'level': 9}, 'low': {}}}");
	struct config_changes walk = {.before = before, .after = after};
	struct config_change change;
	json_t *diff = config_diff(before, after);
	json_t *expected = json_of("[{'op': 'remove', 'path': '/vips/web'}, {'op': 'replace',"
				   " 'path': '/tags/high/level', 'value': 9}]");

	(void)state;
	assert_json_equal(diff, expected);
	assert_true(config_changes_next(&walk, &change));
	assert_int_equal(change.kind, CONFIG_KIND_VIP);
	assert_null(change.after);
	assert_true(config_changes_next(&walk, &change));
	assert_int_equal(change.kind, CONFIG_KIND_TAG);
	assert_string_equal(change.name, "high");
	assert_ptr_equal(change.before, tag_of(before, "high"));
	assert_false(config_changes_next(&walk, &change));
	assert_false(config_objects_equal(before, after));
	json_decref(expected);
	json_decref(diff);
	config_unref(after);
	config_unref(before);
}

static void it_is_counted_in_revisions(void **state)
{
	struct revisions *revisions = revisions_new(2, REVISIONS_BYTES_MAX);
	struct revision first = {.number = 1, .config = config_of(BOTH)};
	struct revision second = {.number = 2, .config = config_of("{" NODE "}")};

	(void)state;
	revisions_add(revisions, &first);
	revisions_add(revisions, &second);
	assert_int_equal(revisions_newest(revisions)->changes.removed, 3);
	assert_true(revisions_newest(revisions)->replaced_bytes >=
		    2 * sizeof(struct tag) + sizeof(struct config_vip));
	revisions_free(revisions);
	config_unref(second.config);
	config_unref(first.config);
}

static void it_is_stored_whole_and_as_changes(void **state)
{
	struct config *both = config_of(BOTH);
	struct scratch scratch;

	(void)state;
	scratch_begin(&scratch);
	write_one(&scratch, 1, config_ref(both));
	write_one(&scratch, 2, patched(both, CONFIG_PATCH_MERGE, "{'tags': {'low': null}}"));
	write_one(&scratch, 3, patched(both, CONFIG_PATCH_MERGE, "{'tags': {'high': null}}"));
	reload_well(&scratch);
	assert_history(&scratch, 1, 3);
	assert_ptr_equal(tag_of(revisions_find(scratch.history, 2)->config, "high"),
			 tag_of(revisions_find(scratch.history, 1)->config, "high"));
	scratch_end(&scratch);
	config_unref(both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_read_and_printed),
		cmocka_unit_test(its_errors_are_told_as_any),
		cmocka_unit_test(it_is_patched_and_all_else_is_shared),
		cmocka_unit_test(its_changes_come_after_those_of_vips),
		cmocka_unit_test(it_is_counted_in_revisions),
		cmocka_unit_test(it_is_stored_whole_and_as_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
