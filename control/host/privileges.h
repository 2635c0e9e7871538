/* SPDX-License-Identifier: BSD-2-Clause */
/* The user, the capabilities and the system calls that are left to caromd once it has started. */
#ifndef CAROM_PRIVILEGES_H
#define CAROM_PRIVILEGES_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PRIVILEGES_USER "carom"
/* Of the user and of the group where the host has no user of that name. No allocator gives this
 * number away: it lies between systemd's dynamic users and `nobody`, and Debian reserves it. */
#define PRIVILEGES_ID 65527

struct privileges_user {
	uid_t uid;
	gid_t gid;
	bool changes; /* from root; else this process was started as that user, and stays it */
};

/* The user to run as: the one that caromd is started as; instead of root, PRIVILEGES_USER or
 * PRIVILEGES_ID. Looks into the host's database of users, so it comes before anything is dropped.
 */
struct privileges_user privileges_user(void);
/* Returns 0; -1: it would be root, or this process lacks what it takes to change. */
int privileges_check_user(const struct privileges_user *user, struct error *ret_error);

/* Starts libuv's pool of threads as the user and with the capabilities that are kept, before any
 * work is queued: a thread has what the one had that started it. Returns 0 or -1. */
int privileges_start_pool(const struct privileges_user *user, struct error *ret_error);

/*
 * Of all threads: the user, CAP_BPF and CAP_NET_ADMIN, the system calls of call_filter.h, and no
 * way back (no_new_privs). By the main thread, after privileges_start_pool(). Logs what is kept,
 * why, and what is dropped. Returns 0 or -1.
 */
int privileges_drop(const struct privileges_user *user, struct error *ret_error);

/* Files are opened and made as the user, until privileges_files_as_root(). Of the calling thread,
 * which has not dropped anything yet. */
void privileges_files_as_user(const struct privileges_user *user);
void privileges_files_as_root(const struct privileges_user *user);

#define PRIVILEGES_CAPABILITIES_MAX 64
#define PRIVILEGES_GROUPS_MAX	    64

/* As the kernel tells them of the calling thread. */
struct privileges {
	uid_t uid;
	gid_t gid;
	gid_t groups[PRIVILEGES_GROUPS_MAX]; /* beside gid */
	size_t group_count;
	const char *capabilities[PRIVILEGES_CAPABILITIES_MAX]; /* "cap_bpf", in its order */
	size_t capability_count;
	bool no_new_privs;
	bool has_filter; /* of system calls */
};

void privileges_read(struct privileges *ret_privileges);

#endif
