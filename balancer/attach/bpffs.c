/* SPDX-License-Identifier: BSD-2-Clause */
#include "bpffs.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define STANDARD_MOUNT "/sys/fs/bpf"
#define FOLDER_MODE    0700

static bool is_bpffs(const char *path)
{
	struct statfs system;

	return statfs(path, &system) == 0 && (unsigned long)system.f_type == BPF_FS_MAGIC;
}

bool bpffs_exists(const char *folder)
{
	return is_bpffs(folder);
}

/* Cuts the last part of a path off; false when there is none left. */
static bool to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

static int mount_standard(struct error *ret_error)
{
	if (mount("bpf", STANDARD_MOUNT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return error_set_errno(ret_error, errno,
				       "cannot mount a bpffs on " STANDARD_MOUNT
				       "; mount one with: mount -t bpf bpf " STANDARD_MOUNT);
	log_line(LOG_LEVEL_INFO, "mounted a bpffs on " STANDARD_MOUNT);
	return 0;
}

/* The kernel numbers the root of each bpffs so, and no folder that is made in it. A folder of it
 * may be mounted elsewhere, so mounts would not tell. */
#define ROOT_INODE 1

/* Pins of others are at home there, and a lock on it would be all instances'. */
static bool is_root(const char *folder)
{
	struct stat status;

	return is_bpffs(folder) && stat(folder, &status) == 0 && status.st_ino == ROOT_INODE;
}

/* The nearest ancestor that exists, or the folder itself. */
static void find_existing(const char *folder, char ret_path[static PATH_MAX])
{
	struct stat status;

	snprintf(ret_path, PATH_MAX, "%s", folder);
	while (stat(ret_path, &status) && to_parent(ret_path))
		;
}

/* Trailing slashes do not count. */
static bool is_standard_mount(const char *path)
{
	size_t length = strlen(STANDARD_MOUNT);

	return strncmp(path, STANDARD_MOUNT, length) == 0 &&
	       strspn(path + length, "/") == strlen(path + length);
}

int bpffs_check(const char *folder, struct error *ret_error)
{
	char path[PATH_MAX];

	if (is_standard_mount(folder) || is_root(folder))
		return error_set(
			ret_error, ERROR_INVALID,
			"node.bpf_dir '%s' is the root of a bpffs, where others have their "
			"pins; choose a folder of its own in it, such as '%s/carom'",
			folder, folder);
	find_existing(folder, path);
	if (is_bpffs(path) || is_standard_mount(path))
		return 0;
	return error_set(ret_error, ERROR_INVALID,
			 "node.bpf_dir '%s' does not lie on a bpffs; mount one with: "
			 "mount -t bpf bpf FOLDER, or choose a folder under " STANDARD_MOUNT,
			 folder);
}

int bpffs_prepare(const char *folder, struct error *ret_error)
{
	char path[PATH_MAX];

	if (bpffs_check(folder, ret_error))
		return -1;
	find_existing(folder, path);
	if (!is_bpffs(path) && mount_standard(ret_error))
		return -1;
	snprintf(path, sizeof(path), "%s/", folder);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, FOLDER_MODE) && errno != EEXIST)
			return error_set_errno(ret_error, errno, "cannot make the folder '%s'",
					       path);
		*slash = '/';
	}
	return 0;
}

int bpffs_lock(const char *folder, struct error *ret_error)
{
	int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (descriptor < 0)
		return error_set_errno(ret_error, errno, "cannot open '%s'", folder);
	if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
		return descriptor;
	if (errno == EWOULDBLOCK)
		error_set(ret_error, ERROR_BUSY, "another caromd runs the instance '%s'", folder);
	else
		error_set_errno(ret_error, errno, "cannot lock '%s'", folder);
	close(descriptor);
	return -1;
}

int bpffs_unlink(const char *folder, const char *name, struct error *ret_error)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= PATH_MAX)
		return error_set_errno(ret_error, ENAMETOOLONG, "cannot remove '%s/%s'", folder,
				       name);
	if (unlink(path) && errno != ENOENT && errno != ENOTDIR)
		return error_set_errno(ret_error, errno, "cannot remove '%s'", path);
	return 0;
}

int bpffs_remove(const char *folder, struct error *ret_error)
{
	if (rmdir(folder) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EBUSY)
		return error_set_errno(ret_error, errno, "cannot remove the folder '%s'", folder);
	log_line(LOG_LEVEL_WARNING, "'%s' stays: it has what is not carom's, or is a mount",
		 folder);
	return 0;
}
