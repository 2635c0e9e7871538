/* SPDX-License-Identifier: BSD-2-Clause */
#include "bpffs.h"

#include "log.h"

#include <dirent.h>
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

/* The nearest ancestor that exists must be on a bpffs. */
static int check_mount(const char *folder, struct error *ret_error)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%s", folder);
	while (stat(path, &status) && to_parent(path))
		;
	if (is_bpffs(path))
		return 0;
	if (strcmp(path, STANDARD_MOUNT) == 0)
		return mount_standard(ret_error);
	return error_set(ret_error, ERROR_INVALID,
			 "node.bpf_dir '%s' does not lie on a bpffs; mount one with: "
			 "mount -t bpf bpf FOLDER, or choose a folder under " STANDARD_MOUNT,
			 folder);
}

int bpffs_prepare(const char *folder, struct error *ret_error)
{
	char path[PATH_MAX];

	if (check_mount(folder, ret_error))
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

int bpffs_remove(const char *folder, struct error *ret_error)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *stream = opendir(folder);

	if (!stream)
		return errno == ENOENT
			       ? 0
			       : error_set_errno(ret_error, errno, "cannot open '%s'", folder);
	while ((entry = readdir(stream))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (unlink(path) && errno != EISDIR && errno != EPERM)
			log_line(LOG_LEVEL_WARNING, "cannot remove '%s': %s", path,
				 strerror(errno));
	}
	closedir(stream);
	if (rmdir(folder) && errno != ENOENT)
		return error_set_errno(ret_error, errno, "cannot remove the folder '%s'", folder);
	return 0;
}
