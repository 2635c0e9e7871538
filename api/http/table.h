/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables for people: one line a row, columns as wide as their widest cell. Pure. */
#ifndef CAROM_TABLE_H
#define CAROM_TABLE_H

#include "text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_CONTENT_TYPE "text/plain; charset=utf-8"
#define TABLE_COLUMNS_MAX  12

struct table_column {
	const char *heading; /* NULL: the end of the columns */
	/* Of the member that stands here, where rows are objects: see table_add_members(). */
	const char *key;
	bool is_number; /* stands at the right */
};

struct table {
	const struct table_column *columns; /* borrowed */
	struct text cells;		    /* each with its NUL */
	size_t widths[TABLE_COLUMNS_MAX];
	size_t column; /* of the next cell */
};

struct table table_begin(const struct table_column *columns);
/* From left to right; a row has as many cells as there are columns. Control characters become
 * '?'. */
void table_add(struct table *table, const char *cell);
void table_add_number(struct table *table, uint64_t number);

#define TABLE_NAME "" /* as a key: what the object itself is called */

/*
 * A row for each member of an object, or each element of an array, all of them objects. Of an
 * object or array that is to be a cell, its size is told; what is not there leaves the cell empty.
 * `before`: the row's first cell, for which no key is looked at; NULL: there is none.
 */
void table_add_members(struct table *table, const char *before, const json_t *members);

/* The caller owns the text. */
struct text table_finish(struct table *table);

#endif
