/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives up what only the start needs. User, capabilities and no_new_privs are each thread's own in
 * the kernel, and glibc changes the user of all threads at once, which aborts when they differ. So
 * each thread changes its own by the bare system calls: a starter, whose threads libuv's pool
 * becomes, early, and the main thread once the program is attached. The filter of system calls
 * comes last, and reaches all threads by itself.
 *
 * Called by daemon.c on the main thread; privileges_read() by the status, too.
 */
#include "privileges.h"

#include "call_filter.h"
#include "log.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#define NAMES_BYTES 896 /* all that there are fit a line of the log */
#define NAME_BYTES  32

static const struct {
	unsigned capability;
	const char *reason;
} kept[] = {
	{CAP_BPF, "to wait for grace periods and to run programs on made-up packets"},
	{CAP_NET_ADMIN, "to ask for neighbours"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the user ---- */

struct privileges_user privileges_user(void)
{
	struct privileges_user user = {.uid = geteuid(), .gid = getegid()};
	const struct passwd *entry = user.uid ? NULL : getpwnam(PRIVILEGES_USER);

	if (user.uid == 0) {
		user.changes = true;
		user.uid = entry ? entry->pw_uid : PRIVILEGES_ID;
		user.gid = entry ? entry->pw_gid : PRIVILEGES_ID;
	}
	return user;
}

int privileges_check_user(const struct privileges_user *user, struct error *ret_error)
{
	if (user->uid == 0)
		return error_set(ret_error, ERROR_PERMISSION,
				 "user '" PRIVILEGES_USER "' has uid 0, but caromd does not stay "
				 "root");
	capng_get_caps_process();
	if (user->changes && !(capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) &&
			       capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID)))
		return error_set(ret_error, ERROR_PERMISSION,
				 "caromd does not stay root, but lacks cap_setuid or cap_setgid to "
				 "become uid %u; grant them, or start it as a user of its own",
				 user->uid);
	return 0;
}

/* Of the calling thread only. */
static int become(const struct privileges_user *user, struct error *ret_error)
{
	if (!user->changes)
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || syscall(SYS_setgroups, 0, NULL) ||
	    syscall(SYS_setresgid, user->gid, user->gid, user->gid) ||
	    syscall(SYS_setresuid, user->uid, user->uid, user->uid))
		return error_set_errno(ret_error, errno, "become uid %u", user->uid);
	return 0;
}

void privileges_files_as_user(const struct privileges_user *user)
{
	if (!user->changes)
		return;
	setfsgid(user->gid);
	setfsuid(user->uid);
}

void privileges_files_as_root(const struct privileges_user *user)
{
	if (!user->changes)
		return;
	setfsuid(0);
	setfsgid(0);
}

/* ---- capabilities ---- */

static bool is_kept(unsigned capability)
{
	for (size_t i = 0; i < COUNT(kept); i++)
		if (kept[i].capability == capability)
			return true;
	return false;
}

/* capng's names lack the prefix, and are lost when others are asked for. */
static const char *name_of(unsigned capability)
{
	static char names[PRIVILEGES_CAPABILITIES_MAX][NAME_BYTES];
	const char *name = capng_capability_to_name(capability);

	if (!names[capability][0])
		snprintf(names[capability], NAME_BYTES, "cap_%s", name ? name : "unknown");
	return names[capability];
}

static void log_drop(const struct privileges_user *user)
{
	char dropped[NAMES_BYTES] = "", reasons[NAMES_BYTES] = "";
	size_t length = 0;

	capng_get_caps_process();
	for (unsigned i = 0; i <= CAP_LAST_CAP && length < sizeof(dropped); i++)
		if (capng_have_capability(CAPNG_PERMITTED, i) && !is_kept(i))
			length += (size_t)snprintf(dropped + length, sizeof(dropped) - length,
						   " %s", name_of(i));
	length = 0;
	for (size_t i = 0; i < COUNT(kept); i++)
		length += (size_t)snprintf(reasons + length, sizeof(reasons) - length, "%s%s %s",
					   i ? ", " : "", name_of(kept[i].capability),
					   kept[i].reason);
	log_line(LOG_LEVEL_INFO, "user: goes on as uid %u, gid %u", user->uid, user->gid);
	log_line(LOG_LEVEL_INFO, "capabilities: keeps %s", reasons);
	log_line(LOG_LEVEL_INFO, "capabilities: drops%s", dropped[0] ? dropped : " nothing");
}

/* What a thread's bounding set lacks, no program that it executes can get. Without CAP_SETPCAP that
 * is left to no_new_privs, which does as much. */
static void shrink_bounding_set(void)
{
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
		if (!is_kept(i) && prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1 &&
		    prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
			return;
}

/* All but the filter, of the calling thread and those that it starts later. */
static int drop(const struct privileges_user *user, struct error *ret_error)
{
	shrink_bounding_set();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_set_errno(ret_error, errno, "set no_new_privs");
	if (become(user, ret_error))
		return -1;
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < COUNT(kept); i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i].capability);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return error_set(ret_error, ERROR_SYSTEM, "cannot drop capabilities");
	return 0;
}

int privileges_drop(const struct privileges_user *user, struct error *ret_error)
{
	log_drop(user);
	return drop(user, ret_error) || call_filter_load(ret_error) ? -1 : 0;
}

/* ---- the pool ---- */

static void do_nothing(uv_work_t *work)
{
	(void)work;
}

/* libuv starts all threads of its pool with the first work. */
static int queue_first_work(struct error *ret_error)
{
	uv_work_t work;
	uv_loop_t loop;
	int result = uv_loop_init(&loop);

	if (result)
		return error_set_errno(ret_error, -result, "make a loop for the pool's first work");
	result = uv_queue_work(&loop, &work, do_nothing, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return result ? error_set_errno(ret_error, -result, "start the pool of threads") : 0;
}

struct pool_start {
	const struct privileges_user *user;
	struct error error;
};

/* A thread of its own: the caller still needs what this one gives up. */
static void start_pool(void *context)
{
	struct pool_start *start = context;

	if (drop(start->user, &start->error) == 0)
		queue_first_work(&start->error);
}

int privileges_start_pool(const struct privileges_user *user, struct error *ret_error)
{
	struct pool_start start = {.user = user};
	uv_thread_t starter;
	int result = uv_thread_create(&starter, start_pool, &start);

	if (result)
		return error_set_errno(ret_error, -result, "start a thread");
	uv_thread_join(&starter);
	if (!start.error.kind)
		return 0;
	*ret_error = start.error;
	return -1;
}

/* ---- what the kernel says ---- */

void privileges_read(struct privileges *ret_privileges)
{
	struct privileges found = {
		.uid = geteuid(),
		.gid = getegid(),
		.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
		.has_filter = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER,
	};
	int group_count = getgroups(PRIVILEGES_GROUPS_MAX, found.groups);

	found.group_count = group_count > 0 ? (size_t)group_count : 0;
	capng_get_caps_process();
	for (unsigned i = 0; i < PRIVILEGES_CAPABILITIES_MAX && i <= CAP_LAST_CAP; i++)
		if (capng_have_capability(CAPNG_EFFECTIVE, i))
			found.capabilities[found.capability_count++] = name_of(i);
	*ret_privileges = found;
}
