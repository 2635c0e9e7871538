/* SPDX-License-Identifier: BSD-2-Clause */
#include "network.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define COMMAND_BYTES 1024

static void hold_namespace(int ready_fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) || write(ready_fd, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

void network_up(struct network *network)
{
	int ready[2];
	char byte;

	if (unshare(CLONE_NEWNET))
		fail_msg("a network namespace: %s (run as root)", strerror(errno));
	assert_int_equal(pipe(ready), 0);
	network->peer = fork();
	assert_true(network->peer >= 0);
	if (network->peer == 0)
		hold_namespace(ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

void network_down(struct network *network)
{
	kill(network->peer, SIGKILL);
	waitpid(network->peer, NULL, 0);
}

static void require(const char *shell_command)
{
	int status = system(shell_command);

	if (status)
		fail_msg("'%s' exits with %d, expected 0", shell_command, WEXITSTATUS(status));
}

void network_here(const char *format, ...)
{
	char command[COMMAND_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	require(command);
}

void network_there(const struct network *network, const char *format, ...)
{
	char command[COMMAND_BYTES];
	va_list arguments;
	int length;

	length = snprintf(command, sizeof(command), "nsenter --net=/proc/%d/ns/net ",
			  (int)network->peer);
	va_start(arguments, format);
	vsnprintf(command + length, sizeof(command) - (size_t)length, format, arguments);
	va_end(arguments);
	require(command);
}

int network_check(const char *format, ...)
{
	char command[COMMAND_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	return system(command) == 0;
}

uint64_t network_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
