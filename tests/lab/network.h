/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two network namespaces that end with the test, however it ends: the test's own process in one,
 * a sleeping child that holds the other. They have no names, so nothing is left to clean up.
 */
#ifndef CAROM_TEST_NETWORK_H
#define CAROM_TEST_NETWORK_H

#include <stdint.h>
#include <sys/types.h>

struct network {
	pid_t peer; /* the child */
};

/* Each fails the test when it fails, and says at what. */
void network_up(struct network *network);
void network_down(struct network *network);

/* Run a shell command in the test's namespace, or in the peer's. */
void network_here(const char *format, ...) __attribute__((format(printf, 1, 2)));
void network_there(const struct network *network, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Whether the command exits with 0. */
int network_check(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t network_now_ms(void);

#endif
