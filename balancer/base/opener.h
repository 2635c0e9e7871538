/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How files of the config are opened: by the process itself, or, once it has changed its user, by
 * a process that may still read them.
 */
#ifndef CAROM_OPENER_H
#define CAROM_OPENER_H

#include <sys/types.h>

struct opener {
	/* For reading, and without waiting (O_NONBLOCK). Returns a file descriptor, or -1 with
	 * errno. */
	int (*open)(void *context, const char *path);
	void *context;
	uid_t user; /* that this process runs as, or will: it may own secrets, as root may */
};

#endif
