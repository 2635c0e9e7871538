/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between two documents, as operations.
 *
 * Members are taken in the order of their names, not as they happen to lie in the objects, so that
 * equal documents give equal patches. Removals come before additions only by that order: members of
 * an object are independent of each other.
 *
 * It owns no state; it runs on its caller's thread. It recurses as deep as the documents do.
 */
#include "json_patch.h"

#include "json_field.h"

#include <stdlib.h>
#include <string.h>

static int append_removal(json_t *operations, const char *pointer)
{
	return json_array_append_new(operations,
				     json_pack("{s:s, s:s}", "op", "remove", "path", pointer));
}

static int append_value(json_t *operations, const char *verb, const char *pointer,
			const json_t *value)
{
	return json_array_append_new(operations, json_pack("{s:s, s:s, s:O}", "op", verb, "path",
							   pointer, "value", json_mutable(value)));
}

static int compare_member_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static size_t collect_names(const json_t *object, const json_t *unless, const char **ret_names)
{
	size_t count = 0;
	const char *name;
	json_t *value;

	json_object_foreach(json_mutable(object), name, value)
	{
		if (!json_object_get(unless, name))
			ret_names[count++] = name;
	}
	return count;
}

/* The names of both objects' members, each once, sorted. The caller frees them. */
static const char **list_names(const json_t *from, const json_t *to, size_t *ret_count)
{
	size_t room = json_object_size(from) + json_object_size(to) + 1;
	const char **names = calloc(room, sizeof(names[0]));

	if (!names)
		return NULL;
	*ret_count = collect_names(from, NULL, names);
	*ret_count += collect_names(to, from, names + *ret_count);
	qsort(names, *ret_count, sizeof(names[0]), compare_member_names);
	return names;
}

static int make_object(const char *pointer, const json_t *from, const json_t *to,
		       json_t *operations)
{
	size_t count = 0;
	const char **names = list_names(from, to, &count);
	int failed = names ? 0 : -1;

	for (size_t i = 0; !failed && i < count; i++) {
		char *inner = json_pointer_append(pointer, names[i]);

		failed = inner ? json_patch_make(inner, json_object_get(from, names[i]),
						 json_object_get(to, names[i]), operations)
			       : -1;
		free(inner);
	}
	free(names);
	return failed;
}

int json_patch_make(const char *pointer, const json_t *from, const json_t *to,
		    json_t *ret_operations)
{
	if (from && !to)
		return append_removal(ret_operations, pointer);
	if (!from && to)
		return append_value(ret_operations, "add", pointer, to);
	if (json_is_object(from) && json_is_object(to))
		return make_object(pointer, from, to, ret_operations);
	if (!from || json_equal(from, to))
		return 0;
	return append_value(ret_operations, "replace", pointer, to);
}
