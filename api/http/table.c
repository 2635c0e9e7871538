/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include "utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GAP	    "  "
#define SHARE_BYTES 32

static size_t column_count(const struct table_column *columns)
{
	size_t count = 0;

	while (columns[count].heading)
		count++;
	return count;
}

/* In characters. */
static size_t width_of(const char *cell)
{
	size_t width = 0;

	for (; *cell; cell++)
		width += !utf8_is_continuation(*cell);
	return width;
}

struct table table_begin(const struct table_column *columns)
{
	struct table table = {.columns = columns};

	for (size_t i = 0; columns[i].heading; i++)
		table_add(&table, columns[i].heading);
	return table;
}

void table_add(struct table *table, const char *cell)
{
	size_t width = width_of(cell), start = table->cells.length;

	text_add_bytes(&table->cells, cell, strlen(cell) + 1);
	for (size_t i = start; i + 1 < table->cells.length; i++)
		if ((unsigned char)table->cells.bytes[i] < ' ' || table->cells.bytes[i] == 0x7f)
			table->cells.bytes[i] = '?';
	if (table->widths[table->column] < width)
		table->widths[table->column] = width;
	if (!table->columns[++table->column].heading)
		table->column = 0;
}

void table_add_number(struct table *table, uint64_t number)
{
	char cell[24];

	snprintf(cell, sizeof(cell), "%" PRIu64, number);
	table_add(table, cell);
}

/* ---- rows from JSON ---- */

static void table_add_value(struct table *table, const json_t *value)
{
	char share[SHARE_BYTES];

	if (!value) {
		table_add(table, "");
		return;
	}
	switch (json_typeof(value)) {
	case JSON_OBJECT: table_add_number(table, json_object_size(value)); break;
	case JSON_ARRAY: table_add_number(table, json_array_size(value)); break;
	case JSON_STRING: table_add(table, json_string_value(value)); break;
	case JSON_INTEGER: table_add_number(table, (uint64_t)json_integer_value(value)); break;
	case JSON_REAL:
		snprintf(share, sizeof(share), "%.4f", json_real_value(value));
		table_add(table, share);
		break;
	case JSON_TRUE: table_add(table, "yes"); break;
	case JSON_FALSE: table_add(table, "no"); break;
	case JSON_NULL: table_add(table, ""); break;
	}
}

static void add_member(struct table *table, const char *before, const char *name,
		       const json_t *member)
{
	const struct table_column *column = table->columns;

	if (before) {
		table_add(table, before);
		column++;
	}
	for (; column->heading; column++) {
		if (*column->key)
			table_add_value(table, json_object_get(member, column->key));
		else
			table_add(table, name);
	}
}

void table_add_members(struct table *table, const char *before, const json_t *members)
{
	const char *name;
	json_t *member;
	size_t index;

	if (json_is_array(members)) {
		json_array_foreach(members, index, member)
		{
			add_member(table, before, "", member);
		}
		return;
	}
	json_object_foreach((json_t *)members, name, member)
	{
		add_member(table, before, name, member);
	}
}

/* ---- the text ---- */

static void pad(struct text *text, size_t count)
{
	while (count-- > 0)
		text_add(text, " ");
}

/* Nothing is padded at the end of a line. */
static void add_cell(struct text *text, const struct table_column *column, size_t width,
		     const char *cell)
{
	size_t missing = width - width_of(cell);

	if (column->is_number)
		pad(text, missing);
	text_add(text, cell);
	if (!column[1].heading) {
		text_add(text, "\n");
		return;
	}
	if (!column->is_number)
		pad(text, missing);
	text_add(text, GAP);
}

struct text table_finish(struct table *table)
{
	size_t count = column_count(table->columns), index = 0;
	struct text text = {.failed = table->cells.failed};
	const char *cell = table->cells.bytes, *end = cell + table->cells.length;

	for (; !text.failed && cell < end; cell += strlen(cell) + 1) {
		add_cell(&text, &table->columns[index], table->widths[index], cell);
		index = (index + 1) % count;
	}
	text_done(&table->cells);
	return text;
}
