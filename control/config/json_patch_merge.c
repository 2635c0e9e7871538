/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 7396, section 2, which says it as a function of ten lines; this is that function. It makes
 * new objects only along the patch's own paths, and recurses as deep as the patch does. */
#include "json_patch.h"

#include "config_field.h"

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
		return json_incref(config_mutable(patch));
	result = json_is_object(document) ? json_copy(config_mutable(document)) : json_object();
	json_object_foreach(config_mutable(patch), name, member)
	{
		if (result && merge_member(result, name, member)) {
			json_decref(result);
			result = NULL;
		}
	}
	return result;
}
