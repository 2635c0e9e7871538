/* SPDX-License-Identifier: BSD-2-Clause */
/* The key of the flows' hash that a start without node.hash_seed made: a file of its own beside the
 * revisions, readable by its owner only. */
#ifndef CAROM_KEY_FILE_H
#define CAROM_KEY_FILE_H

#include "error.h"

#include <stdint.h>

#define KEY_FILE_NAME "hash_key"

/* Returns 0; -1 with ERROR_NOT_FOUND: there is none; with another: it is no key. */
int key_file_read(const char *folder, uint64_t ret_key[2], struct error *ret_error);
/* Blocks until the disk has it. Returns 0 or -1. */
int key_file_write(const char *folder, const uint64_t key[2], struct error *ret_error);

#endif
