/* SPDX-License-Identifier: BSD-2-Clause */
/* Two words in hexadecimal, a space between, and a line feed. Written beside, synced, renamed. */
#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE    KEY_FILE_NAME ".new"
#define MODE	    0600
#define TEXT_LENGTH 34
#define FORMAT	    "%016" PRIx64 " %016" PRIx64 "\n"

/* A FIFO, or a link to somewhere else, is no key. */
static int key_file_open(const char *folder, struct error *ret_error)
{
	int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), file = -1;
	struct stat status;

	if (directory >= 0)
		file = openat(directory, KEY_FILE_NAME,
			      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		error_set(ret_error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_SYSTEM,
			  "cannot read '%s/" KEY_FILE_NAME "': %m", folder);
	if (directory >= 0)
		close(directory);
	if (file >= 0 && (fstat(file, &status) || !S_ISREG(status.st_mode))) {
		error_set(ret_error, ERROR_SYSTEM, "'%s/" KEY_FILE_NAME "' is no file", folder);
		close(file);
		return -1;
	}
	return file;
}

static bool key_file_parse(const char *text, uint64_t ret_key[2])
{
	char again[TEXT_LENGTH + 1];

	if (sscanf(text, "%16" SCNx64 " %16" SCNx64, &ret_key[0], &ret_key[1]) != 2)
		return false;
	snprintf(again, sizeof(again), FORMAT, ret_key[0], ret_key[1]);
	for (size_t i = 0; i < TEXT_LENGTH; i++) {
		if (text[i] != again[i])
			return false;
	}
	return true;
}

int key_file_read(const char *folder, uint64_t ret_key[2], struct error *ret_error)
{
	char text[TEXT_LENGTH + 2] = {0};
	int file = key_file_open(folder, ret_error);
	ssize_t length;

	if (file < 0)
		return -1;
	length = read(file, text, sizeof(text) - 1);
	close(file);
	if (length == TEXT_LENGTH && key_file_parse(text, ret_key))
		return 0;
	return error_set(ret_error, ERROR_CONFLICT,
			 "'%s/" KEY_FILE_NAME "' is not what was written", folder);
}

/* It belongs to whom the folder does, who may not be who writes. */
static int key_file_give(int file, int directory)
{
	struct stat status;

	return fstat(directory, &status) || fchown(file, status.st_uid, status.st_gid) ? -1 : 0;
}

static int key_file_write_at(int directory, const char *text)
{
	int file = openat(directory, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			  MODE);
	bool is_written;

	if (file < 0)
		return -1;
	is_written = write(file, text, TEXT_LENGTH) == TEXT_LENGTH &&
		     key_file_give(file, directory) == 0 && fsync(file) == 0;
	if (close(file) == 0 && is_written &&
	    renameat(directory, NEW_FILE, directory, KEY_FILE_NAME) == 0)
		return fsync(directory);
	unlinkat(directory, NEW_FILE, 0);
	return -1;
}

int key_file_write(const char *folder, const uint64_t key[2], struct error *ret_error)
{
	int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = -1;
	char text[TEXT_LENGTH + 1];

	snprintf(text, sizeof(text), FORMAT, key[0], key[1]);
	if (directory >= 0) {
		/* What a power cut left of another attempt. */
		unlinkat(directory, NEW_FILE, 0);
		result = key_file_write_at(directory, text);
	}
	if (result)
		error_set_errno(ret_error, errno, "cannot write '%s/" KEY_FILE_NAME "'", folder);
	if (directory >= 0)
		close(directory);
	return result;
}
