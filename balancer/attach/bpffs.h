/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder in bpffs where an instance keeps its pins, and the lock that makes it one's own. */
#ifndef CAROM_BPFFS_H
#define CAROM_BPFFS_H

#include "error.h"

#include <stdbool.h>

/* Makes sure that the folder exists, on a bpffs. Mounts one on /sys/fs/bpf if the folder lies there
 * and nothing is mounted; anywhere else it says what to do. Returns 0 or -1. */
int bpffs_prepare(const char *folder, struct error *ret_error);
/* Whether the folder exists on a bpffs. */
bool bpffs_exists(const char *folder);

/* Returns a file descriptor that holds the lock until it is closed, or -1: BUSY if another process
 * holds it. */
int bpffs_lock(const char *folder, struct error *ret_error);

/* Removes the files in a folder, then the folder. What is not there is no error. */
int bpffs_remove(const char *folder, struct error *ret_error);

#endif
