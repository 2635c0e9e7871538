/* SPDX-License-Identifier: BSD-2-Clause */
/* The history: what was in force when and by whom. */
#include "config_patch.h"
#include "engine.h"

#include "utc.h"
#include "view_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define FIRST_REVISION 1

static json_t *count(const struct revision *revision, size_t vips)
{
	return revision->has_changes ? json_integer((json_int_t)vips) : json_null();
}

static json_t *revision_to_json(const struct revision *revision)
{
	const struct revision_changes *changes = &revision->changes;
	char time[UTC_TEXT_BYTES];

	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o}", "revision", (json_int_t)revision->number,
			 "time", utc_format(revision->time_ms, time), "author", revision->author,
			 "vips_added", count(revision, changes->added), "vips_changed",
			 count(revision, changes->changed), "vips_removed",
			 count(revision, changes->removed));
}

/* Takes the answer over. */
static json_t *revisions_finish(json_t *json, bool failed, struct error *ret_error)
{
	if (json && !failed)
		return json;
	json_decref(json);
	error_set_errno(ret_error, ENOMEM, "no memory for the answer");
	return NULL;
}

json_t *view_revisions_to_json(const struct engine *engine, size_t limit, struct error *ret_error)
{
	json_t *list = json_array();
	int failed = 0;

	for (size_t age = 0; age < limit && age < revisions_count(engine_ledger(engine)->history);
	     age++)
		failed |= json_array_append_new(
			list, revision_to_json(revisions_at(engine_ledger(engine)->history, age)));
	return revisions_finish(list, failed, ret_error);
}

size_t view_size_of_revision(const struct engine *engine, uint64_t revision)
{
	const struct revision *found = revisions_find(engine_ledger(engine)->history, revision);

	return found ? view_size_of_config(found->config) : 0;
}

static struct view *view_of(const struct engine *engine, const struct revision *revision,
			    struct error *ret_error)
{
	struct view *view = view_new(engine, ret_error);

	if (!view)
		return NULL;
	view->config = config_ref(revision->config);
	view->revision = *revision;
	view->revision.config = NULL;
	return view;
}

struct view *view_revision(const struct engine *engine, uint64_t revision, struct error *ret_error)
{
	const struct revision *found = ledger_find(engine_ledger(engine), revision, ret_error);

	return found ? view_of(engine, found, ret_error) : NULL;
}

json_t *view_revision_to_json(const struct view *view, struct error *ret_error)
{
	json_t *json = revision_to_json(&view->revision);
	int failed = config_put_objects(json, view->config);

	return revisions_finish(json, failed, ret_error);
}

/* The one that a revision is compared with. */
static const struct revision *find_other(const struct engine *engine, uint64_t revision,
					 uint64_t against, struct error *ret_error)
{
	const struct revision *before = revisions_before(engine_ledger(engine)->history, revision);

	if (against)
		return ledger_find(engine_ledger(engine), against, ret_error);
	if (!before && revision == FIRST_REVISION)
		error_set(ret_error, ERROR_NOT_FOUND,
			  "revision %d is the first: there is none before it to compare it with",
			  FIRST_REVISION);
	else if (!before)
		error_set(ret_error, ERROR_NOT_FOUND,
			  "the revision before %" PRIu64 " is not kept any more", revision);
	return before;
}

struct view *view_revisions(const struct engine *engine, uint64_t revision, uint64_t against,
			    struct error *ret_error)
{
	const struct revision *to = ledger_find(engine_ledger(engine), revision, ret_error);
	const struct revision *from = to ? find_other(engine, revision, against, ret_error) : NULL;
	struct view *view = from ? view_of(engine, to, ret_error) : NULL;

	if (view)
		view->other = config_ref(from->config);
	return view;
}

json_t *view_revision_diff_to_json(const struct view *view, struct error *ret_error)
{
	return revisions_finish(config_diff(view->other, view->config), false, ret_error);
}
