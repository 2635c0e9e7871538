/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a patch to a new desired state, by way of JSON: what is touched is printed, patched, decoded
 * and put back.
 *
 *   patch ──► scope: what its paths, or its outline's members, name
 *     base's objects in scope ──print──► patch ──decode──► edits ──► config_with_edits()
 *     all others ───────────────────────shared──────────────────────────┘
 *
 * A scope names every object that a path leads to or into, and everything if a path leads to what
 * is around objects. So no operation can tell the difference to having all of them there.
 *
 * It owns no state; it counts references, so it runs on the event loop's thread.
 */
#include "config_patch.h"

#include "config_parts.h"
#include "json_patch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATCHED_DOCUMENT "the patched document: "

/* The edits have no objects yet: only their kinds and names count, sorted, each there once. The
 * names are the patch's. */
struct scope {
	bool has_all_objects;
	bool has_sections; /* node and API: all that is no object */
	struct config_edit *edits;
	size_t count;
};

/* ---- scopes ---- */

static void sort_scope(struct scope *scope)
{
	size_t count = 0;

	qsort(scope->edits, scope->count, sizeof(scope->edits[0]), config_compare_edits);
	for (size_t index = 0; index < scope->count; index++)
		if (count == 0 ||
		    config_compare_edits(&scope->edits[count - 1], &scope->edits[index]) != 0)
			scope->edits[count++] = scope->edits[index];
	scope->count = count;
}

/* CONFIG_KIND_COUNT: the key is that of no kind. */
static enum config_kind kind_of_key(const char *key)
{
	enum config_kind kind = 0;

	while (kind < CONFIG_KIND_COUNT && strcmp(config_kinds[kind]->key, key) != 0)
		kind++;
	return kind;
}

static void add_name(struct scope *scope, enum config_kind kind, const char *name)
{
	scope->edits[scope->count++] = (struct config_edit){.kind = kind, .name = name};
}

static void add_pointer(struct scope *scope, const struct json_pointer *pointer)
{
	enum config_kind kind =
		pointer->count > 0 ? kind_of_key(pointer->tokens[0]) : CONFIG_KIND_COUNT;
	bool is_of_kind = kind != CONFIG_KIND_COUNT;

	if (is_of_kind && pointer->count > 1)
		add_name(scope, kind, pointer->tokens[1]);
	scope->has_all_objects |= pointer->count == 0 || (is_of_kind && pointer->count == 1);
	scope->has_sections |= !is_of_kind;
}

static int scope_of_operations(const struct json_patch *patch, struct scope *ret_scope)
{
	struct scope scope = {.edits = calloc(2 * patch->count + 1, sizeof(scope.edits[0]))};

	if (!scope.edits)
		return -1;
	for (size_t index = 0; index < patch->count; index++) {
		add_pointer(&scope, &patch->operations[index].path);
		if (json_patch_has_from(patch->operations[index].verb))
			add_pointer(&scope, &patch->operations[index].from);
	}
	sort_scope(&scope);
	*ret_scope = scope;
	return 0;
}

/* How many objects, of all kinds, an outline names. */
static size_t count_named(const json_t *outline)
{
	size_t count = 0;

	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		count += json_object_size(json_object_get(outline, config_kinds[kind]->key));
	return count;
}

static int scope_of_outline(const json_t *outline, struct scope *ret_scope)
{
	struct scope scope = {.edits = calloc(count_named(outline) + 1, sizeof(scope.edits[0]))};
	const char *key, *name;
	json_t *part, *object;

	if (!scope.edits)
		return -1;
	json_object_foreach(json_mutable(outline), key, part)
	{
		enum config_kind kind = kind_of_key(key);

		scope.has_sections |= kind == CONFIG_KIND_COUNT;
		if (kind == CONFIG_KIND_COUNT)
			continue;
		/* null: all of a kind are to go. */
		scope.has_all_objects |= !json_is_object(part);
		json_object_foreach(part, name, object)
		{
			add_name(&scope, kind, name);
		}
	}
	sort_scope(&scope);
	*ret_scope = scope;
	return 0;
}

/* ---- printing ---- */

static int print_named(json_t *json, const struct config *base, const struct scope *scope)
{
	int failed = 0;

	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		failed |= json_object_set_new(json, config_kinds[kind]->key, json_object());
	for (size_t index = 0; !failed && index < scope->count; index++) {
		const struct config_edit *edit = &scope->edits[index];
		const struct config_object *object =
			config_find_object(base, edit->kind, edit->name);

		if (object)
			failed = json_object_set_new(
				json_object_get(json, config_kinds[edit->kind]->key), edit->name,
				config_object_to_json(edit->kind, object));
	}
	return failed;
}

/* What of the base is in scope. NULL: out of memory. */
static json_t *print_scope(const struct config *base, const struct scope *scope)
{
	json_t *json = json_object();
	int failed = 0;

	for (size_t i = 0; scope->has_sections && i < CONFIG_SECTION_COUNT; i++)
		failed |= json_object_set_new(json, config_sections[i].key,
					      config_section_print(&config_sections[i], base));
	failed |= scope->has_all_objects ? config_put_objects(json, base)
					 : print_named(json, base, scope);
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}

/* ---- decoding ---- */

/* What the patch has made of the objects in scope. */
static struct config *put_back(const struct config *base, const struct config *patched,
			       const struct scope *scope, struct error_list *errors)
{
	size_t count = 0;

	for (size_t index = 0; index < scope->count; index++) {
		struct config_edit edit = scope->edits[index];

		edit.object = config_find_object(patched, edit.kind, edit.name);
		if (edit.object != config_find_object(base, edit.kind, edit.name))
			scope->edits[count++] = edit;
	}
	return config_with_edits(base, scope->edits, count, errors);
}

static struct config *decode_scope(const struct config *base, const json_t *json,
				   const struct scope *scope, struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	struct config *config = NULL, *patched;

	patched = config_decode_replacement(&document, base, json, scope->has_sections);
	if (!patched)
		return NULL;
	if (!scope->has_all_objects)
		config = put_back(base, patched, scope, errors);
	else if (config_check_all(&document, patched, base) == 0)
		config = config_ref(patched);
	config_unref(patched);
	return config;
}

/* ---- patching ---- */

static void patch_prefix_errors(struct error_list *errors, const struct config_patch *patch)
{
	for (size_t index = 0; patch->kind == CONFIG_PATCH_OPERATIONS && index < errors->count;
	     index++)
		error_prefix(&errors->items[index], PATCHED_DOCUMENT);
}

/* Takes ownership of the JSON. operations: NULL under a merge patch. */
static json_t *patch_json(json_t *json, const struct config_patch *patch,
			  const struct json_patch *operations, struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	json_t *patched;

	if (operations)
		return json_patch_apply_to(operations, json, errors);
	patched = json_patch_merge(json, patch->body);
	json_decref(json);
	if (!patched)
		json_refuse_memory(&document);
	return patched;
}

static struct config *patch_scope(const struct config *base, const struct config_patch *patch,
				  const struct json_patch *operations, const struct scope *scope,
				  struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	json_t *json = print_scope(base, scope);
	json_auto_t *patched = NULL;
	struct config *config;

	if (!json) {
		json_refuse_memory(&document);
		return NULL;
	}
	patched = patch_json(json, patch, operations, errors);
	if (!patched)
		return NULL;
	config = decode_scope(base, patched, scope, errors);
	patch_prefix_errors(errors, patch);
	return config;
}

/* *ret_operations: NULL under a merge patch. */
static int patch_parse(const struct config_patch *patch, struct json_patch **ret_operations,
		       struct error_list *errors)
{
	*ret_operations = NULL;
	if (patch->kind == CONFIG_PATCH_MERGE)
		return 0;
	*ret_operations = json_patch_parse(patch->body, errors);
	return *ret_operations ? 0 : -1;
}

struct config *config_patch_all(const struct config *base, const struct config_patch *patch,
				struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	struct json_patch *operations;
	struct config *config = NULL;
	struct scope scope;

	if (patch_parse(patch, &operations, errors))
		return NULL;
	if (operations ? scope_of_operations(operations, &scope)
		       : scope_of_outline(patch->body, &scope)) {
		json_refuse_memory(&document);
	} else {
		config = patch_scope(base, patch, operations, &scope, errors);
		free(scope.edits);
	}
	json_patch_free(operations);
	return config;
}

/* ---- one VIP, one backend ---- */

/* Takes ownership of the JSON; NULL: there was no memory for it. */
static json_t *patch_thing(json_t *json, const struct config_patch *patch,
			   struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	struct json_patch *operations = NULL;
	json_t *patched = NULL;

	if (!json)
		json_refuse_memory(&document);
	else if (patch_parse(patch, &operations, errors) == 0)
		patched = patch_json(json, patch, operations, errors);
	else
		json_decref(json);
	json_patch_free(operations);
	return patched;
}

/* The base with this VIP, which it takes ownership of; NULL: it was refused, with errors. */
static struct config *patch_finish(const struct config *base, struct config_vip *vip,
				   const struct config_patch *patch, const char *pointer,
				   struct error_list *errors)
{
	struct config *config = vip ? config_with_vip(base, vip, errors) : NULL;

	config_vip_unref(vip);
	json_errors_make_relative(errors, pointer);
	patch_prefix_errors(errors, patch);
	return config;
}

static const struct config_vip *require_vip(const struct config *base, const char *name,
					    struct error_list *errors)
{
	const struct config_vip *vip = config_find_vip(base, name);
	char quote[JSON_QUOTE_BYTES];

	if (!vip)
		error_list_add(errors, ERROR_NOT_FOUND, "", "there is no vip '%s'",
			       json_quote(name, quote));
	return vip;
}

static const struct config_backend *require_backend(const struct config_vip *vip, const char *name,
						    struct error_list *errors)
{
	const struct config_backend *backend = config_find_backend(vip, name);
	char quote[JSON_QUOTE_BYTES];

	if (!backend)
		error_list_add(errors, ERROR_NOT_FOUND, "", "vip '%s' has no backend '%s'",
			       vip->name, json_quote(name, quote));
	return backend;
}

struct config *config_patch_vip(const struct config *base, const char *name,
				const struct config_patch *patch, struct error_list *errors)
{
	const struct config_vip *before = require_vip(base, name, errors);
	json_auto_t *patched = NULL;
	char pointer[ERROR_POINTER_BYTES];

	if (!before)
		return NULL;
	patched = patch_thing(config_vip_to_json(before), patch, errors);
	if (!patched)
		return NULL;
	snprintf(pointer, sizeof(pointer), "/" CONFIG_VIPS_KEY "/%s", name);
	return patch_finish(base,
			    config_vip_replace_from_json(before, patched, name, pointer, errors),
			    patch, pointer, errors);
}

struct config *config_patch_backend(const struct config *base, const char *vip_name,
				    const char *name, const struct config_patch *patch,
				    struct error_list *errors)
{
	const struct config_vip *before = require_vip(base, vip_name, errors);
	const struct config_backend *backend_before =
		before ? require_backend(before, name, errors) : NULL;
	char pointer[ERROR_POINTER_BYTES];
	json_auto_t *patched = NULL;
	struct config_vip *vip = NULL;
	struct config_backend backend;

	if (!backend_before)
		return NULL;
	patched = patch_thing(config_backend_to_json(backend_before), patch, errors);
	if (!patched)
		return NULL;
	snprintf(pointer, sizeof(pointer), "/" CONFIG_VIPS_KEY "/%s/" CONFIG_BACKENDS_KEY "/%s",
		 vip_name, name);
	if (config_backend_from_json(patched, name, pointer, &backend, errors) == 0)
		vip = config_vip_with_backend(before, &backend, errors);
	return patch_finish(base, vip, patch, pointer, errors);
}

/* ---- the patch between two configs ---- */

static int diff_object(const struct config_change *change, json_t *operations)
{
	const char *key = config_kinds[change->kind]->key;
	json_auto_t *before =
		change->before ? config_object_to_json(change->kind, change->before) : NULL;
	json_auto_t *after =
		change->after ? config_object_to_json(change->kind, change->after) : NULL;
	char *set = json_pointer_append("", key);
	char *pointer = set ? json_pointer_append(set, change->name) : NULL;
	int failed = -1;

	if (pointer && !before == !change->before && !after == !change->after)
		failed = json_patch_make(pointer, before, after, operations);
	free(pointer);
	free(set);
	return failed;
}

json_t *config_diff(const struct config *before, const struct config *after)
{
	json_t *operations = json_array();
	struct config_changes changes = {.before = before, .after = after};
	struct config_change change;

	while (operations && config_changes_next(&changes, &change)) {
		if (diff_object(&change, operations)) {
			json_decref(operations);
			return NULL;
		}
	}
	return operations;
}
