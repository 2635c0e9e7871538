/* SPDX-License-Identifier: BSD-2-Clause */
/* Percent-encoding (RFC 3986, section 2.1), of paths and query strings. Pure. */
#ifndef CAROM_PERCENT_H
#define CAROM_PERCENT_H

#include "error.h"
#include "text.h"

/*
 * Decodes *position up to `stop` or its end, and leaves it there. *output is terminated, and left
 * behind its NUL; it needs no more room than the text. Returns 0, or -1: ERROR_SYNTAX, if an escape
 * is malformed or a NUL, or if the outcome is not UTF-8. Messages begin with `noun`.
 */
int percent_decode(const char *noun, const char **position, char stop, char **output,
		   struct error *error);

/* Everything but the unreserved characters becomes an escape. */
void percent_encode(struct text *text, const char *string);

#endif
