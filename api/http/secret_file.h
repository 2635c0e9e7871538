/* SPDX-License-Identifier: BSD-2-Clause */
/* The guard's files, which other users must not be able to read or to exchange. */
#ifndef CAROM_SECRET_FILE_H
#define CAROM_SECRET_FILE_H

#include "error.h"
#include "opener.h"
#include "text.h"

enum secrecy {
	SECRECY_PUBLIC, /* others may read it: certificates */
	SECRECY_OURS,	/* only its owner may read it: root, or the user that caromd runs as */
};

/* ret_text: the caller's, to be wiped with secret_file_done(). -1 if it cannot be read, is no file,
 * has more than limit bytes, or is open to others. The message begins with what is wrong. */
int secret_file_read(const struct opener *opener, const char *path, enum secrecy secrecy,
		     size_t limit, struct text *ret_text, struct error *error);
/* Leaves nothing of it in memory. */
void secret_file_done(struct text *text);

#endif
