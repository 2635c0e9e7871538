/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Revisions to bytes and back. An entry is whole, or says which objects changed since the entry
 * before it: what differs is found by the pointers that revisions share, so it costs what the
 * change costs.
 *
 * It owns no state. Entries are written on libuv's pool, of revisions that do not change
 * meanwhile, and without touching references; they are decoded at start.
 */
#include "store_entry.h"

#include "abi.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC	      "carom-revision "
#define HEAD_FORMAT   MAGIC "%u %016" PRIx64 " %zu\n"
#define HEAD_SCAN     MAGIC "%u %" SCNx64 " %zu"
#define HEAD_BYTES    80 /* of the longest line, and a NUL */
#define VERSION_FIRST 1
#define VERSION_FLAT  2					 /* changes of VIPs only */
#define VERSION	      (VERSION_FLAT + CONFIG_KIND_COUNT) /* a version more for each kind */
#define CHECKSUM_SEED 0x6361726f6d
#define BUFFER_MIN    4096
#define VIPS_KEY      "vips"

/* The version counts, so that a line whose version went bad is not taken for a newer one. */
static uint64_t checksum(unsigned version, const char *text, size_t length)
{
	uint64_t sum = CHECKSUM_SEED + length, word;

	if (version > VERSION_FIRST)
		sum = carom_mix(sum, version);
	for (size_t i = 0; i < length; i += sizeof(word)) {
		word = 0;
		memcpy(&word, text + i, length - i < sizeof(word) ? length - i : sizeof(word));
		sum = carom_mix(sum ^ word, i);
	}
	return sum;
}

/* ---- writing ---- */

void store_buffer_done(struct store_buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct store_buffer){0};
}

static int append_bytes(struct store_buffer *buffer, const char *bytes, size_t length)
{
	size_t size = buffer->size ? buffer->size : BUFFER_MIN;
	char *grown;

	while (size - buffer->length < length)
		size *= 2;
	if (size > buffer->size) {
		grown = realloc(buffer->bytes, size);
		if (!grown)
			return -1;
		buffer->bytes = grown;
		buffer->size = size;
	}
	memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
	return 0;
}

static int append_entry(struct store_buffer *buffer, const char *body)
{
	size_t length = strlen(body);
	char head[HEAD_BYTES];
	int head_length = snprintf(head, sizeof(head), HEAD_FORMAT, VERSION,
				   checksum(VERSION, body, length), length);

	if (append_bytes(buffer, head, (size_t)head_length))
		return -1;
	return append_bytes(buffer, body, length);
}

/* The set of this kind in "changed" or "removed", made if it is not there yet. NULL: no memory. */
static json_t *set_of_kind(json_t *sets, enum config_kind kind, json_t *make(void))
{
	const char *key = config_kind_key(kind);

	if (!json_object_get(sets, key) && json_object_set_new(sets, key, make()))
		return NULL;
	return json_object_get(sets, key);
}

static int set_changes(json_t *body, const struct config *before, const struct config *after)
{
	struct config_changes walk = {.before = before, .after = after};
	json_t *changed = json_object(), *removed = json_object();
	struct config_change change;
	int failed = 0;

	while (!failed && config_changes_next(&walk, &change)) {
		if (change.after)
			failed = json_object_set_new(
				set_of_kind(changed, change.kind, json_object), change.name,
				config_object_to_json(change.kind, change.after));
		else
			failed =
				json_array_append_new(set_of_kind(removed, change.kind, json_array),
						      json_string(change.name));
	}
	failed |= json_object_set_new(body, "changed", changed);
	failed |= json_object_set_new(body, "removed", removed);
	return failed;
}

static json_t *entry_to_json(const struct revision *revision, const struct revision *before,
			     bool is_whole)
{
	json_t *body =
		json_pack("{s:I, s:I, s:s}", "revision", (json_int_t)revision->number, "time_ms",
			  (json_int_t)revision->time_ms, "author", revision->author);
	int failed = 0;

	if (before)
		failed = json_object_set_new(body, "after",
					     json_integer((json_int_t)before->number));
	if (is_whole || !before)
		failed |= config_put_objects(body, revision->config);
	else
		failed |= set_changes(body, before->config, revision->config);
	if (!failed)
		return body;
	json_decref(body);
	return NULL;
}

int store_entry_append(struct store_buffer *buffer, const struct revision *revision,
		       const struct revision *before, bool is_whole)
{
	json_t *body = entry_to_json(revision, before, is_whole);
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	int result = text ? append_entry(buffer, text) : -1;

	free(text);
	json_decref(body);
	return result;
}

/* ---- reading ---- */

/* The first bytes as a string; returns how many. Longer than a line, none is looked at. */
static size_t copy_head(const char *bytes, size_t length, char ret_head[HEAD_BYTES])
{
	size_t count = length < HEAD_BYTES - 1 ? length : HEAD_BYTES - 1;

	memcpy(ret_head, bytes, count);
	ret_head[count] = '\0';
	return count;
}

/* Whether these bytes are the beginning of a line that goes on. */
static bool is_begun_head(const char *head, size_t length)
{
	size_t common = length < strlen(MAGIC) ? length : strlen(MAGIC);

	return length < HEAD_BYTES - 1 && !memchr(head, '\n', length) &&
	       memcmp(head, MAGIC, common) == 0;
}

enum store_entry_state store_entry_read(const char *bytes, size_t length,
					struct store_entry *ret_entry)
{
	char head[HEAD_BYTES], expected[HEAD_BYTES];
	size_t head_length = copy_head(bytes, length, head), body_length;
	unsigned version;
	uint64_t sum;

	if (is_begun_head(head, head_length))
		return STORE_ENTRY_TORN;
	if (sscanf(head, HEAD_SCAN, &version, &sum, &body_length) != 3)
		return STORE_ENTRY_CORRUPT;
	/* scanf lets much pass; only the one spelling is good. */
	head_length = (size_t)snprintf(expected, sizeof(expected), HEAD_FORMAT, version, sum,
				       body_length);
	if (memcmp(head, expected, head_length) != 0 || version < VERSION_FIRST)
		return STORE_ENTRY_CORRUPT;
	if (body_length > length - head_length)
		return STORE_ENTRY_TORN;
	if (checksum(version, bytes + head_length, body_length) != sum)
		return STORE_ENTRY_CORRUPT;
	*ret_entry = (struct store_entry){
		.version = version,
		.body = bytes + head_length,
		.body_length = body_length,
		.length = head_length + body_length,
	};
	return version <= VERSION ? STORE_ENTRY_GOOD : STORE_ENTRY_NEWER;
}

/* ---- decoding ---- */

/* What an entry changes. Owns the array, and a reference to each object; names are the JSON's. */
struct decoded {
	struct config_edit *edits;
	size_t count;
};

static void decoded_done(struct decoded *decoded)
{
	for (size_t i = 0; i < decoded->count; i++)
		config_object_unref(decoded->edits[i].object);
	free(decoded->edits);
}

static void add_edit(struct decoded *decoded, enum config_kind kind, const char *name,
		     struct config_object *object)
{
	decoded->edits[decoded->count++] = (struct config_edit){kind, name, object};
}

static int entry_decode_object(struct decoded *decoded, enum config_kind kind, const char *name,
			       const json_t *json, struct error *ret_error)
{
	struct error_list errors = {0};
	struct config_object *object = config_object_from_json(kind, json, name, &errors);

	if (object)
		add_edit(decoded, kind, name, object);
	else if (errors.count)
		*ret_error = errors.items[0];
	else
		error_set(ret_error, ERROR_SYSTEM, "out of memory");
	error_list_done(&errors);
	return object ? 0 : -1;
}

/* Sorted, and none is there twice. */
static int sort_edits(struct decoded *decoded, struct error *ret_error)
{
	if (decoded->count)
		qsort(decoded->edits, decoded->count, sizeof(decoded->edits[0]),
		      config_compare_edits);
	for (size_t i = 1; i < decoded->count; i++)
		if (config_compare_edits(&decoded->edits[i - 1], &decoded->edits[i]) == 0)
			return error_set(ret_error, ERROR_CONFLICT, "'%s' is there twice",
					 decoded->edits[i].name);
	return 0;
}

static int entry_decode_set(struct decoded *decoded, enum config_kind kind, json_t *objects,
			    const json_t *removed, struct error *ret_error)
{
	const char *name;
	json_t *json;

	json_object_foreach(objects, name, json)
	{
		if (entry_decode_object(decoded, kind, name, json, ret_error))
			return -1;
	}
	for (size_t i = 0; i < json_array_size(removed); i++) {
		name = json_string_value(json_array_get(removed, i));
		if (!name)
			return error_set(ret_error, ERROR_INVALID, "a removed object has no name");
		add_edit(decoded, kind, name, NULL);
	}
	return 0;
}

static int decode_sets(const json_t *changed, const json_t *removed, struct decoded *decoded,
		       struct error *ret_error)
{
	size_t room = 1;

	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		room += json_object_size(json_object_get(changed, config_kind_key(kind))) +
			json_array_size(json_object_get(removed, config_kind_key(kind)));
	decoded->edits = calloc(room, sizeof(decoded->edits[0]));
	if (!decoded->edits)
		return error_set(ret_error, ERROR_SYSTEM, "out of memory");
	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		if (entry_decode_set(decoded, kind, json_object_get(changed, config_kind_key(kind)),
				     json_object_get(removed, config_kind_key(kind)), ret_error))
			return -1;
	return sort_edits(decoded, ret_error);
}

/* Earlier versions tell changes of VIPs alone, and so without their kind. */
static int add_kind(json_t *body, const char *key)
{
	json_t *flat = json_object_get(body, key);

	return flat ? json_object_set_new(body, key, json_pack("{s:O}", VIPS_KEY, flat)) : 0;
}

static bool is_whole(const json_t *body)
{
	return json_is_object(json_object_get(body, VIPS_KEY));
}

/* All there is to be, or what changed since the entry before. */
static int decode_objects(const json_t *body, const struct revision *before,
			  struct decoded *decoded, struct error *ret_error)
{
	const json_t *changed = json_object_get(body, "changed");
	json_int_t after = json_integer_value(json_object_get(body, "after"));

	if (is_whole(body))
		return decode_sets(body, NULL, decoded, ret_error);
	if (!json_is_object(changed))
		return error_set(ret_error, ERROR_INVALID, "it has no vips");
	if (!before || before->number != (uint64_t)after)
		return error_set(ret_error, ERROR_CONFLICT,
				 "it changes revision %" PRId64 ", which is not the one before",
				 (int64_t)after);
	return decode_sets(changed, json_object_get(body, "removed"), decoded, ret_error);
}

static void decode_heading(const json_t *body, struct revision *revision)
{
	const json_t *number = json_object_get(body, "revision");
	const json_t *time_ms = json_object_get(body, "time_ms");
	const char *author = json_string_value(json_object_get(body, "author"));

	if (number)
		revision->number = (uint64_t)json_integer_value(number);
	if (time_ms)
		revision->time_ms = json_integer_value(time_ms);
	if (author)
		snprintf(revision->author, sizeof(revision->author), "%s", author);
}

static int decode_body(const json_t *body, const struct config *nothing,
		       const struct revision *before, struct revision *revision,
		       struct error *ret_error)
{
	struct decoded decoded = {0};
	int result = decode_objects(body, before, &decoded, ret_error);

	if (result == 0) {
		decode_heading(body, revision);
		revision->config = config_merge_edits(is_whole(body) ? nothing : before->config,
						      decoded.edits, decoded.count);
		if (!revision->config)
			result = error_set(ret_error, ERROR_SYSTEM, "out of memory");
	}
	decoded_done(&decoded);
	return result;
}

/* As the newest version would have it. NULL, described. */
static json_t *load_body(const struct store_entry *entry, struct error *ret_error)
{
	json_error_t fault;
	json_t *body = json_loadb(entry->body, entry->body_length, JSON_REJECT_DUPLICATES, &fault);

	if (!body) {
		error_set(ret_error, ERROR_SYNTAX, "%s", fault.text);
		return NULL;
	}
	if (entry->version > VERSION_FLAT ||
	    (add_kind(body, "changed") == 0 && add_kind(body, "removed") == 0))
		return body;
	error_set(ret_error, ERROR_SYSTEM, "out of memory");
	json_decref(body);
	return NULL;
}

int store_entry_decode(const struct store_entry *entry, const struct config *nothing,
		       const struct revision *before, struct store_decoded *ret_decoded,
		       struct error *ret_error)
{
	json_t *body = load_body(entry, ret_error);
	struct store_decoded decoded = *ret_decoded;
	int result;

	if (!body)
		return -1;
	result = decode_body(body, nothing, before, &decoded.revision, ret_error);
	decoded.after = (uint64_t)json_integer_value(json_object_get(body, "after"));
	json_decref(body);
	if (result == 0)
		*ret_decoded = decoded;
	return result;
}

static uint64_t entry_number(const struct store_entry *entry)
{
	struct revision revision = {0};
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);

	decode_heading(body, &revision);
	json_decref(body);
	return revision.number;
}

uint64_t store_entry_highest(const char *bytes, size_t length)
{
	const char *end = bytes + length, *at = bytes;
	struct store_entry entry;
	uint64_t highest = 0, number;

	while ((at = memmem(at, (size_t)(end - at), MAGIC, strlen(MAGIC)))) {
		if (store_entry_read(at, (size_t)(end - at), &entry) != STORE_ENTRY_GOOD) {
			at++;
			continue;
		}
		number = entry_number(&entry);
		if (number > highest)
			highest = number;
		at += entry.length;
	}
	return highest;
}
