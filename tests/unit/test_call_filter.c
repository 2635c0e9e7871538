/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the filters of system calls let through, answer, and kill for. Each probe runs in a process
 * of its own, which the filter may end.
 */
#include "call_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define KILLED	(-1)
#define FAILURE 255

typedef int probe(void); /* 0 or an errno */

static int caromd_filter(void)
{
	struct error error = {0};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return call_filter_load(&error);
}

static int keeper_filter(void)
{
	return call_filter_load_keeper();
}

/* The probe's errno under the filter, or KILLED. */
static int run_under(int (*load)(void), probe *call)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (load())
			_exit(FAILURE);
		syscall(SYS_exit_group, call());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return KILLED;
	}
	return WEXITSTATUS(status);
}

static int result_of(long result)
{
	return result < 0 ? errno : 0;
}

static int execute(void)
{
	char *arguments[] = {NULL};

	return result_of(syscall(SYS_execve, "/bin/true", arguments, arguments));
}

static int become_root(void)
{
	return result_of(syscall(SYS_setresuid, 0, 0, 0));
}

static int share_no_more(void)
{
	return result_of(syscall(SYS_unshare, CLONE_NEWNS));
}

static int make_process(void)
{
	return result_of(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int see_packets(void)
{
	return result_of(syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0));
}

static int find_program(void)
{
	union bpf_attr attributes = {0};

	return result_of(syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attributes, sizeof(attributes)));
}

static int run_data(void)
{
	return result_of(syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int call_the_future(void)
{
	return result_of(syscall(1023));
}

static int make_socket(void)
{
	return result_of(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
}

static int open_to_read(void)
{
	return result_of(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY));
}

static int open_to_write(void)
{
	return result_of(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY));
}

static int create(void)
{
	return result_of(syscall(SYS_openat, AT_FDCWD, "/dev/null/none", O_RDONLY | O_CREAT, 0));
}

struct row {
	const char *name;
	probe *probe;
	int expected;
};

static void check_rows(int (*load)(void), const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int found = run_under(load, rows[i].probe);

		if (found != rows[i].expected)
			fail_msg("%s: expected %d, found %d", rows[i].name, rows[i].expected,
				 found);
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void caromd_does_its_work_and_no_more(void **state)
{
	static const struct row rows[] = {
		{"a file", open_to_write, 0},
		{"a socket", make_socket, 0},
		{"execve", execute, KILLED},
		{"setresuid", become_root, KILLED},
		{"unshare", share_no_more, KILLED},
		{"packets of others", see_packets, ENOSYS},
		{"programs of others", find_program, ENOSYS},
		{"a call that is not known", call_the_future, ENOSYS},
	};

	(void)state;
	check_rows(caromd_filter, rows, COUNT(rows));
}

static void no_process_and_no_code_is_made_but_by_sanitizers(void **state)
{
	static const struct row rows[] = {
		{"a process", make_process, ENOSYS},
		{"code", run_data, ENOSYS},
	};

	(void)state;
	if (CAROM_SANITIZED) {
		print_message("optional: a sanitizer makes processes and code\n");
		skip();
	}
	check_rows(caromd_filter, rows, COUNT(rows));
}

static void the_keeper_opens_for_reading_only(void **state)
{
	static const struct row rows[] = {
		{"reading", open_to_read, 0}, {"writing", open_to_write, KILLED},
		{"making", create, KILLED},   {"a socket", make_socket, KILLED},
		{"execve", execute, KILLED},
	};

	(void)state;
	check_rows(keeper_filter, rows, COUNT(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caromd_does_its_work_and_no_more),
		cmocka_unit_test(no_process_and_no_code_is_made_but_by_sanitizers),
		cmocka_unit_test(the_keeper_opens_for_reading_only),
	};

	return cmocka_run_group_tests_name("call_filter", tests, NULL, NULL);
}
