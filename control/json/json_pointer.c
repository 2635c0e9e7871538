/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_pointer.h"

#include "json_parse.h"
#include "json_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATOR '/'
#define ESCAPE	  '~'

/* ---- reading ---- */

static size_t count_tokens(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == SEPARATOR;
	return count;
}

static int check_text(const char *text, struct error *error)
{
	char quote[JSON_QUOTE_BYTES];

	if (*text && *text != SEPARATOR)
		return error_set(error, ERROR_INVALID,
				 " '%s' is not a JSON Pointer; expected '/' before each name",
				 json_quote(text, quote));
	for (const char *at = text; *at; at++)
		if (*at == ESCAPE && at[1] != '0' && at[1] != '1')
			return error_set(error, ERROR_INVALID,
					 " '%s' is not a JSON Pointer; expected '~0' for '~' and"
					 " '~1' for '/'",
					 json_quote(text, quote));
	if (count_tokens(text) > JSON_DEPTH_MAX)
		return error_set(error, ERROR_LIMIT, " '%s' has %zu names; expected at most %d",
				 json_quote(text, quote), count_tokens(text), JSON_DEPTH_MAX);
	return 0;
}

/* Cuts and unescapes in one pass; the output is never longer than the text. */
static void fill_tokens(struct json_pointer *pointer, const char *text, char *output)
{
	for (; *text; text++) {
		if (*text == SEPARATOR) {
			*output++ = '\0';
			pointer->tokens[pointer->count++] = output;
		} else if (*text == ESCAPE) {
			*output++ = *++text == '0' ? ESCAPE : SEPARATOR;
		} else {
			*output++ = *text;
		}
	}
	*output = '\0';
}

int json_pointer_parse(const char *text, struct json_pointer *ret_pointer, struct error *error)
{
	size_t table_bytes = count_tokens(text) * sizeof(ret_pointer->tokens[0]);
	struct json_pointer pointer = {0};

	if (check_text(text, error))
		return -1;
	pointer.tokens = malloc(table_bytes + strlen(text) + 1);
	if (!pointer.tokens)
		return error_set_errno(error, ENOMEM, " '/'");
	fill_tokens(&pointer, text, (char *)pointer.tokens + table_bytes);
	*ret_pointer = pointer;
	return 0;
}

void json_pointer_done(struct json_pointer *pointer)
{
	free(pointer->tokens);
	*pointer = (struct json_pointer){0};
}

bool json_pointer_is_prefix(const struct json_pointer *prefix, const struct json_pointer *pointer)
{
	if (prefix->count > pointer->count)
		return false;
	for (size_t i = 0; i < prefix->count; i++)
		if (strcmp(prefix->tokens[i], pointer->tokens[i]) != 0)
			return false;
	return true;
}

bool json_pointer_index(const char *token, size_t *ret_index)
{
	size_t length = strlen(token);
	char *end;

	if (length == 0 || strspn(token, "0123456789") != length || (length > 1 && *token == '0'))
		return false;
	errno = 0;
	*ret_index = strtoul(token, &end, 10);
	return errno == 0;
}

/* ---- writing ---- */

/* Each byte may need two. */
static size_t escaped_bytes_max(const char *key)
{
	return 1 + 2 * strlen(key);
}

static char *append_escaped(char *output, const char *key)
{
	*output++ = SEPARATOR;
	for (; *key; key++) {
		if (*key == ESCAPE || *key == SEPARATOR)
			*output++ = ESCAPE;
		*output++ = *key == ESCAPE ? '0' : *key == SEPARATOR ? '1' : *key;
	}
	return output;
}

char *json_pointer_append(const char *pointer, const char *key)
{
	size_t length = strlen(pointer);
	char *text = malloc(length + escaped_bytes_max(key) + 1);

	if (!text)
		return NULL;
	memcpy(text, pointer, length);
	*append_escaped(text + length, key) = '\0';
	return text;
}

char *json_pointer_format(const struct json_pointer *pointer, size_t token_count)
{
	size_t bytes = 1;
	char *text, *end;

	for (size_t i = 0; i < token_count; i++)
		bytes += escaped_bytes_max(pointer->tokens[i]);
	text = malloc(bytes);
	if (!text)
		return NULL;
	end = text;
	for (size_t i = 0; i < token_count; i++)
		end = append_escaped(end, pointer->tokens[i]);
	*end = '\0';
	return text;
}
