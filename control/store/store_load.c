/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the folder at start: all files in the order of their revisions, each up to its first
 * entry that is not good.
 *
 * What a power cut left unfinished at the end of the last file was never answered, and is cut off.
 * Whatever else is not good stays where it is, to be looked at, and the next write begins a file of
 * its own, with a number above all that are there.
 */
#include "store_parts.h"

#include "log.h"
#include "store_entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AUTHOR	      "caromd"
#define MS_PER_S      1000
#define NS_PER_MS     1000000
#define CANNOT_READ   "cannot read node.state_dir '%s'"
#define CANNOT_READ_2 "cannot read '%s/%s' of node.state_dir"

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

static int compare_numbers(const void *left, const void *right)
{
	const uint64_t *left_number = left, *right_number = right;

	return (*left_number > *right_number) - (*left_number < *right_number);
}

/* Returns 0 or an errno. */
static int list_stream(struct store *store, DIR *stream)
{
	struct dirent *item;
	uint64_t number;

	for (errno = 0; (item = readdir(stream)); errno = 0) {
		number = parse_name(item->d_name);
		if (number && store_reserve_file(store))
			return ENOMEM;
		if (number)
			store_note_file(store, number);
	}
	return errno;
}

static int list_files(struct store *store, struct error *ret_error)
{
	int descriptor = openat(store->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = descriptor < 0 ? NULL : fdopendir(descriptor);
	int failure = stream ? list_stream(store, stream) : errno;

	if (stream)
		closedir(stream);
	else if (descriptor >= 0)
		close(descriptor);
	if (failure)
		return error_set_errno(ret_error, failure, CANNOT_READ, store->path);
	if (store->file_count)
		qsort(store->files, store->file_count, sizeof(store->files[0]), compare_numbers);
	return 0;
}

/* ---- one file ---- */

struct reading {
	struct store *store;
	const struct config *nothing; /* node and api */
	struct revisions *history;

	/* The file that is being read: */
	uint64_t number, next; /* of it, and of the file after it */
	char name[STORE_NAME_BYTES];
	char *bytes; /* owned */
	size_t length;
	bool is_unreadable;	/* the disk refuses what comes after these bytes */
	int64_t time_ms;	/* of its last change */
	struct revision before; /* of the last good entry; its config: a reference, or NULL */
	size_t offset;		/* behind the last good entry */
	size_t first_bytes;	/* of the first entry, if it is good */
};

/* What the disk cannot read any more is as bad as what is not what was written. */
static int read_up_to(struct reading *reading, int file, size_t length)
{
	while (reading->length < length) {
		ssize_t count =
			read(file, reading->bytes + reading->length, length - reading->length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno != EIO)
			return -1;
		if (count <= 0) {
			reading->is_unreadable = true;
			return 0;
		}
		reading->length += (size_t)count;
	}
	return 0;
}

/* A pipe does not make us wait, and a link leads nowhere. Neither is a file of ours: it is as bad
 * as one that the disk refuses. */
static int open_regular(struct reading *reading, struct stat *ret_status)
{
	int file = openat(reading->store->folder, reading->name,
			  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);

	reading->is_unreadable = file < 0
					 ? errno == ELOOP || errno == ENXIO
					 : fstat(file, ret_status) || !S_ISREG(ret_status->st_mode);
	if (reading->is_unreadable)
		log_line(LOG_LEVEL_ERROR, "%s/%s is not a regular file, and is not read",
			 reading->store->path, reading->name);
	return file;
}

static int read_bytes(struct reading *reading)
{
	struct stat status = {0};
	int file = open_regular(reading, &status), result = -1;
	size_t length = reading->is_unreadable ? 0 : (size_t)status.st_size;

	if (file < 0 && !reading->is_unreadable)
		return -1;
	reading->time_ms =
		(int64_t)status.st_mtim.tv_sec * MS_PER_S + status.st_mtim.tv_nsec / NS_PER_MS;
	reading->bytes = malloc(length + 1);
	if (reading->bytes)
		result = reading->is_unreadable ? 0 : read_up_to(reading, file, length);
	if (file >= 0)
		close(file);
	return result;
}

/* One more of the history. Takes the reference over. */
static void reading_take(struct reading *reading, const struct store_decoded *decoded)
{
	const struct revision *newest;

	if (decoded->after)
		revisions_forget_after(reading->history, decoded->after);
	newest = revisions_newest(reading->history);
	if (newest)
		config_share_equal(decoded->revision.config, newest->config);
	revisions_add(reading->history, &decoded->revision);
	config_unref(reading->before.config);
	reading->before = decoded->revision;
}

/* One that goes back in numbers belongs to no history. */
static bool is_in_order(const struct reading *reading, const struct store_decoded *decoded)
{
	const struct revision *newest = revisions_newest(reading->history);
	uint64_t number = decoded->revision.number;

	return number >= reading->number && number > decoded->after &&
	       (decoded->after || !newest || number > newest->number);
}

static enum store_entry_state decode_entry(struct reading *reading, const struct store_entry *entry)
{
	struct store_decoded decoded = {
		.revision = {.number = reading->number, .time_ms = reading->time_ms},
	};
	const struct revision *before = reading->before.config ? &reading->before : NULL;
	struct error error = {0};

	if (store_entry_decode(entry, reading->nothing, before, &decoded, &error)) {
		log_line(LOG_LEVEL_ERROR, "%s/%s: byte %zu: %s", reading->store->path,
			 reading->name, reading->offset, error.message);
		return STORE_ENTRY_CORRUPT;
	}
	if (!is_in_order(reading, &decoded)) {
		config_unref(decoded.revision.config);
		return STORE_ENTRY_CORRUPT;
	}
	reading_take(reading, &decoded);
	if (!reading->offset)
		reading->first_bytes = entry->length;
	reading->offset += entry->length;
	return STORE_ENTRY_GOOD;
}

/* Up to the first entry that is not good. */
static enum store_entry_state read_entries(struct reading *reading)
{
	enum store_entry_state state = reading->length ? STORE_ENTRY_GOOD : STORE_ENTRY_TORN;
	struct store_entry entry;

	while (state == STORE_ENTRY_GOOD && reading->offset < reading->length) {
		state = store_entry_read(reading->bytes + reading->offset,
					 reading->length - reading->offset, &entry);
		if (state == STORE_ENTRY_GOOD)
			state = decode_entry(reading, &entry);
	}
	return reading->is_unreadable ? STORE_ENTRY_CORRUPT : state;
}

/* The numbers that answered writes may have had which are not good any more. An append that was cut
 * short was not answered, and nothing good comes after it. */
static uint64_t find_lost(const struct reading *reading, enum store_entry_state *state)
{
	uint64_t highest = store_entry_highest(reading->bytes + reading->offset,
					       reading->length - reading->offset);

	if (highest || !reading->offset)
		*state = STORE_ENTRY_CORRUPT;
	if (*state == STORE_ENTRY_TORN)
		return 0;
	if (highest <= reading->before.number)
		highest = reading->before.number + 1;
	if (highest >= reading->next)
		highest = reading->next - 1;
	return highest > reading->number ? highest : reading->number;
}

/* Returns whether it is torn or corrupt. */
static enum store_entry_state note_fault(struct reading *reading, enum store_entry_state state)
{
	struct store *store = reading->store;
	uint64_t lost = find_lost(reading, &state);
	struct store_fault fault = {
		.offset = reading->offset,
		.is_torn = state == STORE_ENTRY_TORN,
		.revision = reading->before.number,
	};
	const struct revision *newest = revisions_newest(reading->history);

	memcpy(fault.file, reading->name, sizeof(fault.file));
	if (!fault.revision && newest)
		fault.revision = newest->number;
	if (store->fault_count < STORE_FAULTS_MAX)
		store->errors[store->fault_count] = fault;
	store->fault_count++;
	if (lost > store->lost_number)
		store->lost_number = lost;
	log_line(fault.is_torn ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
		 "%s/%s is %s at byte %zu of %zu; what came before that is used, up to revision "
		 "%" PRIu64,
		 store->path, reading->name, fault.is_torn ? "torn" : "corrupt", reading->offset,
		 reading->length, fault.revision);
	return state;
}

/* Appends go on behind the last good entry. */
static void reopen(const struct reading *reading)
{
	int file = openat(reading->store->folder, reading->name, O_WRONLY | O_APPEND | O_CLOEXEC);
	bool has_more = reading->length > reading->offset;

	if (file < 0)
		return;
	if (has_more && (ftruncate(file, (off_t)reading->offset) || fsync(file))) {
		log_line(LOG_LEVEL_WARNING, "%s/%s: its torn end cannot be cut off: %s",
			 reading->store->path, reading->name, strerror(errno));
		close(file);
		return;
	}
	store_use_file(reading->store, file, reading->first_bytes,
		       reading->offset - reading->first_bytes);
	reading->store->last_number = reading->before.number;
}

static int reading_read_file(struct reading *reading, struct error *ret_error)
{
	struct store *store = reading->store;
	enum store_entry_state state;

	store_format_name(reading->number, reading->name);
	if (read_bytes(reading))
		return error_set_errno(ret_error, errno, CANNOT_READ_2, store->path, reading->name);
	state = read_entries(reading);
	if (state == STORE_ENTRY_NEWER)
		return error_set(ret_error, ERROR_UNSUPPORTED,
				 "'%s/%s' of node.state_dir was written by a newer caromd",
				 store->path, reading->name);
	if (state != STORE_ENTRY_GOOD)
		state = note_fault(reading, state);
	if (reading->next == UINT64_MAX && state != STORE_ENTRY_CORRUPT)
		reopen(reading);
	return 0;
}

/* ---- the folder ---- */

static int read_numbered(struct reading *reading, size_t index, struct error *ret_error)
{
	struct store *store = reading->store;
	int result;

	reading->number = store->files[index];
	reading->next = index + 1 < store->file_count ? store->files[index + 1] : UINT64_MAX;
	result = reading_read_file(reading, ret_error);
	config_unref(reading->before.config);
	free(reading->bytes);
	return result;
}

/* Clients may know the numbers of what is lost, so none of them is given to something else. */
static void number_anew(struct store *store, struct revisions *history)
{
	struct revision revision = *revisions_newest(history);
	struct timespec now;

	if (revision.number >= store->lost_number)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	revision.number = store->lost_number + 1;
	revision.time_ms = (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
	snprintf(revision.author, sizeof(revision.author), AUTHOR);
	revisions_add(history, &revision);
	store_leave_file(store);
}

static int read_all_files(struct store *store, const struct config *nothing,
			  struct revisions *history, struct error *ret_error)
{
	for (size_t i = 0; i < store->file_count; i++) {
		struct reading reading = {.store = store, .nothing = nothing, .history = history};

		if (read_numbered(&reading, i, ret_error))
			return -1;
	}
	return 0;
}

int store_load(struct store *store, const struct config *base, struct revisions *history,
	       struct error *ret_error)
{
	const struct config no_objects = {0};
	struct config *nothing = config_with_objects_of(base, &no_objects);
	int result;

	if (!nothing)
		return error_set(ret_error, ERROR_SYSTEM, "out of memory");
	result = list_files(store, ret_error) || read_all_files(store, nothing, history, ret_error)
			 ? -1
			 : 0;
	config_unref(nothing);
	if (result || !store->file_count)
		return result;
	if (!revisions_count(history))
		return error_set(ret_error, ERROR_SYSTEM,
				 "node.state_dir '%s' has %zu files, and not one revision in them "
				 "is good; move it away to begin with the config file's vips",
				 store->path, store->file_count);
	number_anew(store, history);
	return 0;
}
