/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits and capabilities. Both are a thread's or a process's: what is given up is gone for good,
 * so it is done once all that needs it is done, by the main thread, and by no other than the
 * starter of the pool. Called by main.c, daemon.c, and the command line.
 */
#include "host.h"

#include "log.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <uv.h>

/* Two for each of the API's 1,024 clients, and as many again for maps, netlink and the store. */
#define FILES_WANTED 4096

#define NAMES_BYTES 896 /* all that there are fit a line of the log */
#define NAME_BYTES  32

/* Why each: to load programs and make maps; to attach them and read neighbours; to find the
 * programs that are attached, by their ids, to mount bpffs, and to load a program that the verifier
 * does not take from others. */
static const unsigned needed[] = {CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN};

static const struct {
	unsigned capability;
	const char *reason;
} kept[] = {
	{CAP_BPF, "to wait for grace periods and to run programs on made-up packets"},
	{CAP_NET_ADMIN, "to ask for neighbours"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void host_raise_file_limit(void)
{
	struct rlimit limit, wanted = {.rlim_cur = FILES_WANTED, .rlim_max = FILES_WANTED};

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= FILES_WANTED)
		return;
	if (wanted.rlim_max < limit.rlim_max)
		wanted.rlim_max = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
		return;
	log_line(LOG_LEVEL_WARNING,
		 "the limit of open files stays at %llu, where %d are wanted (%s), so the API "
		 "serves fewer clients at a time; set LimitNOFILE= in caromd's unit",
		 (unsigned long long)limit.rlim_max, FILES_WANTED, strerrordesc_np(errno));
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int host_check_capabilities(struct error *ret_error)
{
	char missing[128] = "";
	size_t length = 0;

	capng_get_caps_process();
	for (size_t i = 0; i < COUNT(needed); i++) {
		if (!capng_have_capability(CAPNG_EFFECTIVE, needed[i]))
			length += (size_t)snprintf(missing + length, sizeof(missing) - length,
						   " cap_%s", capng_capability_to_name(needed[i]));
	}
	if (!length)
		return 0;
	return error_set(ret_error, ERROR_PERMISSION,
			 "capabilities to attach XDP programs are missing:%s; run this as root, or "
			 "grant them in a unit (AmbientCapabilities=)",
			 missing);
}

/* ---- giving up ---- */

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
	static char names[HOST_CAPABILITIES_MAX][NAME_BYTES];
	const char *name = capng_capability_to_name(capability);

	if (!names[capability][0])
		snprintf(names[capability], NAME_BYTES, "cap_%s", name ? name : "unknown");
	return names[capability];
}

size_t host_capabilities(const char *ret_names[HOST_CAPABILITIES_MAX])
{
	size_t count = 0;

	capng_get_caps_process();
	for (unsigned i = 0; i < HOST_CAPABILITIES_MAX && i <= CAP_LAST_CAP; i++)
		if (capng_have_capability(CAPNG_EFFECTIVE, i))
			ret_names[count++] = name_of(i);
	return count;
}

static void log_drop(void)
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

static int drop(struct error *ret_error)
{
	shrink_bounding_set();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_set_errno(ret_error, errno, "set no_new_privs");
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < COUNT(kept); i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i].capability);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return error_set(ret_error, ERROR_SYSTEM, "cannot drop capabilities");
	return 0;
}

int host_drop_capabilities(struct error *ret_error)
{
	log_drop();
	return drop(ret_error);
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

/* A thread of its own: the caller still needs what this one gives up. */
static void start_pool(void *error)
{
	if (drop(error) == 0)
		queue_first_work(error);
}

int host_start_pool(struct error *ret_error)
{
	struct error error = {0};
	uv_thread_t starter;
	int result = uv_thread_create(&starter, start_pool, &error);

	if (result)
		return error_set_errno(ret_error, -result, "start a thread");
	uv_thread_join(&starter);
	if (!error.kind)
		return 0;
	*ret_error = error;
	return -1;
}
