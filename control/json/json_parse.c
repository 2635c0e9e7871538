/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text to JSON, from memory and from files.
 *
 * jansson's parser recurses no deeper than 2,048 levels, so it is safe on any text; what it accepts
 * is then held to our own, smaller depth, because decoding and printing recurse as well. JSON has
 * no other use for NUL bytes than to hide what follows them.
 *
 * It owns no state; it runs on its caller's thread.
 */
#include "json_parse.h"

#include "json_place.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES_MIN 65536
#define REASON_BYTES   256
#define JSON_SPACE     " \t\r\n"

/* ---- text ---- */

/* Counts as an editor shows it: from 1, columns in characters. */
static int refuse_at(struct error_list *errors, const char *text, size_t offset, const char *reason)
{
	unsigned line = 1, column = 1;

	for (size_t at = 0; at < offset; at++) {
		if (text[at] == '\n') {
			line++;
			column = 1;
		} else if (!utf8_is_continuation(text[at])) {
			column++;
		}
	}
	error_list_add(errors, ERROR_SYNTAX, "", "line %u, column %u: %s", line, column, reason);
	return -1;
}

/* A quote that no backslash before it makes part of a string. */
static bool is_delimiter(const char *text, size_t at)
{
	size_t backslashes = 0;

	while (at > backslashes && text[at - backslashes - 1] == '\\')
		backslashes++;
	return text[at] == '"' && backslashes % 2 == 0;
}

/* end: the offset behind the key's closing quote. jansson leaves long keys out of its message. */
static int refuse_duplicate(struct error_list *errors, const char *text, size_t end)
{
	char key[JSON_QUOTE_BYTES] = "", quote[JSON_QUOTE_BYTES], reason[REASON_BYTES];
	size_t start = end - 1;
	size_t length;

	while (start > 0 && !is_delimiter(text, start - 1))
		start--;
	length = end - 1 - start;
	memcpy(key, text + start, length < sizeof(key) ? length : sizeof(key) - 1);
	snprintf(reason, sizeof(reason), "duplicate key '%s'", json_quote(key, quote));
	return refuse_at(errors, text, start, reason);
}

static int refuse_syntax(struct error_list *errors, const char *text, const json_error_t *error)
{
	char reason[JSON_QUOTE_BYTES];
	enum json_error_code code = json_error_code(error);

	if (code == json_error_duplicate_key)
		return refuse_duplicate(errors, text, (size_t)error->position);
	if (code == json_error_out_of_memory)
		return error_list_add(errors, ERROR_SYSTEM, "", "out of memory");
	if (code == json_error_null_character || code == json_error_null_byte_in_key)
		snprintf(reason, sizeof(reason), "\\u0000 is not allowed");
	else
		json_quote(error->text, reason);
	/* jansson counts a token's columns up to its end, and those of nothing as 0. */
	return error_list_add(errors, ERROR_SYNTAX, "", "line %d, column %d: %s", error->line,
			      error->column ? error->column : 1, reason);
}

/* The offset of the first bracket that nests too deep, or length. The text is well-formed. */
static size_t find_depth_excess(const char *text, size_t length)
{
	unsigned depth = 0;
	bool is_quoted = false;

	for (size_t at = 0; at < length; at++) {
		char character = text[at];

		if (is_quoted && character == '\\')
			at++;
		else if (character == '"')
			is_quoted = !is_quoted;
		else if (is_quoted)
			continue;
		else if (character == '{' || character == '[')
			depth++;
		else if (character == '}' || character == ']')
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return at;
	}
	return length;
}

/* What can be told without parsing. */
static int parse_check_text(const char *text, size_t length, struct error_list *errors)
{
	const char *nul;
	size_t space = 0;

	if (length > JSON_TEXT_BYTES_MAX)
		return error_list_add(errors, ERROR_LIMIT, "",
				      "the document has %zu bytes or more; expected at most %u",
				      length, JSON_TEXT_BYTES_MAX);
	nul = length ? memchr(text, '\0', length) : NULL;
	if (nul)
		return refuse_at(errors, text, (size_t)(nul - text), "a NUL byte");
	while (space < length && strchr(JSON_SPACE, text[space]))
		space++;
	if (space == length)
		return refuse_at(errors, text, length, "nothing there; expected a JSON object");
	return 0;
}

json_t *json_parse(const char *text, size_t length, struct error_list *errors)
{
	json_error_t error;
	size_t excess;
	json_t *json;

	if (parse_check_text(text, length, errors))
		return NULL;
	json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (!json) {
		refuse_syntax(errors, text, &error);
		return NULL;
	}
	excess = find_depth_excess(text, length);
	if (excess < length) {
		char reason[REASON_BYTES];

		snprintf(reason, sizeof(reason), "nested deeper than %d levels", JSON_DEPTH_MAX);
		refuse_at(errors, text, excess, reason);
		json_decref(json);
		return NULL;
	}
	return json;
}

/* ---- files ---- */

struct buffer {
	char *bytes; /* owned */
	size_t length;
	size_t size;
};

static int buffer_grow(struct buffer *buffer)
{
	size_t size = buffer->size ? 2 * buffer->size : READ_BYTES_MIN;
	char *bytes = realloc(buffer->bytes, size);

	if (!bytes)
		return -1;
	buffer->bytes = bytes;
	buffer->size = size;
	return 0;
}

/* Until the end, or until it is seen to be too much. Returns 0 or an errno. */
static int read_to_end(int file, struct buffer *buffer)
{
	for (;;) {
		ssize_t count;

		if (buffer->length == buffer->size && buffer_grow(buffer))
			return ENOMEM;
		count = read(file, buffer->bytes + buffer->length, buffer->size - buffer->length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return errno;
		buffer->length += (size_t)count;
		if (count == 0 || buffer->length > JSON_TEXT_BYTES_MAX)
			return 0;
	}
}

static int parse_read_file(const char *path, const struct opener *opener, struct buffer *buffer)
{
	int file = opener ? opener->open(opener->context, path) : open(path, O_RDONLY | O_CLOEXEC);
	int failure;

	if (file < 0)
		return errno;
	failure = read_to_end(file, buffer);
	close(file);
	return failure;
}

json_t *json_parse_file(const char *path, struct error_list *errors)
{
	return json_parse_opened(path, NULL, errors);
}

json_t *json_parse_opened(const char *path, const struct opener *opener, struct error_list *errors)
{
	struct buffer buffer = {0};
	size_t earlier = errors->count;
	int failure = parse_read_file(path, opener, &buffer);
	json_t *json = NULL;
	struct error error;

	if (failure) {
		error_set_errno(&error, failure, "%s", path);
		error_list_append(errors, &error);
	} else {
		json = json_parse(buffer.bytes, buffer.length, errors);
		if (errors->count > earlier)
			error_prefix(&errors->items[earlier], "%s: ", path);
	}
	free(buffer.bytes);
	return json;
}
