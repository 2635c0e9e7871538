/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A patch onto a document that is ours: operation by operation, until one cannot be done, and then
 * it is thrown away.
 *
 * Work is bounded by the sizes of document and patch, but for what copies, moves and arrays can
 * multiply, which is counted as effort.
 *
 * It owns no state; it runs on its caller's thread. It recurses no deeper than JSON_DEPTH_MAX,
 * which holds for the document and the patch as they come, and is kept.
 */
#include "json_patch.h"

#include "json_field.h"
#include "json_parse.h"
#include "json_place.h"

#include <stdlib.h>
#include <string.h>

#define WHOLE_DOCUMENT "the document"

struct application {
	json_t *document; /* owned */
	size_t effort, effort_max;
};

/* One operation's pointer: the pointer, and where in the patch it stands. */
struct target {
	const struct json_pointer *pointer;
	struct json_place place;
};

struct measure {
	size_t values;
	size_t depth; /* 0: neither an object nor an array */
};

/* ---- values ---- */

static void measure_member(struct measure *measure, const json_t *member);

static struct measure measure_value(const json_t *json)
{
	struct measure measure = {.values = 1};
	const json_t *member;
	const char *key;
	size_t index;

	json_array_foreach(json, index, member)
	{
		measure_member(&measure, member);
	}
	json_object_foreach(json_mutable(json), key, member)
	{
		measure_member(&measure, member);
	}
	if (json_is_array(json) || json_is_object(json))
		measure.depth++;
	return measure;
}

static void measure_member(struct measure *measure, const json_t *member)
{
	struct measure inner = measure_value(member);

	measure->values += inner.values;
	if (inner.depth > measure->depth)
		measure->depth = inner.depth;
}

static bool values_equal(const json_t *left, const json_t *right);

static bool objects_equal(const json_t *left, const json_t *right)
{
	const json_t *value;
	const char *key;

	if (json_object_size(left) != json_object_size(right))
		return false;
	json_object_foreach(json_mutable(left), key, value)
	{
		const json_t *other = json_object_get(right, key);

		if (!other || !values_equal(value, other))
			return false;
	}
	return true;
}

static bool arrays_equal(const json_t *left, const json_t *right)
{
	if (json_array_size(left) != json_array_size(right))
		return false;
	for (size_t i = 0; i < json_array_size(left); i++)
		if (!values_equal(json_array_get(left, i), json_array_get(right, i)))
			return false;
	return true;
}

/* A long double has room for every integer. */
static long double number_value(const json_t *json)
{
	return json_is_integer(json) ? (long double)json_integer_value(json)
				     : (long double)json_real_value(json);
}

/* As RFC 6902, section 4.6 has it: to json_equal(), 1 and 1.0 differ. */
static bool values_equal(const json_t *left, const json_t *right)
{
	if (json_is_number(left) && json_is_number(right))
		return number_value(left) == number_value(right);
	if (json_is_object(left) && json_is_object(right))
		return objects_equal(left, right);
	if (json_is_array(left) && json_is_array(right))
		return arrays_equal(left, right);
	return json_equal(left, right);
}

/* ---- errors ---- */

/* "'/vips/web'": what the first tokens lead to. */
static const char *quote_tokens(const struct json_pointer *pointer, size_t token_count,
				char ret_quote[JSON_QUOTE_BYTES])
{
	char *text = token_count ? json_pointer_format(pointer, token_count) : NULL;

	json_quote(text ? text : WHOLE_DOCUMENT, ret_quote);
	free(text);
	return ret_quote;
}

/* The beginning of a value's text. */
struct excerpt {
	char text[JSON_QUOTE_BYTES + 1]; /* longer than a quote, so that it is seen to be cut */
	size_t used;
};

/* Stops the dump when there is enough. */
static int append_excerpt(const char *bytes, size_t length, void *context)
{
	struct excerpt *excerpt = context;
	size_t room = sizeof(excerpt->text) - 1 - excerpt->used;
	size_t taken = length < room ? length : room;

	memcpy(excerpt->text + excerpt->used, bytes, taken);
	excerpt->used += taken;
	return taken < length ? -1 : 0;
}

static const char *quote_value(const json_t *json, char ret_quote[JSON_QUOTE_BYTES])
{
	struct excerpt excerpt = {0};

	json_dump_callback(json, append_excerpt, &excerpt, JSON_COMPACT | JSON_ENCODE_ANY);
	return json_quote(excerpt.text, ret_quote);
}

static int refuse_number(const struct target *target, const char *whole, const char *around,
			 const char *token, size_t size)
{
	char quote[JSON_QUOTE_BYTES];
	size_t index;

	if (!json_pointer_index(token, &index) && strcmp(token, JSON_POINTER_END) != 0)
		return json_refuse(&target->place, ERROR_CONFLICT,
				   " '%s' leads nowhere: '%s' is an array; expected a number for"
				   " '%s'",
				   whole, around, json_quote(token, quote));
	return json_refuse(&target->place, ERROR_CONFLICT,
			   " '%s' leads nowhere: '%s' has %zu elements", whole, around, size);
}

/* `around`, which the first tokens lead to, has nothing by the name of the next. */
static int refuse_missing(const struct target *target, size_t token_count, const json_t *around)
{
	const struct json_pointer *pointer = target->pointer;
	const char *token = pointer->tokens[token_count];
	char whole[JSON_QUOTE_BYTES], place[JSON_QUOTE_BYTES], quote[JSON_QUOTE_BYTES];

	quote_tokens(pointer, pointer->count, whole);
	quote_tokens(pointer, token_count, place);
	if (json_is_array(around))
		return refuse_number(target, whole, place, token, json_array_size(around));
	if (json_is_object(around))
		return json_refuse(&target->place, ERROR_CONFLICT,
				   " '%s' leads nowhere: '%s' has no '%s'", whole, place,
				   json_quote(token, quote));
	return json_refuse(&target->place, ERROR_CONFLICT,
			   " '%s' leads nowhere: '%s' is %s; expected an object or an array", whole,
			   place, json_type_name(around));
}

static int spend(struct application *application, const struct target *target, size_t effort)
{
	application->effort += effort;
	if (application->effort <= application->effort_max)
		return 0;
	return json_refuse(&target->place, ERROR_LIMIT,
			   ": with it, the patch copies, moves or shifts more than %zu values,"
			   " the most that one of its length may",
			   application->effort_max);
}

static size_t effort_max(const struct json_patch *patch)
{
	size_t effort = JSON_PATCH_EFFORT_MIN + patch->count * JSON_PATCH_EFFORT_PER_OPERATION;

	return effort < JSON_PATCH_EFFORT_MAX ? effort : JSON_PATCH_EFFORT_MAX;
}

/* ---- places in the document ---- */

static json_t *find_member(const json_t *around, const char *token)
{
	size_t index;

	if (json_is_object(around))
		return json_object_get(around, token);
	if (json_is_array(around) && json_pointer_index(token, &index))
		return json_array_get(around, index);
	return NULL;
}

/* What the first tokens lead to; NULL with a fault. Borrowed. */
static json_t *find_at(const struct application *application, const struct target *target,
		       size_t token_count)
{
	json_t *found = application->document;

	for (size_t i = 0; i < token_count; i++) {
		json_t *member = find_member(found, target->pointer->tokens[i]);

		if (!member) {
			refuse_missing(target, i, found);
			return NULL;
		}
		found = member;
	}
	return found;
}

static json_t *find_all(const struct application *application, const struct target *target)
{
	return find_at(application, target, target->pointer->count);
}

static const char *last_token(const struct target *target)
{
	return target->pointer->tokens[target->pointer->count - 1];
}

static int set_document(struct application *application, json_t *value)
{
	json_decref(application->document);
	application->document = value;
	return 0;
}

/* Consumes the value. */
static int insert(struct application *application, const struct target *target, json_t *array,
		  json_t *value)
{
	const char *token = last_token(target);
	size_t size = json_array_size(array), index = size;

	if (strcmp(token, JSON_POINTER_END) != 0 &&
	    (!json_pointer_index(token, &index) || index > size)) {
		json_decref(value);
		return refuse_missing(target, target->pointer->count - 1, array);
	}
	if (spend(application, target, size - index)) {
		json_decref(value);
		return -1;
	}
	return json_array_insert_new(array, index, value) ? json_refuse_memory(&target->place) : 0;
}

static int check_depth(const struct target *target, const json_t *value)
{
	size_t depth = target->pointer->count + measure_value(value).depth;

	if (depth <= JSON_DEPTH_MAX)
		return 0;
	return json_refuse(&target->place, ERROR_LIMIT,
			   ": the document would be %zu levels deep; expected at most %d", depth,
			   JSON_DEPTH_MAX);
}

/* Consumes the value; NULL: there was no memory for it. */
static int add_value(struct application *application, const struct target *target, json_t *value)
{
	size_t count = target->pointer->count;
	json_t *around = NULL;

	if (!value)
		return json_refuse_memory(&target->place);
	if (check_depth(target, value)) {
		json_decref(value);
		return -1;
	}
	if (count == 0)
		return set_document(application, value);
	around = find_at(application, target, count - 1);
	if (json_is_array(around))
		return insert(application, target, around, value);
	if (json_is_object(around))
		return json_object_set_new(around, last_token(target), value)
			       ? json_refuse_memory(&target->place)
			       : 0;
	json_decref(value);
	return around ? refuse_missing(target, count - 1, around) : -1;
}

static int take_out(struct application *application, const struct target *target)
{
	json_t *around = find_at(application, target, target->pointer->count - 1);
	size_t index = 0;

	if (json_is_object(around)) {
		json_object_del(around, last_token(target));
		return 0;
	}
	json_pointer_index(last_token(target), &index);
	json_array_remove(around, index);
	return spend(application, target, json_array_size(around) - index);
}

/* ---- operations ---- */

static int do_remove(struct application *application, const struct target *path)
{
	if (path->pointer->count == 0)
		return json_refuse(&path->place, ERROR_INVALID,
				   " is that of " WHOLE_DOCUMENT "; expected one within it");
	return find_all(application, path) ? take_out(application, path) : -1;
}

static int do_replace(struct application *application, const struct target *path,
		      const json_t *value)
{
	json_t *copy, *around;
	size_t index = 0;
	int failed;

	if (!find_all(application, path) || check_depth(path, value))
		return -1;
	copy = json_deep_copy(value);
	if (!copy)
		return json_refuse_memory(&path->place);
	if (path->pointer->count == 0)
		return set_document(application, copy);
	around = find_at(application, path, path->pointer->count - 1);
	json_pointer_index(last_token(path), &index);
	failed = json_is_object(around) ? json_object_set_new(around, last_token(path), copy)
					: json_array_set_new(around, index, copy);
	return failed ? json_refuse_memory(&path->place) : 0;
}

static int do_move(struct application *application, const struct target *path,
		   const struct target *from)
{
	json_t *value = find_all(application, from);
	char quote[JSON_QUOTE_BYTES];

	if (!value || spend(application, from, measure_value(value).values))
		return -1;
	if (json_pointer_is_prefix(from->pointer, path->pointer)) {
		if (from->pointer->count == path->pointer->count)
			return 0;
		return json_refuse(&path->place, ERROR_INVALID, " lies within '%s', which moves",
				   quote_tokens(from->pointer, from->pointer->count, quote));
	}
	json_incref(value);
	if (take_out(application, from)) {
		json_decref(value);
		return -1;
	}
	return add_value(application, path, value);
}

static int do_copy(struct application *application, const struct target *path,
		   const struct target *from)
{
	const json_t *value = find_all(application, from);

	if (!value || spend(application, from, measure_value(value).values))
		return -1;
	return add_value(application, path, json_deep_copy(value));
}

static int do_test(const struct application *application, const struct json_place *operation,
		   const struct target *path, const json_t *value)
{
	struct json_place place = json_place_member(operation, "value");
	const json_t *found = find_all(application, path);
	char whole[JSON_QUOTE_BYTES], wanted[JSON_QUOTE_BYTES], actual[JSON_QUOTE_BYTES];

	if (!found)
		return -1;
	if (values_equal(found, value))
		return 0;
	return json_refuse(&place, ERROR_CONFLICT, " is %s, but '%s' is %s",
			   quote_value(value, wanted),
			   quote_tokens(path->pointer, path->pointer->count, whole),
			   quote_value(found, actual));
}

static int perform(struct application *application, const struct json_place *place,
		   const struct json_patch_operation *operation)
{
	struct target path = {&operation->path, json_place_member(place, "path")};
	struct target from = {&operation->from, json_place_member(place, "from")};

	switch (operation->verb) {
	case JSON_PATCH_ADD: return add_value(application, &path, json_deep_copy(operation->value));
	case JSON_PATCH_REMOVE: return do_remove(application, &path);
	case JSON_PATCH_REPLACE: return do_replace(application, &path, operation->value);
	case JSON_PATCH_MOVE: return do_move(application, &path, &from);
	case JSON_PATCH_COPY: return do_copy(application, &path, &from);
	case JSON_PATCH_TEST: return do_test(application, place, &path, operation->value);
	}
	return -1;
}

json_t *json_patch_apply(const struct json_patch *patch, const json_t *document,
			 struct error_list *errors)
{
	return json_patch_apply_to(patch, json_deep_copy(document), errors);
}

json_t *json_patch_apply_to(const struct json_patch *patch, json_t *document,
			    struct error_list *errors)
{
	struct json_place place = json_place_thing(errors, "", NULL, "patch");
	struct application application = {.document = document, .effort_max = effort_max(patch)};

	if (!application.document) {
		json_refuse_memory(&place);
		return NULL;
	}
	for (size_t i = 0; i < patch->count; i++) {
		struct json_place item = json_place_element(&place, i);

		if (perform(&application, &item, &patch->operations[i])) {
			json_decref(application.document);
			return NULL;
		}
	}
	return application.document;
}
