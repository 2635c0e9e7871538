/* SPDX-License-Identifier: BSD-2-Clause */
/* Works on the open folder, so that it is the one that is used later. Called by daemon.c. */
#include "folder.h"

#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_BITS 07777

/* Of root, of the user, and of the user on a host that had none of that name yet. */
static bool may_own(uid_t owner, const struct privileges_user *user)
{
	return owner == 0 || owner == user->uid || owner == PRIVILEGES_ID;
}

int folder_check(int folder, const char *path, const struct privileges_user *user,
		 struct error *ret_error)
{
	struct stat status;

	if (fstat(folder, &status))
		return error_set_errno(ret_error, errno, "look at node.state_dir '%s'", path);
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(ret_error, ERROR_PERMISSION,
				 "node.state_dir '%s': its mode %04o lets others write to it; set "
				 "it with: chmod go-w",
				 path, status.st_mode & MODE_BITS);
	if (!may_own(status.st_uid, user))
		return error_set(ret_error, ERROR_PERMISSION,
				 "node.state_dir '%s': it belongs to uid %u; expected root, or uid "
				 "%u, which caromd runs as",
				 path, status.st_uid, user->uid);
	return 0;
}

/* Returns 0 or an errno. */
static int give_entry(int folder, const char *name, const struct privileges_user *user)
{
	int entry = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), failure = 0;
	struct stat status;

	if (entry < 0)
		return errno;
	if (fstat(entry, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
	    may_own(status.st_uid, user) &&
	    fchownat(entry, "", user->uid, user->gid, AT_EMPTY_PATH))
		failure = errno;
	close(entry);
	return failure;
}

static int give_entries(int folder, const struct privileges_user *user)
{
	int descriptor = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), failure = 0;
	DIR *stream = descriptor < 0 ? NULL : fdopendir(descriptor);
	const struct dirent *entry;

	if (!stream) {
		failure = errno;
		if (descriptor >= 0)
			close(descriptor);
		return failure;
	}
	while (!failure && (entry = readdir(stream)))
		failure = give_entry(folder, entry->d_name, user);
	closedir(stream);
	return failure;
}

/* The folder last: if it is the user's, so is all in it. */
int folder_give(int folder, const char *path, const struct privileges_user *user,
		struct error *ret_error)
{
	struct stat status;
	int failure = fstat(folder, &status) ? errno : 0;

	if (!user->changes || (!failure && status.st_uid == user->uid))
		return 0;
	if (!failure)
		failure = give_entries(folder, user);
	if (!failure && fchown(folder, user->uid, user->gid))
		failure = errno;
	if (failure)
		return error_set_errno(ret_error, failure, "give node.state_dir '%s' to uid %u",
				       path, user->uid);
	return 0;
}
