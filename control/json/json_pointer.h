/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON Pointers (RFC 6901): "/vips/web/port" is "vips", "web", "port". Pure. */
#ifndef CAROM_JSON_POINTER_H
#define CAROM_JSON_POINTER_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

/* Of a pointer that was parsed; owns its tokens. All zero: the whole document. */
struct json_pointer {
	size_t count;
	char **tokens; /* unescaped; one allocation, with their text behind them */
};

/* Fails for what is not empty and does not begin with '/', for a '~' that neither '0' nor '1'
 * follows, for more than JSON_DEPTH_MAX tokens, and without memory. The message goes on from the
 * pointer's name: " '/a~2' …". */
int json_pointer_parse(const char *text, struct json_pointer *ret_pointer, struct error *error);
void json_pointer_done(struct json_pointer *pointer);

/* Whether it leads to the other one's place or to something around it. */
bool json_pointer_is_prefix(const struct json_pointer *prefix, const struct json_pointer *pointer);

/* Of its first tokens, as text, escaped. The caller frees it; NULL: out of memory. */
char *json_pointer_format(const struct json_pointer *pointer, size_t token_count);
/* The text of a pointer to a member of what `pointer` leads to. Likewise. */
char *json_pointer_append(const char *pointer, const char *key);

#define JSON_POINTER_END "-" /* the token for what would be an array's next element */

/* A token as an array's index: digits, without leading zeros. */
bool json_pointer_index(const char *token, size_t *ret_index);

#endif
