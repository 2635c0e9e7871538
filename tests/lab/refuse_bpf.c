/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refuse_bpf COMMAND ERRNO PROGRAM [ARGUMENT…]: runs the program as on a kernel that lacks
 * something.
 *
 * There bpf(2) fails with ERRNO: for one COMMAND (`map_create`, `prog_load`), or for `all` of them.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field)	  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value)	  BPF_STMT(BPF_RET | BPF_K, value)
#define COUNT(array)	  (sizeof(array) / sizeof((array)[0]))
#define SKIP_UNLESS(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, n)

static const struct {
	const char *name;
	int command; /* -1: all */
} commands[] = {
	{"all", -1},
	{"map_create", BPF_MAP_CREATE},
	{"prog_load", BPF_PROG_LOAD},
};

/* A command is an int, and the test runs on little-endian machines: the low half of the argument.
 */
static int install(int command, unsigned error)
{
	struct sock_filter all[] = {
		LOAD(nr),
		SKIP_UNLESS(__NR_bpf, 1),
		RETURN(SECCOMP_RET_ERRNO | error),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_filter one[] = {
		LOAD(nr),
		SKIP_UNLESS(__NR_bpf, 3),
		LOAD(args[0]),
		SKIP_UNLESS((unsigned)command, 1),
		RETURN(SECCOMP_RET_ERRNO | error),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {
		.len = command < 0 ? COUNT(all) : COUNT(one),
		.filter = command < 0 ? all : one,
	};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

int main(int count, char **values)
{
	size_t command = 0;

	while (count > 3 && command < COUNT(commands) &&
	       strcmp(commands[command].name, values[1]) != 0)
		command++;
	if (count < 4 || command == COUNT(commands)) {
		fputs("usage: refuse_bpf all|map_create|prog_load ERRNO PROGRAM [ARGUMENT…]\n",
		      stderr);
		return 2;
	}
	if (install(commands[command].command, (unsigned)atoi(values[2])) == 0)
		execvp(values[3], values + 3);
	perror(values[0]);
	return EXIT_FAILURE;
}
