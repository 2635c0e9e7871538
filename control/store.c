/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the folder's descriptor and nothing else: what there is, the folder says. Written to on
 * libuv's pool, read once at start.
 *
 * A file: one line "carom-revision 1 CHECKSUM LENGTH", and LENGTH bytes of JSON.
 */
#include "store.h"

#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE    0700
#define FILE_MODE      0600
#define NEW_FILE       "new"
#define NAME_BYTES     24 /* of the largest revision, in decimal */
#define HEAD_FORMAT    "carom-revision 1 %016" PRIx64 " %zu\n"
#define HEAD_SCAN      "carom-revision 1 %16" SCNx64 " %zu\n%n"
#define FILE_BYTES_MAX (CONFIG_DOCUMENT_BYTES + 64)
#define CHECKSUM_SEED  0x6361726f6d

struct store {
	int folder;
	char path[CONFIG_PATH_BYTES];
};

/* Two processes that number revisions in one folder would overwrite each other's. */
static int open_alone(const char *folder, struct error *ret_error)
{
	int descriptor;

	if (mkdir(folder, FOLDER_MODE) && errno != EEXIST)
		return error_set_errno(ret_error, errno, "cannot make node.state_dir '%s'", folder);
	descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set_errno(ret_error, errno, "cannot open node.state_dir '%s'", folder);
	if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
		return descriptor;
	close(descriptor);
	return error_set(ret_error, ERROR_BUSY, "another caromd uses node.state_dir '%s'", folder);
}

struct store *store_new(const char *folder, struct error *ret_error)
{
	struct store *store = malloc(sizeof(*store));

	if (!store) {
		error_set_errno(ret_error, ENOMEM, "node.state_dir '%s'", folder);
		return NULL;
	}
	snprintf(store->path, sizeof(store->path), "%s", folder);
	store->folder = open_alone(folder, ret_error);
	if (store->folder >= 0)
		return store;
	free(store);
	return NULL;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	close(store->folder);
	free(store);
}

static uint64_t checksum(const char *text, size_t length)
{
	uint64_t sum = CHECKSUM_SEED + length, word;

	for (size_t i = 0; i < length; i += sizeof(word)) {
		word = 0;
		memcpy(&word, text + i, length - i < sizeof(word) ? length - i : sizeof(word));
		sum = carom_mix(sum ^ word, i);
	}
	return sum;
}

/* ---- writing ---- */

static int write_all(int file, const char *bytes, size_t length)
{
	while (length) {
		ssize_t written = write(file, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

static int write_file(const struct store *store, const char *text, size_t length)
{
	char head[64];
	int head_length = snprintf(head, sizeof(head), HEAD_FORMAT, checksum(text, length), length);
	int file = openat(store->folder, NEW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			  FILE_MODE);
	int result;

	if (file < 0)
		return -1;
	result = write_all(file, head, (size_t)head_length) || write_all(file, text, length) ||
				 fsync(file)
			 ? errno
			 : 0;
	/* Some file systems tell only now that the disk is full. */
	if (close(file) && !result)
		result = errno;
	errno = result;
	return result ? -1 : 0;
}

static int put_in_place(const struct store *store, uint64_t revision)
{
	char name[NAME_BYTES];

	snprintf(name, sizeof(name), "%" PRIu64, revision);
	if (renameat(store->folder, NEW_FILE, store->folder, name) == 0) {
		if (fsync(store->folder) == 0)
			return 0;
		unlinkat(store->folder, name, 0);
	}
	return -1;
}

static char *dump(const struct config *config)
{
	json_t *body = json_pack("{s:o}", "vips", config_vips_to_json(config));
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	return text;
}

static void forget_old(const struct store *store, uint64_t newest);

int store_write(struct store *store, uint64_t revision, const struct config *config,
		struct error *ret_error)
{
	char *text = dump(config);
	int result = -1;

	if (!text)
		return error_set_errno(ret_error, ENOMEM, "node.state_dir '%s'", store->path);
	if (write_file(store, text, strlen(text)) == 0 && put_in_place(store, revision) == 0) {
		forget_old(store, revision);
		result = 0;
	} else {
		error_set(ret_error, ERROR_SYSTEM,
			  "the write is refused, as it cannot be stored in node.state_dir '%s': %s",
			  store->path, strerror(errno));
		ret_error->system_errno = errno;
		unlinkat(store->folder, NEW_FILE, 0);
	}
	free(text);
	return result;
}

/* ---- listing ---- */

/* The revision that a file's name says, or 0. */
static uint64_t parse_name(const char *name)
{
	char *end;
	uint64_t revision;

	if (name[0] < '1' || name[0] > '9')
		return 0;
	errno = 0;
	revision = strtoull(name, &end, 10);
	return *end || errno ? 0 : revision;
}

/* The largest revision below `below` in the folder, or 0. *ret_count: how many are below. */
static uint64_t find_below(const struct store *store, uint64_t below, size_t *ret_count)
{
	int descriptor = openat(store->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = descriptor < 0 ? NULL : fdopendir(descriptor);
	uint64_t best = 0, revision;
	struct dirent *entry;

	*ret_count = 0;
	while (stream && (entry = readdir(stream))) {
		revision = parse_name(entry->d_name);
		if (!revision || revision >= below)
			continue;
		++*ret_count;
		if (revision > best)
			best = revision;
	}
	if (stream)
		closedir(stream);
	return best;
}

/* Removes those that are more than STORE_REVISIONS_KEPT numbers old. */
static void forget_old(const struct store *store, uint64_t newest)
{
	char name[NAME_BYTES];
	size_t count;
	uint64_t oldest;

	if (newest <= STORE_REVISIONS_KEPT)
		return;
	oldest = find_below(store, newest - STORE_REVISIONS_KEPT + 1, &count);
	for (; oldest; oldest = find_below(store, oldest, &count)) {
		snprintf(name, sizeof(name), "%" PRIu64, oldest);
		unlinkat(store->folder, name, 0);
	}
}

/* ---- reading ---- */

static char *read_file(const struct store *store, const char *name, size_t *ret_length)
{
	int file = openat(store->folder, name, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text = NULL;
	ssize_t length = -1;

	if (file < 0)
		return NULL;
	if (fstat(file, &status) == 0 && status.st_size <= (off_t)FILE_BYTES_MAX)
		text = malloc((size_t)status.st_size + 1);
	if (text)
		length = read(file, text, (size_t)status.st_size);
	close(file);
	if (length < 0) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	*ret_length = (size_t)length;
	return text;
}

/* The JSON after a head that it agrees with, or NULL. */
static const char *check_file(const char *text, size_t length)
{
	size_t body_length;
	uint64_t sum;
	int head_length = 0;

	if (sscanf(text, HEAD_SCAN, &sum, &body_length, &head_length) != 2 || !head_length ||
	    (size_t)head_length + body_length != length ||
	    checksum(text + head_length, body_length) != sum)
		return NULL;
	return text + head_length;
}

static json_t *read_revision(const struct store *store, uint64_t revision)
{
	struct error_list faults = {0};
	char name[NAME_BYTES], *text;
	const char *body = NULL;
	json_t *json = NULL;
	size_t length;

	snprintf(name, sizeof(name), "%" PRIu64, revision);
	text = read_file(store, name, &length);
	if (text)
		body = check_file(text, length);
	if (body)
		json = config_json_load(body, length - (size_t)(body - text), &faults);
	if (!json)
		log_line(LOG_LEVEL_ERROR,
			 "%s/%s is torn or corrupt, and passed over for an older revision",
			 store->path, name);
	error_list_done(&faults);
	free(text);
	return json;
}

int store_read(const struct store *store, uint64_t *ret_revision, json_t **ret_body,
	       struct error *ret_error)
{
	size_t count, all;
	uint64_t revision = find_below(store, UINT64_MAX, &all);
	json_t *body;

	for (; revision; revision = find_below(store, revision, &count)) {
		body = read_revision(store, revision);
		if (!body)
			continue;
		*ret_revision = revision;
		*ret_body = body;
		return 0;
	}
	if (all)
		return error_set(ret_error, ERROR_SYSTEM,
				 "node.state_dir '%s' has %zu revisions, and not one is good; move "
				 "it away to begin with the config file's vips",
				 store->path, all);
	*ret_revision = 0;
	*ret_body = NULL;
	return 0;
}
