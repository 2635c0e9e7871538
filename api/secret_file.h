/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that the API's guard is made of, and that others must not be able to read or to exchange.
 */
#ifndef CAROM_SECRET_FILE_H
#define CAROM_SECRET_FILE_H

#include "error.h"
#include "opener.h"
#include "text.h"

enum secrecy {
	SECRECY_PUBLIC, /* others may read it: certificates */
	SECRECY_OURS,	/* nobody but its owner may read it, who is root or runs caromd */
};

/* ret_text: the caller's, to be wiped with secret_file_done(). -1 if it cannot be read, is no file,
 * has more than limit bytes, or is open to others. The message begins with what is wrong. */
int secret_file_read(const struct opener *opener, const char *path, enum secrecy secrecy,
		     size_t limit, struct text *ret_text, struct error *error);
/* Leaves nothing of it in memory. */
void secret_file_done(struct text *text);

#endif
