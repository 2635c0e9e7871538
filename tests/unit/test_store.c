/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written is there at the next start, costs what it changes, and makes room for more. */
#include "store_support.h"

#include <sys/stat.h>

static struct scratch scratch;

static int begin(void **state)
{
	(void)state;
	scratch_begin(&scratch);
	return 0;
}

static int end(void **state)
{
	(void)state;
	scratch_end(&scratch);
	return 0;
}

static void an_empty_folder_has_no_revisions(void **state)
{
	(void)state;
	assert_int_equal(revisions_count(scratch.history), 0);
	assert_int_equal(state_of(&scratch).fault_count, 0);
	assert_int_equal(state_of(&scratch).file, 0);
}

static void what_was_written_is_loaded(void **state)
{
	struct revision_changes changes;

	(void)state;
	write_script(&scratch);
	reload_well(&scratch);
	assert_history(&scratch, 1, 5);
	assert_int_equal(state_of(&scratch).fault_count, 0);
	changes = revisions_find(scratch.history, 3)->changes;
	assert_int_equal(changes.added, 1);
	assert_int_equal(changes.changed + changes.removed, 0);
	/* What no revision touched, all share. */
	assert_ptr_equal(config_find_vip(revisions_at(scratch.history, 0)->config, "all"),
			 config_find_vip(revisions_at(scratch.history, 4)->config, "all"));
}

static void writing_goes_on_after_a_start(void **state)
{
	(void)state;
	write_script(&scratch);
	reload_well(&scratch);
	write_one(&scratch, 6, with_weight(scratch.expected[5], 1));
	assert_int_equal(state_of(&scratch).file, 1);
	write_one(&scratch, 9, with_weight(scratch.expected[5], 2));
	reload_well(&scratch);
	assert_int_equal(revisions_count(scratch.history), 7);
	assert_int_equal(revisions_newest(scratch.history)->number, 9);
	assert_expected(&scratch, revisions_newest(scratch.history));
}

static void a_change_costs_what_it_changes(void **state)
{
	struct contents contents;

	(void)state;
	write_one(&scratch, 1, config_ref(scratch.base));
	write_one(&scratch, 2, with_weight(scratch.base, 7));
	contents = read_contents(&scratch, "1");
	assert_null(strstr(contents.bytes + offset_of(&contents, 2), "192.0.2.20"));
	assert_non_null(strstr(contents.bytes + offset_of(&contents, 2), "192.0.2.10"));
	assert_int_equal(state_of(&scratch).snapshot_bytes, offset_of(&contents, 2));
	assert_int_equal(state_of(&scratch).journal_bytes,
			 contents.length - offset_of(&contents, 2));
	free(contents.bytes);
}

static void a_file_that_has_grown_is_followed_by_another(void **state)
{
	(void)state;
	write_one(&scratch, 1, config_ref(scratch.base));
	write_one(&scratch, 2, with_many_backends(scratch.base));
	assert_int_equal(state_of(&scratch).file, 1);
	assert_in_range(state_of(&scratch).journal_bytes, STORE_JOURNAL_BYTES_MIN,
			2 * STORE_JOURNAL_BYTES_MIN);
	write_one(&scratch, 3, with_weight(scratch.expected[2], 3));
	assert_int_equal(state_of(&scratch).file, 3);
	assert_int_equal(state_of(&scratch).journal_bytes, 0);
	write_one(&scratch, 4, with_weight(scratch.expected[2], 4));
	assert_int_equal(state_of(&scratch).file, 3);
	reload_well(&scratch);
	assert_history(&scratch, 1, 4);
	assert_int_equal(revisions_find(scratch.history, 3)->changes.changed, 1);
}

/* 256 VIPs of another port: all of them, where there was none of them before. */
static struct config *with_many_vips(const struct config *config, uint16_t port)
{
	struct config_edit edits[256];
	char name[8];
	struct config *result;

	for (unsigned i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "n%03u", i);
		struct config_vip *vip =
			vip_of(name, "{'address': '192.0.2.99', 'port': 1, 'protocol': 'tcp'}");

		vip->port = (uint16_t)(port + i);
		edits[i] = (struct config_edit){CONFIG_KIND_VIP, vip->name, &vip->object};
	}
	result = config_merge_edits(config, edits, 256);
	for (unsigned i = 0; i < 256; i++)
		config_object_unref(edits[i].object);
	return result;
}

static void a_change_of_most_of_all_begins_a_file(void **state)
{
	(void)state;
	write_one(&scratch, 1, config_ref(scratch.base));
	write_one(&scratch, 2, with_many_vips(scratch.base, 1));
	assert_int_equal(state_of(&scratch).file, 2);
	write_one(&scratch, 3, with_weight(scratch.expected[2], 3));
	assert_int_equal(state_of(&scratch).file, 2);
	write_one(&scratch, 4, with_many_vips(scratch.base, 1000));
	assert_int_equal(state_of(&scratch).file, 4);
	/* To take most away is told in few words. */
	write_one(&scratch, 5, config_ref(scratch.base));
	assert_int_equal(state_of(&scratch).file, 4);
	reload_well(&scratch);
	assert_history(&scratch, 1, 5);
}

static void files_go_when_nothing_in_them_is_kept(void **state)
{
	(void)state;
	write_one(&scratch, 1, config_ref(scratch.base));
	write_one(&scratch, 2, with_many_backends(scratch.base));
	write_one(&scratch, 3, with_weight(scratch.expected[2], 3));
	scratch.keep_from = 2;
	write_one(&scratch, 4, with_weight(scratch.expected[2], 4));
	assert_int_equal(access(path_of(&scratch, "1"), F_OK), 0);
	scratch.keep_from = 3;
	write_one(&scratch, 5, with_weight(scratch.expected[2], 5));
	assert_int_equal(access(path_of(&scratch, "1"), F_OK), -1);
	reload_well(&scratch);
	assert_history(&scratch, 3, 5);
}

/* Revision 5 was stored, and not published after all: 6 follows 4. */
static void what_was_overruled_is_forgotten(void **state)
{
	(void)state;
	write_script(&scratch);
	revisions_forget_after(scratch.history, 4);
	write_one(&scratch, 6, with_weight(scratch.expected[4], 3));
	assert_int_equal(state_of(&scratch).file, 6);
	reload_well(&scratch);
	assert_int_equal(revisions_count(scratch.history), 5);
	assert_null(revisions_find(scratch.history, 5));
	assert_expected(&scratch, revisions_newest(scratch.history));
	assert_int_equal(state_of(&scratch).fault_count, 0);
}

static void a_file_that_was_removed_is_not_appended_to(void **state)
{
	(void)state;
	write_script(&scratch);
	assert_int_equal(unlink(path_of(&scratch, "1")), 0);
	write_one(&scratch, 6, with_weight(scratch.expected[5], 6));
	assert_int_equal(state_of(&scratch).file, 6);
	reload_well(&scratch);
	assert_history(&scratch, 6, 6);
}

static void a_folder_that_was_removed_takes_no_write(void **state)
{
	struct store_order order = {.revisions = scratch.history};
	struct error error = {0};

	(void)state;
	write_script(&scratch);
	assert_int_equal(unlink(path_of(&scratch, "1")), 0);
	assert_int_equal(rmdir(scratch.folder), 0);
	assert_int_equal(store_write(scratch.store, &order, &error), -1);
	assert_non_null(strstr(error.message, "cannot be stored in node.state_dir 'store-"));
	assert_non_null(strstr(error.message, "No such file or directory"));
	assert_int_equal(mkdir(scratch.folder, 0700), 0);
}

static void two_have_not_one_folder(void **state)
{
	struct error error = {0};

	(void)state;
	assert_null(store_new(scratch.folder, &error));
	assert_int_equal(error.kind, ERROR_BUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_folder_has_no_revisions, begin, end),
		cmocka_unit_test_setup_teardown(what_was_written_is_loaded, begin, end),
		cmocka_unit_test_setup_teardown(writing_goes_on_after_a_start, begin, end),
		cmocka_unit_test_setup_teardown(a_change_costs_what_it_changes, begin, end),
		cmocka_unit_test_setup_teardown(a_file_that_has_grown_is_followed_by_another, begin,
						end),
		cmocka_unit_test_setup_teardown(a_change_of_most_of_all_begins_a_file, begin, end),
		cmocka_unit_test_setup_teardown(files_go_when_nothing_in_them_is_kept, begin, end),
		cmocka_unit_test_setup_teardown(what_was_overruled_is_forgotten, begin, end),
		cmocka_unit_test_setup_teardown(a_file_that_was_removed_is_not_appended_to, begin,
						end),
		cmocka_unit_test_setup_teardown(a_folder_that_was_removed_takes_no_write, begin,
						end),
		cmocka_unit_test_setup_teardown(two_have_not_one_folder, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
