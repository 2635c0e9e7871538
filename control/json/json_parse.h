/* SPDX-License-Identifier: BSD-2-Clause */
/* Text to JSON, from memory and from files; bounded in length and depth. Pure but for the files. */
#ifndef CAROM_JSON_PARSE_H
#define CAROM_JSON_PARSE_H

#include "error.h"
#include "opener.h"

#include <jansson.h>
#include <stddef.h>

#define JSON_TEXT_BYTES_MAX (64u << 20) /* file or body */
#define JSON_DEPTH_MAX	    32

/* Text to JSON: refuses duplicate keys, depth over JSON_DEPTH_MAX, more than one document, and
 * NUL bytes. NULL on failure, with one ERROR_SYNTAX ("line 3, column 7: …") in errors, or one
 * ERROR_LIMIT when the text is longer than JSON_TEXT_BYTES_MAX. */
json_t *json_parse(const char *text, size_t length, struct error_list *errors);
/* Reads a whole file. NULL on failure; messages begin with the path. */
json_t *json_parse_file(const char *path, struct error_list *errors);
/* opener: NULL for a plain open(). */
json_t *json_parse_opened(const char *path, const struct opener *opener, struct error_list *errors);

#endif
