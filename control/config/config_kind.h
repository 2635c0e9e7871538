/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kinds of objects. Decoding, printing, comparing, differences, edits, patches, revisions and the
 * store know objects by their kind's row only. So another kind takes:
 *
 * - a file like config_vip.c: a table of its keys, and this row;
 * - its name in CONFIG_KINDS (config.h), with a struct that begins with CONFIG_OBJECT.
 *
 * tests/unit/test_config_kinds.c registers one and sends it all the way. The engine decides what
 * packets see of it. Private to the config library.
 */
#ifndef CAROM_CONFIG_KIND_H
#define CAROM_CONFIG_KIND_H

#include "config.h"
#include "config_key.h"

struct config_kind_row {
	const char *key;  /* of its set in the document: "vips" */
	const char *noun; /* of one, in messages: "vip" */
	const char *help; /* of the set */
	const struct config_table *table;
	/* A replacement of all objects must say this kind's, lest an empty body empty the balancer.
	 */
	bool is_required;

	/* All zero, one reference, with room for what the JSON has. NULL: out of memory. */
	struct config_object *(*create)(const json_t *json);
	/* All that is not a key's own affair: computed defaults, checks within. before: the object
	 * that it replaces, or NULL. Also after errors. NULL: there is nothing. */
	int (*complete)(const struct json_place *place, const json_t *json,
			struct config_object *object, const struct config_object *before);
	size_t (*bytes)(const struct config_object *object);

	/* Across objects; as config_check_vips() and config_check_edited_vips(). NULL: none. */
	int (*check)(const struct json_place *document, const struct config *config,
		     const struct config *base);
	int (*check_edits)(const struct json_place *document, const struct config *config,
			   const struct config *base, const struct config_edit *edits,
			   size_t count);
};

extern const struct config_kind_row *const config_kinds[CONFIG_KIND_COUNT];

/* At a place that its name is the key of. NULL, with errors. */
struct config_object *config_object_decode(enum config_kind kind, const struct json_place *place,
					   const json_t *json, const struct config_object *before);
bool config_object_equal(enum config_kind kind, const struct config_object *left,
			 const struct config_object *right);
/* {"web": {…}, …}: all of a set. */
json_t *config_set_to_json(enum config_kind kind, const struct config *config);

/* All kinds'. base: of two that clash the changed one is blamed; NULL: none was there before. */
int config_check_all(const struct json_place *document, const struct config *config,
		     const struct config *base);
int config_check_edits(const struct json_place *document, const struct config *config,
		       const struct config *base, const struct config_edit *edits, size_t count);

#endif
