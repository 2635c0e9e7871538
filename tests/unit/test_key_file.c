/* SPDX-License-Identifier: BSD-2-Clause */
/* The stored key of the flows' hash: read as it was written, and by its owner only. */
#include "key_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH_BYTES 64

static const uint64_t key[2] = {0x0123456789abcdef, 0xf};

struct folder {
	char path[PATH_BYTES / 2];
	char file[PATH_BYTES];
};

static int make_folder(void **state)
{
	static struct folder folder;

	strcpy(folder.path, "key-XXXXXX");
	assert_non_null(mkdtemp(folder.path));
	snprintf(folder.file, sizeof(folder.file), "%s/" KEY_FILE_NAME, folder.path);
	*state = &folder;
	return 0;
}

static int remove_folder(void **state)
{
	const struct folder *folder = *state;

	unlink(folder->file);
	return rmdir(folder->path);
}

static void expect(const struct folder *folder, enum error_kind kind)
{
	struct error error = {0};
	uint64_t found[2];

	assert_int_equal(key_file_read(folder->path, found, &error), -1);
	assert_int_equal(error.kind, kind);
}

static void test_nothing_is_stored(void **state)
{
	expect(*state, ERROR_NOT_FOUND);
}

static void test_written_and_read(void **state)
{
	const struct folder *folder = *state;
	struct error error = {0};
	struct stat status;
	uint64_t found[2];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(key_file_write(folder->path, key, &error), 0);
		assert_int_equal(key_file_read(folder->path, found, &error), 0);
		assert_memory_equal(found, key, sizeof(key));
	}
	assert_int_equal(stat(folder->file, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

/* Cut, longer, or changed anywhere. */
static void test_other_content(void **state)
{
	static const char *const contents[] = {
		"",
		"0123456789abcdef 000000000000000f",
		"0123456789abcdef 000000000000000f\n\n",
		"0123456789abcdef  00000000000000f\n",
		"0123456789ABCDEF 000000000000000f\n",
		"0123456789abcdeg 000000000000000f\n",
	};
	const struct folder *folder = *state;

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		FILE *file = fopen(folder->file, "w");

		assert_non_null(file);
		fputs(contents[i], file);
		fclose(file);
		expect(folder, ERROR_CONFLICT);
	}
}

static void test_no_file(void **state)
{
	const struct folder *folder = *state;

	assert_int_equal(mkfifo(folder->file, 0600), 0);
	expect(folder, ERROR_SYSTEM);
	unlink(folder->file);
	assert_int_equal(symlink("/dev/zero", folder->file), 0);
	expect(folder, ERROR_SYSTEM);
}

static void test_no_folder(void **state)
{
	const struct folder *folder = *state;
	struct error error = {0};

	assert_int_equal(key_file_write(folder->file, key, &error), -1);
	assert_non_null(strstr(error.message, KEY_FILE_NAME));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_nothing_is_stored), IN_FOLDER(test_written_and_read),
		IN_FOLDER(test_other_content),	   IN_FOLDER(test_no_file),
		IN_FOLDER(test_no_folder),
	};

	return cmocka_run_group_tests_name("key_file", tests, NULL, NULL);
}
