/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON Patch (RFC 6902): a list of operations that make one document of another; and JSON Merge
 * Patch (RFC 7396), an outline of what is to be different.
 *
 * Pure; both leave the patch as it was, and the document unless they take ownership of it. Faults
 * point into the patch: "/3/path". Their kinds: INVALID, the patch is malformed; CONFLICT, the
 * document is not as an operation expects it; LIMIT.
 */
#ifndef CAROM_JSON_PATCH_H
#define CAROM_JSON_PATCH_H

#include "error.h"
#include "json_pointer.h"

#include <jansson.h>
#include <stddef.h>

#define JSON_PATCH_OPERATIONS_MAX 262144
/*
 * Values that all operations of one patch together may copy, move, or shift within arrays: without
 * a bound, thirty copies of a document into itself would make a thousand million of it. It grows
 * with the patch, so that a short one costs milliseconds, and a long one can still move every VIP
 * of a large document.
 */
#define JSON_PATCH_EFFORT_MIN		(1u << 16)
#define JSON_PATCH_EFFORT_PER_OPERATION 128u
#define JSON_PATCH_EFFORT_MAX		(1u << 20)

enum json_patch_verb {
	JSON_PATCH_ADD,
	JSON_PATCH_REMOVE,
	JSON_PATCH_REPLACE,
	JSON_PATCH_MOVE,
	JSON_PATCH_COPY,
	JSON_PATCH_TEST,
};

struct json_patch_operation {
	enum json_patch_verb verb;
	struct json_pointer path;
	struct json_pointer from; /* of a move or a copy */
	const json_t *value;	  /* of an add, a replace or a test: borrowed from the JSON */
};

struct json_patch {
	size_t count;
	struct json_patch_operation operations[];
};

/* Whether the verb is `move` or `copy`. */
bool json_patch_has_from(enum json_patch_verb verb);

/* JSON to a patch, valid as long as the JSON is. All that is malformed is listed, in all
 * operations. NULL on failure. */
struct json_patch *json_patch_parse(const json_t *json, struct error_list *errors);
void json_patch_free(struct json_patch *patch);

/* A new document. NULL with one fault: of the first operation that cannot be done. No result is
 * nested deeper than JSON_DEPTH_MAX. */
json_t *json_patch_apply(const struct json_patch *patch, const json_t *document,
			 struct error_list *errors);
/* Takes ownership of the document, which shares nothing with others, and changes it. */
json_t *json_patch_apply_to(const struct json_patch *patch, json_t *document,
			    struct error_list *errors);

/* Appends to an array the operations that make `to` of `from`, both at `pointer` in the document;
 * NULL: nothing is there. Objects are gone through member by member, in the order of their names;
 * anything else is replaced whole. Equal values give no operation, and equal pairs equal ones.
 * Returns 0, or -1: out of memory. */
int json_patch_make(const char *pointer, const json_t *from, const json_t *to,
		    json_t *ret_operations);

/* RFC 7396. A new document, which shares what does not change. NULL: out of memory. */
json_t *json_patch_merge(const json_t *document, const json_t *patch);

#endif
