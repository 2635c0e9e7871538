/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The token file's text to a table of grants, and looking them up.
 *
 * Tokens are long and random, so one round of SHA-256 is as good as any number: there is nothing to
 * guess. A look-up hashes what came and compares it to all hashes, each whole, so that neither
 * content nor position shows in its time.
 *
 * It owns no state but the tables that it makes; access.c calls it, on the event loop's thread.
 */
#include "tokens.h"

#include "hex.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HASH_BYTES    32
#define HASH_DIGITS   (2 * HASH_BYTES)
#define FIELDS	      3
#define SUBJECT_LABEL "cert:"
#define LETTERS	      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS	      "0123456789"
#define NAME_SPELLING "1 to 63 of A-Z, a-z, 0-9, '.', '_', '@' and '-'"
#define SUBJECT_BYTES (TOKENS_SUBJECT_BYTES - 1)

struct entry {
	struct grant grant;
	uint8_t hash[HASH_BYTES];
	char subject[TOKENS_SUBJECT_BYTES]; /* empty: it is a token's hash that counts */
};

struct tokens {
	size_t count;
	struct entry entries[TOKENS_MAX];
};

/* A part of the text, which does not end in a NUL. */
struct slice {
	const char *start;
	size_t length;
};

struct line {
	struct error_list *errors;
	size_t number; /* from 1 */
	struct slice fields[FIELDS];
	size_t field_count; /* those that are too many are counted */
};

/* ---- a line ---- */

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r';
}

static struct slice next_field(struct slice *rest)
{
	struct slice field;

	while (rest->length > 0 && is_blank(*rest->start)) {
		rest->start++;
		rest->length--;
	}
	field = (struct slice){rest->start, 0};
	while (field.length < rest->length && !is_blank(field.start[field.length]))
		field.length++;
	rest->start += field.length;
	rest->length -= field.length;
	return field;
}

static void split(struct line *line, struct slice text)
{
	for (;;) {
		struct slice field = next_field(&text);

		if (field.length == 0 || field.start[0] == '#')
			return;
		if (line->field_count < FIELDS)
			line->fields[line->field_count] = field;
		line->field_count++;
	}
}

/* Whether all of it is of these characters. */
static bool is_of(struct slice slice, const char *characters)
{
	for (size_t i = 0; i < slice.length; i++)
		if (!slice.start[i] || !strchr(characters, slice.start[i]))
			return false;
	return true;
}

static bool parse_hash(struct slice slice, uint8_t ret_hash[HASH_BYTES])
{
	uint8_t hash[HASH_BYTES];

	if (slice.length != HASH_DIGITS)
		return false;
	for (size_t i = 0; i < HASH_BYTES; i++) {
		int high = hex_value(slice.start[2 * i]);
		int low = hex_value(slice.start[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret_hash, hash, sizeof(hash));
	return true;
}

static bool parse_subject(struct slice slice, char ret_subject[TOKENS_SUBJECT_BYTES])
{
	const size_t label = strlen(SUBJECT_LABEL);

	if (slice.length <= label || slice.length - label > SUBJECT_BYTES ||
	    memcmp(slice.start, SUBJECT_LABEL, label) != 0 || memchr(slice.start, 0, slice.length))
		return false;
	memcpy(ret_subject, slice.start + label, slice.length - label);
	ret_subject[slice.length - label] = '\0';
	return true;
}

static int tokens_refuse(const struct line *line, enum error_kind kind, const char *reason)
{
	return error_list_add(line->errors, kind, "", "line %zu: %s", line->number, reason);
}

/* What is not understood is not shown: it may be a token, in the wrong place. */
static int parse_entry(const struct line *line, struct entry *ret_entry)
{
	struct slice name = line->fields[1];

	*ret_entry = (struct entry){0};
	if (line->field_count != FIELDS)
		return error_list_add(line->errors, ERROR_INVALID, "",
				      "line %zu: %zu fields; expected a role, a name, and a hash or"
				      " '" SUBJECT_LABEL "SUBJECT'",
				      line->number, line->field_count);
	if (!role_parse(line->fields[0].start, line->fields[0].length, &ret_entry->grant.role))
		return tokens_refuse(line, ERROR_INVALID,
				     "the first field is not a role; expected " ROLE_NAMES);
	if (name.length >= TOKENS_NAME_BYTES || !is_of(name, LETTERS DIGITS "._@-"))
		return tokens_refuse(line, ERROR_INVALID,
				     "the second field is not a name; expected " NAME_SPELLING);
	memcpy(ret_entry->grant.name, name.start, name.length);
	if (parse_hash(line->fields[2], ret_entry->hash) ||
	    parse_subject(line->fields[2], ret_entry->subject))
		return 0;
	return tokens_refuse(
		line, ERROR_INVALID,
		"the third field is not a credential; expected the 64 hex digits of a token's"
		" SHA-256, or '" SUBJECT_LABEL "SUBJECT' with at most 255 bytes");
}

/* ---- the file ---- */

static bool is_same_credential(const struct entry *left, const struct entry *right)
{
	return strcmp(left->subject, right->subject) == 0 &&
	       gnutls_memcmp(left->hash, right->hash, HASH_BYTES) == 0;
}

static int add_entry(struct tokens *tokens, const struct line *line, const struct entry *entry)
{
	if (tokens->count == TOKENS_MAX)
		return error_list_add(line->errors, ERROR_LIMIT, "",
				      "line %zu: there are %d lines that give a role already, which"
				      " is the limit",
				      line->number, TOKENS_MAX);
	for (size_t i = 0; i < tokens->count; i++)
		if (is_same_credential(&tokens->entries[i], entry))
			return tokens_refuse(line, ERROR_CONFLICT,
					     "this token or certificate has a line already");
	tokens->entries[tokens->count++] = *entry;
	return 0;
}

static int parse_line(struct tokens *tokens, struct line *line, struct slice text)
{
	struct entry entry;

	split(line, text);
	if (line->field_count == 0)
		return 0;
	if (parse_entry(line, &entry))
		return -1;
	return add_entry(tokens, line, &entry);
}

/* Stops at a full table: what lies behind it would be told line by line. */
static int parse_lines(struct tokens *tokens, struct slice text, struct error_list *errors)
{
	int failed = 0;

	for (size_t number = 1; text.length > 0; number++) {
		const char *end = memchr(text.start, '\n', text.length);
		size_t length = end ? (size_t)(end - text.start) : text.length;
		struct line line = {.errors = errors, .number = number};

		failed |= parse_line(tokens, &line, (struct slice){text.start, length});
		if (failed && tokens->count == TOKENS_MAX)
			break;
		text.start += length + (end != NULL);
		text.length -= length + (end != NULL);
	}
	return failed;
}

struct tokens *tokens_parse(const char *text, size_t length, struct error_list *errors)
{
	struct tokens *tokens = calloc(1, sizeof(*tokens));

	if (!tokens) {
		error_list_add(errors, ERROR_SYSTEM, "", "out of memory");
		return NULL;
	}
	if (parse_lines(tokens, (struct slice){text, length}, errors)) {
		tokens_free(tokens);
		return NULL;
	}
	return tokens;
}

void tokens_free(struct tokens *tokens)
{
	free(tokens);
}

/* ---- looking up ---- */

const struct grant *tokens_find(const struct tokens *tokens, const char *token)
{
	uint8_t hash[HASH_BYTES];
	size_t found = 0; /* from 1 */

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, token, strlen(token), hash))
		return NULL;
	for (size_t i = 0; i < tokens->count; i++) {
		const struct entry *entry = &tokens->entries[i];
		bool is_same = gnutls_memcmp(entry->hash, hash, HASH_BYTES) == 0;

		found |= (size_t) - (is_same & !entry->subject[0]) & (i + 1);
	}
	return found ? &tokens->entries[found - 1].grant : NULL;
}

const struct grant *tokens_find_subject(const struct tokens *tokens, const char *subject)
{
	for (size_t i = 0; subject[0] && i < tokens->count; i++)
		if (strcmp(tokens->entries[i].subject, subject) == 0)
			return &tokens->entries[i].grant;
	return NULL;
}
