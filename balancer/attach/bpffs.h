/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder in bpffs where an instance keeps its pins, and the lock that makes it one's own. */
#ifndef CAROM_BPFFS_H
#define CAROM_BPFFS_H

#include "error.h"

#include <stdbool.h>

/* Refuses what can be no instance's folder: the root of a bpffs, and what lies on none. Changes
 * nothing. Returns 0 or -1. */
int bpffs_check(const char *folder, struct error *ret_error);
/* Makes sure that the folder exists, on a bpffs. Mounts one on /sys/fs/bpf if the folder lies there
 * and nothing is mounted; anywhere else it says what to do. Returns 0 or -1. */
int bpffs_prepare(const char *folder, struct error *ret_error);
/* Whether the folder exists on a bpffs. */
bool bpffs_exists(const char *folder);

/* Returns a file descriptor that holds the lock until it is closed, or -1: BUSY if another process
 * holds it. */
int bpffs_lock(const char *folder, struct error *ret_error);

/* Removes a pin. Without it there is no error. */
int bpffs_unlink(const char *folder, const char *name, struct error *ret_error);
/* Removes a folder. It stays, which is logged, while there is anything in it. */
int bpffs_remove(const char *folder, struct error *ret_error);

#endif
