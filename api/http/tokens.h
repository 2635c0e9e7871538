/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who has which role, as api.tokens says it: a line each,
 *
 *	ROLE NAME SHA-256          the hash of a bearer token, in hex; the token itself is not kept
 *	ROLE NAME cert:SUBJECT     a client certificate that names this subject
 *
 * with white space between the fields. A field that begins with '#' begins a comment. A name may
 * have several lines, so that a token can be exchanged while the old one is still in use. Pure.
 */
#ifndef CAROM_TOKENS_H
#define CAROM_TOKENS_H

#include "error.h"
#include "role.h"

#include <stddef.h>

#define TOKENS_MAX	     1024 /* lines that give a role */
#define TOKENS_FILE_BYTES    ((size_t)1 << 20)
#define TOKENS_NAME_BYTES    64
#define TOKENS_SUBJECT_BYTES 256

struct tokens;

struct grant {
	enum role role;
	char name[TOKENS_NAME_BYTES];
};

/* NULL on failure, with every fault and its line in errors. No fault repeats what may be secret. */
struct tokens *tokens_parse(const char *text, size_t length, struct error_list *errors);
void tokens_free(struct tokens *tokens);

/* NULL: no line has this token. The time that takes tells only how many lines there are. */
const struct grant *tokens_find(const struct tokens *tokens, const char *token);
/* NULL: no line has this certificate's subject. */
const struct grant *tokens_find_subject(const struct tokens *tokens, const char *subject);

#endif
