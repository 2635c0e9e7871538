/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder that is caromd's own on disk: who may write to it, and whom it belongs to. */
#ifndef CAROM_FOLDER_H
#define CAROM_FOLDER_H

#include "error.h"
#include "privileges.h"

/* Refuses a folder that others can write to, or that belongs to another user. path: for messages.
 * Returns 0 or -1. */
int folder_check(int folder, const char *path, const struct privileges_user *user,
		 struct error *ret_error);

/* Makes the folder and the files in it the user's, as an older caromd left them root's. Passes by
 * what is no regular file, or has another name elsewhere. Returns 0 or -1. */
int folder_give(int folder, const char *path, const struct privileges_user *user,
		struct error *ret_error);

#endif
