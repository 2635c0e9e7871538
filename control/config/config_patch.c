/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a patch to a new desired state, by way of JSON: what is touched is printed, patched, decoded
 * and put back.
 *
 *   patch ──► scope: what its paths, or its outline's members, name
 *     base's VIPs in scope ──print──► patch ──decode──► edits ──► config_with_edits()
 *     all others ─────────────────────shared───────────────────────────┘
 *
 * That no operation can tell the difference to having all VIPs there is what a scope is: it names
 * every VIP that a path leads to or into, and is everything if one leads to what is around them.
 *
 * It owns no state; commands call it, on the event loop's thread.
 */
#include "config_patch.h"

#include "config_parts.h"
#include "json_patch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATCHED_DOCUMENT "the patched document: "

struct scope {
	bool has_all_vips;
	bool has_node;	    /* and the API: all that is not VIPs */
	const char **names; /* of VIPs; sorted, each once; borrowed from the patch */
	size_t count;
};

/* ---- scopes ---- */

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void sort_names(struct scope *scope)
{
	size_t count = 0;

	qsort(scope->names, scope->count, sizeof(scope->names[0]), compare_names);
	for (size_t index = 0; index < scope->count; index++)
		if (count == 0 || strcmp(scope->names[count - 1], scope->names[index]) != 0)
			scope->names[count++] = scope->names[index];
	scope->count = count;
}

static void add_pointer(struct scope *scope, const struct json_pointer *pointer)
{
	bool is_about_vips = pointer->count > 0 && strcmp(pointer->tokens[0], CONFIG_VIPS_KEY) == 0;

	if (is_about_vips && pointer->count > 1)
		scope->names[scope->count++] = pointer->tokens[1];
	scope->has_all_vips |= pointer->count == 0 || (is_about_vips && pointer->count == 1);
	scope->has_node |= !is_about_vips;
}

static int scope_of_operations(const struct json_patch *patch, struct scope *ret_scope)
{
	struct scope scope = {.names = calloc(2 * patch->count + 1, sizeof(scope.names[0]))};

	if (!scope.names)
		return -1;
	for (size_t index = 0; index < patch->count; index++) {
		add_pointer(&scope, &patch->operations[index].path);
		if (json_patch_has_from(patch->operations[index].verb))
			add_pointer(&scope, &patch->operations[index].from);
	}
	sort_names(&scope);
	*ret_scope = scope;
	return 0;
}

static int scope_of_outline(const json_t *outline, struct scope *ret_scope)
{
	const json_t *vips = json_object_get(outline, CONFIG_VIPS_KEY);
	struct scope scope = {
		.has_node = json_object_size(outline) > (vips ? 1 : 0),
		.names = calloc(json_object_size(vips) + 1, sizeof(scope.names[0])),
	};
	const char *name;
	json_t *vip;

	if (!scope.names)
		return -1;
	json_object_foreach(json_mutable(vips), name, vip)
	{
		scope.names[scope.count++] = name;
	}
	sort_names(&scope);
	*ret_scope = scope;
	return 0;
}

/* ---- printing ---- */

static json_t *print_named_vips(const struct config *base, const struct scope *scope)
{
	json_auto_t *vips = json_object();

	for (size_t index = 0; index < scope->count; index++) {
		const struct config_vip *vip = config_find_vip(base, scope->names[index]);

		if (vip && json_object_set_new(vips, vip->name, config_vip_to_json(vip)))
			return NULL;
	}
	return json_incref(vips);
}

/* What of the base is in scope. NULL: out of memory. */
static json_t *print_scope(const struct config *base, const struct scope *scope)
{
	json_auto_t *json = json_object();

	if (scope->has_node &&
	    (json_object_set_new(json, "node", config_node_to_json(&base->node)) ||
	     json_object_set_new(json, "api", config_api_to_json(&base->api))))
		return NULL;
	if (json_object_set_new(json, CONFIG_VIPS_KEY,
				scope->has_all_vips ? config_vips_to_json(base)
						    : print_named_vips(base, scope)))
		return NULL;
	return json_incref(json);
}

/* ---- decoding ---- */

static struct config_vip *find_mutable_vip(struct config *config, const char *name)
{
	return config_find_vip(config, name) ? config->vips[config_vip_position(config, name)]
					     : NULL;
}

/* What has come of the VIPs in scope. */
static struct config *put_back(const struct config *base, struct config *patched,
			       const struct scope *scope, struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	struct config_edit *edits = calloc(scope->count + 1, sizeof(edits[0]));
	struct config *config;
	size_t count = 0;

	if (!edits) {
		json_refuse_memory(&document);
		return NULL;
	}
	for (size_t index = 0; index < scope->count; index++) {
		const char *name = scope->names[index];
		const struct config_vip *former = config_find_vip(base, name);
		struct config_vip *vip = find_mutable_vip(patched, name);

		if (vip != former)
			edits[count++] = (struct config_edit){name, vip};
	}
	config = config_with_edits(base, edits, count, faults);
	free(edits);
	return config;
}

static struct config *decode_scope(const struct config *base, const json_t *json,
				   const struct scope *scope, struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	struct config *config = NULL, *patched;

	patched = config_decode_replacement(&document, base, json, scope->has_node);
	if (!patched)
		return NULL;
	if (!scope->has_all_vips)
		config = put_back(base, patched, scope, faults);
	else if (config_check_all(&document, patched, base) == 0)
		config = config_ref(patched);
	config_unref(patched);
	return config;
}

/* ---- patching ---- */

static void prefix_faults(struct error_list *faults, const struct config_patch *patch)
{
	for (size_t index = 0; patch->kind == CONFIG_PATCH_OPERATIONS && index < faults->count;
	     index++)
		error_prefix(&faults->items[index], PATCHED_DOCUMENT);
}

/* Takes the JSON over. operations: NULL under a merge patch. */
static json_t *patch_json(json_t *json, const struct config_patch *patch,
			  const struct json_patch *operations, struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	json_t *patched;

	if (operations)
		return json_patch_apply_to(operations, json, faults);
	patched = json_patch_merge(json, patch->body);
	json_decref(json);
	if (!patched)
		json_refuse_memory(&document);
	return patched;
}

static struct config *patch_scope(const struct config *base, const struct config_patch *patch,
				  const struct json_patch *operations, const struct scope *scope,
				  struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	json_t *json = print_scope(base, scope);
	json_auto_t *patched = NULL;
	struct config *config;

	if (!json) {
		json_refuse_memory(&document);
		return NULL;
	}
	patched = patch_json(json, patch, operations, faults);
	if (!patched)
		return NULL;
	config = decode_scope(base, patched, scope, faults);
	prefix_faults(faults, patch);
	return config;
}

/* *ret_operations: NULL under a merge patch. */
static int parse(const struct config_patch *patch, struct json_patch **ret_operations,
		 struct error_list *faults)
{
	*ret_operations = NULL;
	if (patch->kind == CONFIG_PATCH_MERGE)
		return 0;
	*ret_operations = json_patch_parse(patch->body, faults);
	return *ret_operations ? 0 : -1;
}

struct config *config_patch_all(const struct config *base, const struct config_patch *patch,
				struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	struct json_patch *operations;
	struct config *config = NULL;
	struct scope scope;

	if (parse(patch, &operations, faults))
		return NULL;
	if (operations ? scope_of_operations(operations, &scope)
		       : scope_of_outline(patch->body, &scope)) {
		json_refuse_memory(&document);
	} else {
		config = patch_scope(base, patch, operations, &scope, faults);
		free(scope.names);
	}
	json_patch_free(operations);
	return config;
}

/* ---- one VIP, one backend ---- */

/* Takes over the JSON; NULL: there was no memory for it. */
static json_t *patch_thing(json_t *json, const struct config_patch *patch,
			   struct error_list *faults)
{
	struct json_place document = json_place_document(faults);
	struct json_patch *operations = NULL;
	json_t *patched = NULL;

	if (!json)
		json_refuse_memory(&document);
	else if (parse(patch, &operations, faults) == 0)
		patched = patch_json(json, patch, operations, faults);
	else
		json_decref(json);
	json_patch_free(operations);
	return patched;
}

/* The base with this VIP, which it takes over; NULL: it was refused, with faults. */
static struct config *finish(const struct config *base, struct config_vip *vip,
			     const struct config_patch *patch, const char *pointer,
			     struct error_list *faults)
{
	struct config *config = vip ? config_with_vip(base, vip, faults) : NULL;

	config_vip_unref(vip);
	json_faults_make_relative(faults, pointer);
	prefix_faults(faults, patch);
	return config;
}

static const struct config_vip *require_vip(const struct config *base, const char *name,
					    struct error_list *faults)
{
	const struct config_vip *vip = config_find_vip(base, name);
	char quote[JSON_QUOTE_BYTES];

	if (!vip)
		error_list_add(faults, ERROR_NOT_FOUND, "", "there is no vip '%s'",
			       json_quote(name, quote));
	return vip;
}

static const struct config_backend *require_backend(const struct config_vip *vip, const char *name,
						    struct error_list *faults)
{
	const struct config_backend *backend = config_find_backend(vip, name);
	char quote[JSON_QUOTE_BYTES];

	if (!backend)
		error_list_add(faults, ERROR_NOT_FOUND, "", "vip '%s' has no backend '%s'",
			       vip->name, json_quote(name, quote));
	return backend;
}

struct config *config_patch_vip(const struct config *base, const char *name,
				const struct config_patch *patch, struct error_list *faults)
{
	const struct config_vip *former = require_vip(base, name, faults);
	json_auto_t *patched = NULL;
	char pointer[ERROR_POINTER_BYTES];

	if (!former)
		return NULL;
	patched = patch_thing(config_vip_to_json(former), patch, faults);
	if (!patched)
		return NULL;
	snprintf(pointer, sizeof(pointer), "/" CONFIG_VIPS_KEY "/%s", name);
	return finish(base, config_vip_replace_from_json(former, patched, name, pointer, faults),
		      patch, pointer, faults);
}

struct config *config_patch_backend(const struct config *base, const char *vip_name,
				    const char *name, const struct config_patch *patch,
				    struct error_list *faults)
{
	const struct config_vip *former = require_vip(base, vip_name, faults);
	const struct config_backend *former_backend =
		former ? require_backend(former, name, faults) : NULL;
	char pointer[ERROR_POINTER_BYTES];
	json_auto_t *patched = NULL;
	struct config_vip *vip = NULL;
	struct config_backend backend;

	if (!former_backend)
		return NULL;
	patched = patch_thing(config_backend_to_json(former_backend), patch, faults);
	if (!patched)
		return NULL;
	snprintf(pointer, sizeof(pointer), "/" CONFIG_VIPS_KEY "/%s/" CONFIG_BACKENDS_KEY "/%s",
		 vip_name, name);
	if (config_backend_from_json(patched, name, pointer, &backend, faults) == 0)
		vip = config_vip_with_backend(former, &backend, faults);
	return finish(base, vip, patch, pointer, faults);
}
