/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that stays root, to do for caromd two things that caromd gives up: to open the files
 * that the config names again, for reading, and to remove the sockets that caromd made. It knows
 * their paths from its start, and does nothing else. It ends when caromd does.
 */
#ifndef CAROM_KEEPER_H
#define CAROM_KEEPER_H

#include "error.h"

#include <stddef.h>

#define KEEPER_PATHS_MAX 32

struct keeper_paths {
	const char *files[KEEPER_PATHS_MAX]; /* NULL and "" are none */
	size_t file_count;
	const char *sockets[KEEPER_PATHS_MAX];
	size_t socket_count;
};

struct keeper;

/* Before there are threads or files that it should not have. Sockets: before they are made; their
 * folders, if they are not there, count as made by caromd, too. NULL on failure. */
struct keeper *keeper_new(const struct keeper_paths *paths, struct error *ret_error);
void keeper_free(struct keeper *keeper);

/* One of the files. Returns a file descriptor, or -1 with errno. */
int keeper_open(struct keeper *keeper, const char *path);

/* The sockets are made: these are what keeper_remove_sockets() removes. */
void keeper_note_sockets(struct keeper *keeper);
/* And their folders, where caromd made them and nothing else is there. */
void keeper_remove_sockets(struct keeper *keeper);

#endif
