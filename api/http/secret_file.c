/* SPDX-License-Identifier: BSD-2-Clause */
#include "secret_file.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_OF_OTHERS (S_IRWXG | S_IRWXO)
#define MODE_BITS      07777

/* Of the file that is open, so that it cannot be another one than is read. */
static int check_status(int file, uid_t user, enum secrecy secrecy, size_t limit,
			struct error *error)
{
	struct stat status;

	if (fstat(file, &status))
		return error_set_errno(error, errno, "look at it");
	if (!S_ISREG(status.st_mode))
		return error_set(error, ERROR_INVALID, "it is not a regular file");
	if ((size_t)status.st_size > limit)
		return error_set(error, ERROR_LIMIT, "it has %lld bytes; at most %zu are read",
				 (long long)status.st_size, limit);
	if (secrecy == SECRECY_PUBLIC)
		return 0;
	if (status.st_mode & MODE_OF_OTHERS)
		return error_set(error, ERROR_PERMISSION,
				 "its mode %04o is open to others than its owner; set it with:"
				 " chmod 600",
				 status.st_mode & MODE_BITS);
	if (status.st_uid != 0 && status.st_uid != user)
		return error_set(error, ERROR_PERMISSION,
				 "it belongs to uid %u; expected root, or uid %u, which caromd"
				 " runs as",
				 status.st_uid, user);
	return 0;
}

/* One byte more than allowed is room to see that there is more: a file may grow. */
static int secret_file_read_all(int file, size_t limit, struct text *text, struct error *error)
{
	ssize_t count;

	if (!text_reserve(text, limit + 1))
		return error_set(error, ERROR_SYSTEM, "out of memory");
	do {
		count = read(file, text->bytes + text->length, limit + 1 - text->length);
		if (count > 0)
			text->length += (size_t)count;
	} while ((count > 0 && text->length <= limit) || (count < 0 && errno == EINTR));
	if (count < 0)
		return error_set_errno(error, errno, "read it");
	if (text->length > limit)
		return error_set(error, ERROR_LIMIT, "it grew beyond the %zu bytes that are read",
				 limit);
	return 0;
}

int secret_file_read(const struct opener *opener, const char *path, enum secrecy secrecy,
		     size_t limit, struct text *ret_text, struct error *error)
{
	int file = opener->open(opener->context, path);
	struct text text = {0};
	int failed;

	if (file < 0)
		return error_set_errno(error, errno, "open it");
	failed = check_status(file, opener->user, secrecy, limit, error) ||
		 secret_file_read_all(file, limit, &text, error);
	close(file);
	if (failed) {
		secret_file_done(&text);
		return -1;
	}
	*ret_text = text;
	return 0;
}

void secret_file_done(struct text *text)
{
	if (text->bytes)
		gnutls_memset(text->bytes, 0, text->capacity);
	text_done(text);
}
