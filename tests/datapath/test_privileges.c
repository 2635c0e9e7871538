/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What caromd does after its start works by the capabilities that it keeps: maps are written, their
 * memory is waited for, and the program that was loaded before is run on a packet. And the pool's
 * threads have no more than these while the main thread still has all.
 */
#include "check.h"

#include "privileges.h"

#include <dirent.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT (UINT64_C(1) << CAP_BPF | UINT64_C(1) << CAP_NET_ADMIN)

static const struct backend first = {.address = "10.0.0.80", .weight = 1};
static const struct backend second = {.address = "10.0.0.81", .weight = 1};
static const struct vip before = {
	.address = "192.0.2.1", .port = 80, .backends = &first, .backend_count = 1};
static const struct vip after = {
	.address = "192.0.2.1", .port = 80, .backends = &second, .backend_count = 1};

/* CapEff of a thread of ours. */
static uint64_t effective(const char *thread)
{
	char path[64], line[256];
	uint64_t found = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", thread);
	status = fopen(path, "re");
	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "CapEff: %" SCNx64, &found) == 1)
			break;
	fclose(status);
	return found;
}

static size_t check_other_threads(void)
{
	DIR *threads = opendir("/proc/self/task");
	const struct dirent *thread;
	size_t count = 0;

	assert_non_null(threads);
	while ((thread = readdir(threads))) {
		if (thread->d_name[0] == '.' || atoi(thread->d_name) == getpid())
			continue;
		assert_int_equal(effective(thread->d_name), KEPT);
		count++;
	}
	closedir(threads);
	return count;
}

static void test_the_pool_has_dropped_them_before(void **state)
{
	const struct privileges_user user = privileges_user();
	struct error error = {0};
	char own[24];

	(void)state;
	if (privileges_start_pool(&user, &error))
		fail_msg("%s", error.message);
	assert_true(check_other_threads() > 1);
	snprintf(own, sizeof(own), "%d", getpid());
	assert_true(effective(own) & UINT64_C(1) << CAP_SYS_ADMIN);
}

static void check_forwards(const struct harness *harness, const struct backend *backend)
{
	struct frame frame =
		packet_build(&(struct packet){.destination = "192.0.2.1", .destination_port = 80});

	check_forwarded(harness, &frame, &(struct forwarding){.backend = backend});
}

static void test_a_change_works_without_them(void **state)
{
	const struct privileges_user user = privileges_user();
	struct harness *harness = *state;
	struct error error = {0};

	harness_publish(harness, &before, 1);
	check_forwards(harness, &first);
	if (privileges_drop(&user, &error))
		fail_msg("%s", error.message);
	check_forwards(harness, &first);
	harness_publish(harness, &after, 1);
	check_forwards(harness, &second);
}

int main(void)
{
	struct harness harness = harness_open(&(struct harness_options){
		.limits = {.vips = 8, .backends = 8, .slots = 8 << CAROM_RING_BITS_MIN}});
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_pool_has_dropped_them_before),
		cmocka_unit_test_prestate(test_a_change_works_without_them, &harness),
	};
	int failed = cmocka_run_group_tests_name("privileges", tests, NULL, NULL);

	harness_close(&harness);
	return failed != 0;
}
