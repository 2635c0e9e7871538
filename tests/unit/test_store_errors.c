/* SPDX-License-Identifier: BSD-2-Clause */
/* What a power cut or a bad disk did to the files: the last good revision counts, never a mixture.
 */
#include "store_support.h"

#include "abi.h"

#include <inttypes.h>

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

static const struct store_fault *only_fault(void)
{
	static struct store_state found;

	found = state_of(&scratch);
	assert_int_equal(found.fault_count, 1);
	return &found.errors[0];
}

/* The entries of revisions 4 and 5 were one write; 5 is cut at each of its bytes. */
static void a_torn_end_is_cut_off(void **state)
{
	struct contents contents;
	size_t last;

	(void)state;
	write_script(&scratch);
	contents = read_contents(&scratch, "1");
	last = offset_of(&contents, 5);
	for (size_t length = last + 1; length < contents.length; length++) {
		write_contents(&scratch, "1", contents.bytes, length);
		reload_well(&scratch);
		assert_history(&scratch, 1, 4);
		assert_true(only_fault()->is_torn);
		assert_int_equal(only_fault()->offset, last);
		assert_int_equal(only_fault()->revision, 4);
		reload_well(&scratch);
		assert_int_equal(state_of(&scratch).fault_count, 0);
		assert_history(&scratch, 1, 4);
	}
	config_unref(scratch.expected[5]);
	write_one(&scratch, 5, with_weight(scratch.expected[4], 77));
	reload_well(&scratch);
	assert_history(&scratch, 1, 5);
	free(contents.bytes);
}

/* Whatever is newest then is a revision that was written, whole; numbers of what is lost are not
 * given again. */
static void assert_a_good_state(const struct contents *contents, size_t flipped)
{
	const struct revision *newest = revisions_newest(scratch.history);
	uint64_t good = 1;

	while (good < 5 && offset_of(contents, good + 1) <= flipped)
		good++;
	good--;
	if (!only_fault()->is_torn) {
		assert_in_range(newest->number, good + 2, 6);
		assert_string_equal(newest->author, "caromd");
		assert_true(config_objects_equal(newest->config, scratch.expected[good]));
		newest = revisions_before(scratch.history, newest->number);
	}
	assert_int_equal(newest->number, good);
	assert_int_equal(only_fault()->revision, good);
	assert_int_equal(only_fault()->offset, offset_of(contents, good + 1));
	for (; newest; newest = revisions_before(scratch.history, newest->number))
		assert_expected(&scratch, newest);
}

static void any_flipped_bit_is_noticed(void **state)
{
	struct contents contents, flipped;
	struct error error = {0};
	size_t second;

	(void)state;
	write_script(&scratch);
	contents = read_contents(&scratch, "1");
	flipped = read_contents(&scratch, "1");
	second = offset_of(&contents, 2);
	for (size_t at = 0; at < contents.length; at++) {
		flipped.bytes[at] = (char)(contents.bytes[at] ^ 1 << at % 8);
		write_contents(&scratch, "1", flipped.bytes, flipped.length);
		if (at < second)
			assert_int_equal(reload(&scratch, &error), -1);
		else
			reload_well(&scratch);
		if (at >= second)
			assert_a_good_state(&contents, at);
		flipped.bytes[at] = contents.bytes[at];
	}
	assert_non_null(strstr(error.message, "not one revision in them is good"));
	free(flipped.bytes);
	free(contents.bytes);
}

/* After the script, 6 makes the file outgrow itself, so that 7 and 8 are in another. */
static void write_second_file(void)
{
	write_script(&scratch);
	write_one(&scratch, 6, with_many_backends(scratch.expected[5]));
	write_one(&scratch, 7, config_ref(scratch.expected[5]));
	write_one(&scratch, 8, with_weight(scratch.expected[5], 88));
	assert_int_equal(state_of(&scratch).file, 7);
}

static void a_bad_file_gives_way_to_the_one_before(void **state)
{
	struct contents contents;

	(void)state;
	write_second_file();
	contents = read_contents(&scratch, "7");
	contents.bytes[offset_of(&contents, 8) / 2] ^= 1;
	write_contents(&scratch, "7", contents.bytes, contents.length);
	reload_well(&scratch);
	assert_string_equal(only_fault()->file, "7");
	assert_false(only_fault()->is_torn);
	assert_int_equal(only_fault()->revision, 6);
	/* 8 was good, and is lost with the one that it changed. */
	assert_int_equal(revisions_newest(scratch.history)->number, 9);
	assert_true(config_objects_equal(revisions_newest(scratch.history)->config,
					 scratch.expected[6]));
	free(contents.bytes);
}

static void a_fault_in_an_older_file_costs_the_history_only(void **state)
{
	struct contents contents;

	(void)state;
	write_second_file();
	contents = read_contents(&scratch, "1");
	contents.bytes[offset_of(&contents, 4) - 1] ^= 1;
	write_contents(&scratch, "1", contents.bytes, contents.length);
	reload_well(&scratch);
	assert_string_equal(only_fault()->file, "1");
	assert_int_equal(only_fault()->revision, 2);
	assert_int_equal(revisions_count(scratch.history), 4);
	assert_int_equal(revisions_newest(scratch.history)->number, 8);
	assert_expected(&scratch, revisions_newest(scratch.history));
	write_one(&scratch, 9, with_weight(scratch.expected[5], 99));
	assert_int_equal(state_of(&scratch).file, 7);
	free(contents.bytes);
}

static void an_empty_file_gives_way_to_the_one_before(void **state)
{
	(void)state;
	write_script(&scratch);
	write_contents(&scratch, "6", "", 0);
	reload_well(&scratch);
	assert_string_equal(only_fault()->file, "6");
	assert_int_equal(only_fault()->revision, 5);
	assert_int_equal(revisions_newest(scratch.history)->number, 7);
	/* And what is written then, is written beside it. */
	write_one(&scratch, 8, with_weight(scratch.expected[5], 88));
	assert_int_equal(state_of(&scratch).file, 8);
	reload_well(&scratch);
	assert_int_equal(revisions_newest(scratch.history)->number, 8);
	assert_expected(&scratch, revisions_newest(scratch.history));
}

static void a_missing_file_costs_the_history_only(void **state)
{
	(void)state;
	write_second_file();
	assert_int_equal(unlink(path_of(&scratch, "1")), 0);
	reload_well(&scratch);
	assert_history(&scratch, 7, 8);
	assert_int_equal(state_of(&scratch).fault_count, 0);
}

static void changes_without_what_they_change_are_not_good(void **state)
{
	struct contents contents;
	struct error error = {0};
	size_t second;

	(void)state;
	write_script(&scratch);
	contents = read_contents(&scratch, "1");
	second = offset_of(&contents, 2);
	write_contents(&scratch, "1", contents.bytes + second, contents.length - second);
	assert_int_equal(reload(&scratch, &error), -1);
	assert_non_null(strstr(error.message, "not one revision in them is good"));
	free(contents.bytes);
}

static void a_missing_entry_is_noticed(void **state)
{
	struct contents contents;
	size_t second, third;

	(void)state;
	write_script(&scratch);
	contents = read_contents(&scratch, "1");
	second = offset_of(&contents, 2);
	third = offset_of(&contents, 3);
	memmove(contents.bytes + second, contents.bytes + third, contents.length - third);
	write_contents(&scratch, "1", contents.bytes, contents.length - (third - second));
	reload_well(&scratch);
	assert_int_equal(only_fault()->revision, 1);
	assert_int_equal(revisions_newest(scratch.history)->number, 6);
	assert_true(config_objects_equal(revisions_newest(scratch.history)->config,
					 scratch.expected[1]));
	free(contents.bytes);
}

static void other_files_are_left_alone(void **state)
{
	(void)state;
	write_script(&scratch);
	write_contents(&scratch, "new", "half", 4);
	write_contents(&scratch, "notes.txt", "mine", 4);
	write_contents(&scratch, "007", "", 0);
	reload_well(&scratch);
	assert_history(&scratch, 1, 5);
	assert_int_equal(state_of(&scratch).fault_count, 0);
	assert_int_equal(access(path_of(&scratch, "notes.txt"), F_OK), 0);
}

/* ---- other versions ---- */

static uint64_t checksum(unsigned version, const char *text, size_t length)
{
	uint64_t sum = 0x6361726f6d + length, word;

	if (version > 1)
		sum = carom_mix(sum, version);
	for (size_t i = 0; i < length; i += sizeof(word)) {
		word = 0;
		memcpy(&word, text + i, length - i < sizeof(word) ? length - i : sizeof(word));
		sum = carom_mix(sum ^ word, i);
	}
	return sum;
}

static void write_entry(const char *name, unsigned version, const char *body)
{
	char text[4096];
	int length = snprintf(text, sizeof(text), "carom-revision %u %016" PRIx64 " %zu\n%s",
			      version, checksum(version, body, strlen(body)), strlen(body), body);

	write_contents(&scratch, name, text, (size_t)length);
}

static void what_an_earlier_caromd_wrote_is_loaded(void **state)
{
	(void)state;
	write_entry("3", 1, "{\"vips\":{}}");
	write_entry("4", 1,
		    "{\"vips\":{\"web\":{\"address\":\"192.0.2.10\",\"port\":80,"
		    "\"protocol\":\"tcp\"}}}");
	reload_well(&scratch);
	assert_int_equal(revisions_count(scratch.history), 2);
	assert_int_equal(revisions_newest(scratch.history)->number, 4);
	assert_int_equal(revisions_newest(scratch.history)->config->vip_count, 1);
	assert_true(revisions_newest(scratch.history)->time_ms > 0);
	assert_string_equal(revisions_newest(scratch.history)->author, "");
	/* Changes of it are appended to it. */
	write_one(&scratch, 5, config_ref(scratch.base));
	assert_int_equal(state_of(&scratch).file, 4);
	reload_well(&scratch);
	assert_int_equal(revisions_count(scratch.history), 3);
	assert_expected(&scratch, revisions_newest(scratch.history));
}

/* Bytes of a caromd whose store told changes of VIPs alone: a whole revision, a change with a
 * removal, and an addition. */
static void changes_of_version_2_are_loaded(void **state)
{
	static const char bytes[] =
		"carom-revision 2 eca4f495267b2a30 "
		"369\n{\"revision\":7,\"time_ms\":1700000000000,\"a"
		"uthor\":\"alice\",\"vips\":{\"dns\":{\"address\":\"192.0.2.53\",\"port\":53,"
		"\"protoc"
		"ol\":\"udp\",\"ring_slots\":0,\"tracking\":\"always\",\"on_down\":\"keep\","
		"\"backend"
		"s\":{}},\"web\":{\"address\":\"192.0.2.10\",\"port\":443,\"protocol\":\"tcp\","
		"\"ring"
		"_slots\":0,\"tracking\":\"changes\",\"on_down\":\"keep\",\"backends\":{\"b1\":{"
		"\"add"
		"ress\":\"10.0.0.1\",\"weight\":1,\"state\":\"active\"}}}}}carom-revision 2 "
		"621157103"
		"46cd1ad "
		"277\n{\"revision\":8,\"time_ms\":1700000000001,\"author\":\"alice\",\"after"
		"\":7,\"changed\":{\"web\":{\"address\":\"192.0.2.10\",\"port\":443,\"protocol\":"
		"\"tc"
		"p\",\"ring_slots\":512,\"tracking\":\"changes\",\"on_down\":\"keep\",\"backends\":"
		"{"
		"\"b1\":{\"address\":\"10.0.0.1\",\"weight\":7,\"state\":\"drain\"}}}},\"removed\":"
		"["
		"\"dns\"]}carom-revision 2 6960ab79ce6881ba "
		"214\n{\"revision\":9,\"time_ms\":17000000"
		"00002,\"author\":\"alice\",\"after\":8,\"changed\":{\"all\":{\"address\":\"2001:"
		"db8:"
		":1\",\"port\":0,\"protocol\":\"tcp\",\"ring_slots\":0,\"tracking\":\"never\",\"on_"
		"do"
		"wn\":\"reset\",\"backends\":{}}},\"removed\":[]}";
	const struct config *config;

	(void)state;
	write_contents(&scratch, "7", bytes, strlen(bytes));
	reload_well(&scratch);
	assert_int_equal(revisions_count(scratch.history), 3);
	config = revisions_find(scratch.history, 7)->config;
	assert_int_equal(config->vip_count, 2);
	assert_int_equal(config_find_vip(config, "dns")->tracking, CONFIG_TRACKING_ALWAYS);
	config = revisions_find(scratch.history, 8)->config;
	assert_int_equal(config->vip_count, 1);
	assert_int_equal(config->vips[0]->ring_slots, 512);
	assert_int_equal(config->vips[0]->backends[0].weight, 7);
	assert_int_equal(config->vips[0]->backends[0].state, CONFIG_STATE_DRAIN);
	assert_ptr_equal(config_find_vip(revisions_find(scratch.history, 9)->config, "web"),
			 config->vips[0]);
	config = revisions_find(scratch.history, 9)->config;
	assert_int_equal(config_find_vip(config, "all")->on_down, CONFIG_ON_DOWN_RESET);
	assert_string_equal(revisions_newest(scratch.history)->author, "alice");
	/* Changes of this version follow in the same file. */
	write_one(&scratch, 10, with_weight(config, 9));
	assert_int_equal(state_of(&scratch).file, 7);
	reload_well(&scratch);
	assert_int_equal(revisions_count(scratch.history), 4);
	assert_expected(&scratch, revisions_newest(scratch.history));
}

static void what_a_newer_caromd_wrote_is_left_alone(void **state)
{
	struct error error = {0};

	(void)state;
	write_script(&scratch);
	write_entry("6", 99, "who knows");
	assert_int_equal(reload(&scratch, &error), -1);
	assert_int_equal(error.kind, ERROR_UNSUPPORTED);
	assert_non_null(
		strstr(error.message, "/6' of node.state_dir was written by a newer caromd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_torn_end_is_cut_off, begin, end),
		cmocka_unit_test_setup_teardown(any_flipped_bit_is_noticed, begin, end),
		cmocka_unit_test_setup_teardown(a_bad_file_gives_way_to_the_one_before, begin, end),
		cmocka_unit_test_setup_teardown(a_fault_in_an_older_file_costs_the_history_only,
						begin, end),
		cmocka_unit_test_setup_teardown(an_empty_file_gives_way_to_the_one_before, begin,
						end),
		cmocka_unit_test_setup_teardown(a_missing_file_costs_the_history_only, begin, end),
		cmocka_unit_test_setup_teardown(changes_without_what_they_change_are_not_good,
						begin, end),
		cmocka_unit_test_setup_teardown(a_missing_entry_is_noticed, begin, end),
		cmocka_unit_test_setup_teardown(other_files_are_left_alone, begin, end),
		cmocka_unit_test_setup_teardown(what_an_earlier_caromd_wrote_is_loaded, begin, end),
		cmocka_unit_test_setup_teardown(changes_of_version_2_are_loaded, begin, end),
		cmocka_unit_test_setup_teardown(what_a_newer_caromd_wrote_is_left_alone, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
