/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the store share. Private to it. */
#ifndef CAROM_STORE_PARTS_H
#define CAROM_STORE_PARTS_H

#include "store.h"

struct store {
	int folder;
	bool is_new; /* the folder: this process has made it */
	char path[CONFIG_PATH_BYTES];

	uint64_t *files; /* owned; by their first revisions, ascending */
	size_t file_count, file_room;

	/* The last of them, open at its end; or -1: it is not to be appended to. */
	int file;
	uint64_t snapshot_bytes, journal_bytes;
	uint64_t last_number; /* of its last entry */

	uint64_t lost_number; /* the highest that may have been given to what is not good; or 0 */
	struct store_fault errors[STORE_FAULTS_MAX];
	size_t fault_count;
};

/* Room for one file more among those known. Returns 0; -1: out of memory. */
int store_reserve_file(struct store *store);
/* Known as the last one from here on; there is room for it. */
void store_note_file(struct store *store, uint64_t number);
void store_format_name(uint64_t number, char ret_name[STORE_NAME_BYTES]);
/* From here on, the last file is appended to. Takes the descriptor over. */
void store_use_file(struct store *store, int file, uint64_t snapshot_bytes, uint64_t journal_bytes);
/* From here on, no file is: the next write begins one. */
void store_leave_file(struct store *store);

#endif
