/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON to a patch: what can be told of the operations without the document.
 *
 * Members that RFC 6902 does not define for an operation are ignored, as its section 4 demands. No
 * misspelt member hides behind that, for none of those that it does define is optional.
 *
 * It owns no state; it runs on its caller's thread.
 */
#include "json_patch.h"

#include "json_field.h"
#include "json_place.h"

#include <stdlib.h>

static const char *const verb_names[] = {
	[JSON_PATCH_ADD] = "add",	  [JSON_PATCH_REMOVE] = "remove",
	[JSON_PATCH_REPLACE] = "replace", [JSON_PATCH_MOVE] = "move",
	[JSON_PATCH_COPY] = "copy",	  [JSON_PATCH_TEST] = "test",
};

static const struct json_choices verbs = {verb_names, sizeof(verb_names) / sizeof(verb_names[0])};

bool json_patch_has_from(enum json_patch_verb verb)
{
	return verb == JSON_PATCH_MOVE || verb == JSON_PATCH_COPY;
}

static bool has_value(enum json_patch_verb verb)
{
	return verb == JSON_PATCH_ADD || verb == JSON_PATCH_REPLACE || verb == JSON_PATCH_TEST;
}

/* NULL, with a fault, if it is not there. */
static const json_t *require_member(const struct json_place *operation, const json_t *json,
				    const char *key)
{
	const json_t *member = json_object_get(json, key);

	if (!member)
		json_refuse(operation, ERROR_INVALID, ": key '%s' is missing", key);
	return member;
}

static int parse_verb(const struct json_place *operation, const json_t *json,
		      enum json_patch_verb *ret_verb)
{
	struct json_place place = json_place_member(operation, "op");
	const json_t *member = require_member(operation, json, "op");
	size_t verb;

	if (!member || json_decode_choice(&place, member, verbs, &verb))
		return -1;
	*ret_verb = (enum json_patch_verb)verb;
	return 0;
}

static int parse_pointer(const struct json_place *operation, const json_t *json, const char *key,
			 struct json_pointer *ret_pointer)
{
	struct json_place place = json_place_member(operation, key);
	const json_t *member = require_member(operation, json, key);
	struct error error;
	const char *text;

	if (!member || json_decode_string(&place, member, &text))
		return -1;
	if (json_pointer_parse(text, ret_pointer, &error))
		return json_refuse(&place, error.kind, "%s", error.message);
	return 0;
}

/* After a failure, too, ret_operation holds what is to be freed. */
static int parse_operation(const struct json_place *place, const json_t *json,
			   struct json_patch_operation *ret_operation)
{
	int failed;

	if (!json_is_object(json))
		return json_refuse_type(place, json, "an object");
	failed = parse_pointer(place, json, "path", &ret_operation->path);
	if (parse_verb(place, json, &ret_operation->verb))
		return -1;
	if (json_patch_has_from(ret_operation->verb))
		failed |= parse_pointer(place, json, "from", &ret_operation->from);
	if (has_value(ret_operation->verb)) {
		ret_operation->value = require_member(place, json, "value");
		failed |= ret_operation->value ? 0 : -1;
	}
	return failed;
}

struct json_patch *json_patch_parse(const json_t *json, struct error_list *errors)
{
	struct json_place place = json_place_thing(errors, "", NULL, "patch");
	size_t count = json_array_size(json);
	struct json_patch *patch;
	int failed = 0;

	if (!json_is_array(json)) {
		json_refuse_type(&place, json, "an array of operations");
		return NULL;
	}
	if (count > JSON_PATCH_OPERATIONS_MAX) {
		json_refuse(&place, ERROR_LIMIT, " has %zu operations; expected at most %d", count,
			    JSON_PATCH_OPERATIONS_MAX);
		return NULL;
	}
	patch = calloc(1, sizeof(*patch) + count * sizeof(patch->operations[0]));
	if (!patch) {
		json_refuse_memory(&place);
		return NULL;
	}
	for (; patch->count < count; patch->count++) {
		struct json_place item = json_place_element(&place, patch->count);

		failed |= parse_operation(&item, json_array_get(json, patch->count),
					  &patch->operations[patch->count]);
	}
	if (failed) {
		json_patch_free(patch);
		return NULL;
	}
	return patch;
}

void json_patch_free(struct json_patch *patch)
{
	for (size_t i = 0; patch && i < patch->count; i++) {
		json_pointer_done(&patch->operations[i].path);
		json_pointer_done(&patch->operations[i].from);
	}
	free(patch);
}

/* ---- merge patches ---- */

/* RFC 7396, section 2, states the function below in ten lines. New objects appear only along the
 * patch's own paths, and recursion goes as deep as the patch does. */

static int merge_member(json_t *result, const char *name, const json_t *patch)
{
	if (!json_is_null(patch))
		return json_object_set_new(result, name,
					   json_patch_merge(json_object_get(result, name), patch));
	json_object_del(result, name);
	return 0;
}

json_t *json_patch_merge(const json_t *document, const json_t *patch)
{
	json_t *result, *member;
	const char *name;

	if (!json_is_object(patch))
		return json_incref(json_mutable(patch));
	result = json_is_object(document) ? json_copy(json_mutable(document)) : json_object();
	json_object_foreach(json_mutable(patch), name, member)
	{
		if (result && merge_member(result, name, member)) {
			json_decref(result);
			result = NULL;
		}
	}
	return result;
}
