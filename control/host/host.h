/* SPDX-License-Identifier: BSD-2-Clause */
/* What caromd needs of the host it runs on, and what it gives up once it has it. */
#ifndef CAROM_HOST_H
#define CAROM_HOST_H

#include "error.h"

#include <stddef.h>

/* Lets this process open as many files as the API has clients, and more. Where that is not allowed,
 * it says so and goes on with as many as there may be. */
void host_raise_file_limit(void);

/* Whether this process has the capabilities to load and attach programs. Returns 0, or -1 and names
 * those that are missing. */
int host_check_capabilities(struct error *ret_error);

/*
 * Keeps CAP_BPF (to wait for grace periods, and to run programs on packets that are made up) and
 * CAP_NET_ADMIN (to ask for neighbours), drops the rest, and sees to it that no program that is
 * executed brings anything back. Of the calling thread and those that it starts later. Says in the
 * log what is kept, why, and what is dropped. Returns 0 or -1.
 */
int host_drop_capabilities(struct error *ret_error);

/* Starts libuv's pool of threads without the capabilities that are dropped later: a thread has what
 * the one had that started it. Before any work is queued. Returns 0 or -1. */
int host_start_pool(struct error *ret_error);

#define HOST_CAPABILITIES_MAX 64

/* The names of those that the calling thread has ("cap_bpf"), in the kernel's order. */
size_t host_capabilities(const char *ret_names[HOST_CAPABILITIES_MAX]);

#endif
