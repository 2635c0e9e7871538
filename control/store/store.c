/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folder, and writing to it: one append and one sync a group of revisions, or a fresh file.
 *
 *   append ──► written, synced ──► stored
 *     │           └─► failed: cut off again; after a failed sync the next write is a fresh file
 *     ▼
 *   fresh file ──► written beside, synced, renamed, folder synced ──► stored
 *                   └─► failed: removed again; the next write is another fresh file
 *
 * A sync that failed may have dropped what it could not write, and the next one would not say so:
 * such a file is never trusted again.
 *
 * Owns the folder's descriptor, which holds the lock, and that of the last file. Writing is on
 * libuv's pool, one write at a time, everything else on the event loop's thread while none runs.
 */
#include "store_parts.h"

#include "log.h"
#include "store_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE	 0700
#define FILE_MODE	 0600
#define NEW_FILE	 "new"
#define FILE_ROOM_FIRST	 16
#define MOST_OBJECTS_MIN 256

/* ---- the folder ---- */

/* So that the folder itself is there after a power cut. */
static int sync_parent(int folder)
{
	int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = parent < 0 ? -1 : fsync(parent);

	if (parent >= 0)
		close(parent);
	return result;
}

/* Two processes that number revisions in one folder would overwrite each other's. */
static int open_alone(const char *folder, bool is_new, struct error *ret_error)
{
	int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (descriptor < 0 || (is_new && sync_parent(descriptor))) {
		error_set_errno(ret_error, errno, "cannot open node.state_dir '%s'", folder);
		if (descriptor >= 0)
			close(descriptor);
		return -1;
	}
	if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
		return descriptor;
	close(descriptor);
	return error_set(ret_error, ERROR_BUSY, "another caromd uses node.state_dir '%s'", folder);
}

/* Sets *ret_is_new. Returns the descriptor, which holds the lock, or -1. */
static int open_folder(const char *folder, bool *ret_is_new, struct error *ret_error)
{
	bool is_new = mkdir(folder, FOLDER_MODE) == 0;
	int descriptor;

	if (!is_new && errno != EEXIST)
		return error_set_errno(ret_error, errno, "cannot make node.state_dir '%s'", folder);
	descriptor = open_alone(folder, is_new, ret_error);
	if (is_new && descriptor < 0)
		rmdir(folder);
	*ret_is_new = is_new;
	return descriptor;
}

struct store *store_new(const char *folder, struct error *ret_error)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store) {
		error_set_errno(ret_error, ENOMEM, "node.state_dir '%s'", folder);
		return NULL;
	}
	snprintf(store->path, sizeof(store->path), "%s", folder);
	store->file = -1;
	store->folder = open_folder(folder, &store->is_new, ret_error);
	if (store->folder >= 0)
		return store;
	free(store);
	return NULL;
}

int store_folder(const struct store *store)
{
	return store->folder;
}

void store_leave_file(struct store *store)
{
	if (store->file >= 0)
		close(store->file);
	store->file = -1;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	store_leave_file(store);
	/* Fails if anything was written, as it should. */
	if (store->is_new)
		rmdir(store->path);
	close(store->folder);
	free(store->files);
	free(store);
}

void store_state(const struct store *store, struct store_state *ret_state)
{
	*ret_state = (struct store_state){
		.folder = store->path,
		.file = store->file >= 0 ? store->files[store->file_count - 1] : 0,
		.snapshot_bytes = store->snapshot_bytes,
		.journal_bytes = store->journal_bytes,
		.fault_count = store->fault_count,
	};
	memcpy(ret_state->errors, store->errors, sizeof(store->errors));
}

/* ---- files ---- */

void store_format_name(uint64_t number, char ret_name[STORE_NAME_BYTES])
{
	snprintf(ret_name, STORE_NAME_BYTES, "%" PRIu64, number);
}

int store_reserve_file(struct store *store)
{
	size_t room = store->file_room ? 2 * store->file_room : FILE_ROOM_FIRST;
	uint64_t *grown;

	if (store->file_count < store->file_room)
		return 0;
	grown = realloc(store->files, room * sizeof(grown[0]));
	if (!grown)
		return -1;
	store->files = grown;
	store->file_room = room;
	return 0;
}

void store_note_file(struct store *store, uint64_t number)
{
	store->files[store->file_count++] = number;
}

void store_use_file(struct store *store, int file, uint64_t snapshot_bytes, uint64_t journal_bytes)
{
	store_leave_file(store);
	store->file = file;
	store->snapshot_bytes = snapshot_bytes;
	store->journal_bytes = journal_bytes;
}

/* One that cannot be removed is tried again after the next write. */
static void forget_old_files(struct store *store, uint64_t keep_from)
{
	char name[STORE_NAME_BYTES];

	while (store->file_count > 1 && store->files[1] <= keep_from) {
		store_format_name(store->files[0], name);
		if (unlinkat(store->folder, name, 0) && errno != ENOENT)
			return;
		store->file_count--;
		memmove(store->files, store->files + 1,
			store->file_count * sizeof(store->files[0]));
	}
}

/* ---- writing ---- */

static int write_all(int file, const struct store_buffer *buffer)
{
	size_t done = 0;

	while (done < buffer->length) {
		ssize_t written = write(file, buffer->bytes + done, buffer->length - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		done += (size_t)written;
	}
	return 0;
}

/* Takes back an append that failed. The entry may be whole on the disk, and is refused. */
static void cut_off(struct store *store)
{
	uint64_t length = store->snapshot_bytes + store->journal_bytes;

	if (ftruncate(store->file, (off_t)length) == 0 && fdatasync(store->file) == 0)
		return;
	log_line(LOG_LEVEL_ERROR, "%s/%" PRIu64 ": a refused write cannot be cut off: %s",
		 store->path, store->files[store->file_count - 1], strerror(errno));
	store_leave_file(store);
}

static int append_to_file(struct store *store, const struct store_buffer *buffer)
{
	bool is_written = write_all(store->file, buffer) == 0;
	int failure;

	if (is_written && fdatasync(store->file) == 0) {
		store->journal_bytes += buffer->length;
		return 0;
	}
	failure = errno;
	cut_off(store);
	if (is_written)
		store_leave_file(store);
	errno = failure;
	return -1;
}

/* Whatever name it has when that fails, it must not be there at the next start. */
static int put_in_place(const struct store *store, int file, const struct store_buffer *buffer,
			const char *name)
{
	const char *present = NEW_FILE;
	int failure;

	if (write_all(file, buffer) == 0 && fsync(file) == 0 &&
	    renameat(store->folder, NEW_FILE, store->folder, name) == 0) {
		present = name;
		if (fsync(store->folder) == 0)
			return 0;
	}
	failure = errno;
	if (unlinkat(store->folder, present, 0))
		log_line(LOG_LEVEL_ERROR, "%s/%s: a refused write cannot be removed: %s",
			 store->path, present, strerror(errno));
	errno = failure;
	return -1;
}

/* In the place of what a write left that did not end, or what else has the name. */
static int make_new_file(const struct store *store)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC;
	int file = openat(store->folder, NEW_FILE, flags, FILE_MODE);

	if (file < 0 && errno == EEXIST && unlinkat(store->folder, NEW_FILE, 0) == 0)
		file = openat(store->folder, NEW_FILE, flags, FILE_MODE);
	return file;
}

static int begin_file(struct store *store, uint64_t number, const struct store_buffer *buffer,
		      size_t snapshot_bytes)
{
	int file = make_new_file(store);
	char name[STORE_NAME_BYTES];
	int failure;

	if (file < 0)
		return -1;
	store_format_name(number, name);
	if (store_reserve_file(store) == 0 && put_in_place(store, file, buffer, name) == 0) {
		store_note_file(store, number);
		store_use_file(store, file, snapshot_bytes, buffer->length - snapshot_bytes);
		return 0;
	}
	failure = errno;
	close(file);
	/* It may be there after all, and then it comes after the one before. */
	store_leave_file(store);
	errno = failure;
	return -1;
}

/* ---- orders ---- */

/* Most of many objects: telling all of them costs about the same, and saves telling them soon. */
static bool changes_most(const struct revision *before, const struct revision *revision)
{
	struct config_changes walk = {.before = before->config, .after = revision->config};
	struct config_change change;
	size_t count = 0, all = 0;

	while (config_changes_next(&walk, &change))
		count += change.after != NULL;
	for (size_t kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		all += revision->config->sets[kind].count;
	return count >= MOST_OBJECTS_MIN && 2 * count > all;
}

/* Whether the file has a name still: it may have been removed, or replaced by another. */
static bool is_in_place(const struct store *store)
{
	struct stat status;

	return store->file >= 0 && fstat(store->file, &status) == 0 && status.st_nlink > 0;
}

/* Changes are told of the last entry. When that was not published after all, the whole is told. */
static bool may_append(const struct store *store, const struct store_order *order)
{
	uint64_t bound = store->snapshot_bytes > STORE_JOURNAL_BYTES_MIN ? store->snapshot_bytes
									 : STORE_JOURNAL_BYTES_MIN;

	return is_in_place(store) && order->before && order->before->number == store->last_number &&
	       store->journal_bytes < bound &&
	       !changes_most(order->before, revisions_oldest(order->revisions));
}

/* *ret_first: the bytes of the first one, which alone may be whole. */
static int encode(const struct store_order *order, bool is_whole, struct store_buffer *buffer,
		  size_t *ret_first)
{
	const struct revision *before = order->before;
	size_t count = revisions_count(order->revisions);

	for (size_t age = count; age-- > 0;) {
		const struct revision *revision = revisions_at(order->revisions, age);
		bool is_first = age + 1 == count;

		if (store_entry_append(buffer, revision, before, is_whole && is_first)) {
			errno = ENOMEM;
			return -1;
		}
		if (is_first)
			*ret_first = buffer->length;
		before = revision;
	}
	return 0;
}

static int write_order(struct store *store, const struct store_order *order,
		       struct store_buffer *buffer)
{
	bool appends = may_append(store, order);
	size_t first_bytes = 0;
	int result;

	if (encode(order, !appends, buffer, &first_bytes))
		return -1;
	if (appends)
		result = append_to_file(store, buffer);
	else
		result = begin_file(store, revisions_oldest(order->revisions)->number, buffer,
				    first_bytes);
	if (result == 0)
		store->last_number = revisions_newest(order->revisions)->number;
	return result;
}

int store_write(struct store *store, const struct store_order *order, struct error *ret_error)
{
	struct store_buffer buffer = {0};
	int result = write_order(store, order, &buffer);

	if (result) {
		error_set(ret_error, ERROR_SYSTEM,
			  "the write is refused, as it cannot be stored in node.state_dir '%s': %s",
			  store->path, strerror(errno));
		ret_error->system_errno = errno;
	} else {
		forget_old_files(store, order->keep_from);
	}
	store_buffer_done(&buffer);
	return result;
}
