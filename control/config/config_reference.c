/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config_reference schema|openapi|markdown: the rows of all keys as configs/schema.json, as the
 * schemas of api/openapi.yaml, and as the table in configs/README.md. See .ci/generate.
 *
 * A program of its own, run while building; whatever is wrong ends it.
 */
#include "config_parts.h"

#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_BYTES 65536 /* more than any struct that a table describes */
#define NAME_BYTES  64
#define PATH_BYTES  256
#define LINE_LENGTH 100
#define INDENT	    2
#define DOCUMENT_HELP                                                                              \
	"The desired state of one balancer. Beyond this schema, addresses must not clash, a "      \
	"backend's address must not be a VIP's, and the VIPs must fit node.limits."

/* Where the definitions are, and how they are called there: "vip", or "Vip". */
struct form {
	const char *place;
	bool has_capitals;
	json_t *definitions;
};

static json_t *must(json_t *json)
{
	if (!json)
		errx(EXIT_FAILURE, "a row makes no JSON");
	return json;
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, must(value));
}

/* Takes ownership of the part. */
static void add(json_t *schema, json_t *part)
{
	json_object_update(schema, must(part));
	json_decref(part);
}

/* With single quotes in the text, which C strings need not escape. */
static json_t *fragment(const char *text)
{
	char *copy = strdup(text);
	json_t *json;

	for (char *at = copy; at && *at; at++)
		if (*at == '\'')
			*at = '"';
	json = copy ? json_loads(copy, 0, NULL) : NULL;
	free(copy);
	return must(json);
}

/* What stands for the key if it is absent. NULL: nothing does, or it depends. */
static json_t *default_of(const struct config_table *table, const struct config_key *key)
{
	void *owner;
	json_t *json;

	if (key->is_required || key->is_optional || key->default_words)
		return NULL;
	owner = calloc(1, OWNER_BYTES);
	config_table_set_default(table, owner);
	json = key->type->print(key, owner);
	free(owner);
	return must(json);
}

/* ---- JSON Schema ---- */

/* Static until the next call. */
static const char *definition_name(const struct form *form, const char *name)
{
	static char definition[NAME_BYTES];

	snprintf(definition, sizeof(definition), "%s", name);
	if (form->has_capitals)
		definition[0] = (char)toupper((unsigned char)name[0]);
	return definition;
}

static json_t *reference_to(const struct form *form, const char *name)
{
	return json_pack("{s:o}", "$ref",
			 json_sprintf("%s%s", form->place, definition_name(form, name)));
}

static void define_table(const struct form *form, const struct config_table *table);

static json_t *schema_of_members(const struct form *form, const struct config_table *members,
				 size_t max)
{
	define_table(form, members);
	return json_pack("{s:s, s:o*, s:o, s:o}", "type", "object", "maxProperties",
			 max ? json_integer((json_int_t)max) : NULL, "propertyNames",
			 reference_to(form, config_type_name.name), "additionalProperties",
			 reference_to(form, members->name));
}

static json_t *schema_of_choice(const struct config_key *key)
{
	json_t *names = json_array();

	for (size_t i = 0; i < key->choices->count; i++)
		json_array_append_new(names, json_string(key->choices->names[i]));
	return json_pack("{s:o}", "enum", names);
}

static json_t *schema_of_type(const struct form *form, const struct config_key *key)
{
	const struct config_type *type = key->type;
	json_t *schema;

	if (type == &config_type_object) {
		define_table(form, key->members);
		return reference_to(form, key->members->name);
	}
	if (type == &config_type_collection)
		return schema_of_members(form, key->element->members, key->room);
	if (type == &config_type_array)
		return json_pack("{s:s, s:i, s:I, s:o*, s:o}", "type", "array", "minItems", 1,
				 "maxItems", (json_int_t)key->room, "uniqueItems",
				 key->element->members ? NULL : json_true(), "items",
				 schema_of_type(form, key->element));
	if (type == &config_type_integer)
		return json_pack("{s:s, s:I, s:I, s:o*}", "type", "integer", "minimum",
				 (json_int_t)key->bounds.min, "maximum",
				 (json_int_t)key->bounds.max, "multipleOf",
				 key->multiple_of ? json_integer(key->multiple_of) : NULL);
	if (type == &config_type_choice)
		return schema_of_choice(key);
	if (type->is_definition)
		return reference_to(form, type->name);
	schema = fragment(type->schema);
	if (type->is_byte_string)
		set(schema, "maxLength", json_integer((json_int_t)key->bytes - 1));
	return schema;
}

static json_t *schema_of_key(const struct form *form, const struct config_table *table,
			     const struct config_key *key)
{
	json_t *schema = json_pack("{s:s}", "description", key->help);
	json_t *by_default = default_of(table, key);

	add(schema, schema_of_type(form, key));
	if (by_default)
		set(schema, "default", by_default);
	return schema;
}

static void define_table(const struct form *form, const struct config_table *table)
{
	json_t *schema = json_pack("{s:s, s:s}", "description", table->help, "type", "object");
	json_t *required = json_array(), *properties = json_object();

	set(form->definitions, definition_name(form, table->name), schema);
	for (const struct config_key *key = table->keys; key->name; key++) {
		set(properties, key->name, schema_of_key(form, table, key));
		if (key->is_required)
			json_array_append_new(required, json_string(key->name));
	}
	if (json_array_size(required))
		json_object_set(schema, "required", required);
	json_decref(required);
	add(schema, json_pack("{s:b, s:o}", "additionalProperties", 0, "properties", properties));
	if (table->schema)
		add(schema, fragment(table->schema));
}

static void define_type(const struct form *form, const struct config_type *type)
{
	set(form->definitions, definition_name(form, type->name), fragment(type->schema));
}

static json_t *document_properties(const struct form *form)
{
	json_t *properties = json_object();

	for (size_t i = 0; i < CONFIG_SECTION_COUNT; i++) {
		const struct config_table *table = config_sections[i].table;

		set(properties, config_sections[i].key, reference_to(form, table->name));
		define_table(form, table);
	}
	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++) {
		json_t *schema = json_pack("{s:s}", "description", config_kinds[kind]->help);

		add(schema, schema_of_members(form, config_kinds[kind]->table, 0));
		set(schema, "default", json_object());
		set(properties, config_kinds[kind]->key, schema);
	}
	return properties;
}

/* The document's own schema; all others are the form's definitions then. */
static json_t *schema_of_document(const struct form *form)
{
	json_t *schema =
		json_pack("{s:s, s:s, s:[s], s:b, s:o}", "description", DOCUMENT_HELP, "type",
			  "object", "required", config_sections[0].key, "additionalProperties", 0,
			  "properties", document_properties(form));

	define_type(form, &config_type_name);
	define_type(form, &config_type_host);
	return must(schema);
}

/* ---- JSON that is easy to read, and YAML as well: lines are filled, but objects begin one ---- */

static void print_json(const json_t *json, int indent, int column);

static void print_members(const json_t *object, int indent)
{
	const char *key, *separator = "";
	int column = LINE_LENGTH;
	json_t *value;

	putchar('{');
	json_object_foreach(json_mutable(object), key, value)
	{
		char *text = json_dumps(value, JSON_ENCODE_ANY);
		int width = (int)(strlen(key) + strlen("\"\": ") + strlen(text));

		printf("%s", separator);
		if (json_is_object(value) || column + width + 1 > LINE_LENGTH)
			column = printf("\n%*s", indent, "") - 1;
		else
			column += printf(" ");
		printf("\"%s\": ", key);
		print_json(value, indent, column);
		column = json_is_object(value) ? LINE_LENGTH : column + width + 1;
		separator = ",";
		free(text);
	}
	printf("\n%*s}", indent - INDENT, "");
}

/* indent: of an object's members; column: where this begins. */
static void print_json(const json_t *json, int indent, int column)
{
	char *text = json_dumps(json, JSON_ENCODE_ANY);

	if (!text)
		errx(EXIT_FAILURE, "out of memory");
	if (json_is_object(json) && column + strlen(text) > LINE_LENGTH)
		print_members(json, indent + INDENT);
	else
		printf("%s", text);
	free(text);
}

static void print_schema(void)
{
	struct form form = {"#/$defs/", false, json_object()};
	json_t *schema = json_pack("{s:s, s:s, s:s}", "$schema",
				   "https://json-schema.org/draft/2020-12/schema", "$comment",
				   "SPDX-License-Identifier: BSD-2-Clause. Made by .ci/generate.",
				   "title", "carom's config file");

	add(schema, schema_of_document(&form));
	set(schema, "$defs", form.definitions);
	print_json(schema, 0, 0);
	putchar('\n');
	json_decref(schema);
}

static void print_openapi(void)
{
	struct form form = {"#/components/schemas/", true, json_object()};
	json_t *schemas = json_pack("{s:o}", "Config", schema_of_document(&form)), *schema;
	const char *name;

	add(schemas, form.definitions);
	json_object_foreach(schemas, name, schema)
	{
		/* YAML wants even the last brace farther in than the name. */
		print_json(schema, 3 * INDENT, printf("%*s%s: ", 2 * INDENT, "", name));
		putchar('\n');
	}
	json_decref(schemas);
}

/* ---- the table ---- */

static void print_range(const struct config_key *key)
{
	if (key->type == &config_type_integer) {
		printf("%u … %u", key->bounds.min, key->bounds.max);
		if (key->multiple_of)
			printf(", a multiple of %u", key->multiple_of);
	} else if (key->type == &config_type_choice) {
		for (size_t i = 0; i < key->choices->count; i++)
			printf("%s`%s`", i ? ", " : "", key->choices->names[i]);
	} else if (key->type == &config_type_array) {
		printf("1 … %zu elements", key->room);
	} else if (key->type == &config_type_collection) {
		printf("0 … %zu by name", key->room);
	} else {
		printf("%s", key->type->name);
	}
	if (key->unit)
		printf(" (%s)", key->unit);
}

static void print_default(const struct config_table *table, const struct config_key *key)
{
	json_t *by_default = default_of(table, key);
	char *text = by_default ? json_dumps(by_default, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	if (text)
		printf("`%s`", text);
	else if (key->is_required)
		printf("required");
	else
		printf("%s", key->default_words ? key->default_words : "");
	free(text);
	json_decref(by_default);
}

static void print_rows(const char *path, const struct config_table *table)
{
	for (const struct config_key *key = table->keys; key->name; key++) {
		const struct config_table *inner =
			key->element ? key->element->members : key->members;
		const char *step = key->type == &config_type_array	  ? "[]"
				   : key->type == &config_type_collection ? ".NAME"
									  : "";
		char inner_path[PATH_BYTES];

		printf("| `%s.%s` | ", path, key->name);
		print_range(key);
		printf(" | ");
		print_default(table, key);
		printf(" | %s |\n", key->help);
		snprintf(inner_path, sizeof(inner_path), "%s.%s%s", path, key->name, step);
		if (inner)
			print_rows(inner_path, inner);
	}
}

static void print_markdown(void)
{
	char path[PATH_BYTES];

	printf("| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < CONFIG_SECTION_COUNT; i++)
		print_rows(config_sections[i].key, config_sections[i].table);
	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++) {
		snprintf(path, sizeof(path), "%s.NAME", config_kinds[kind]->key);
		print_rows(path, config_kinds[kind]->table);
	}
}

int main(int count, char **arguments)
{
	const char *form = count == 2 ? arguments[1] : "";

	if (strcmp(form, "schema") == 0) {
		print_schema();
	} else if (strcmp(form, "openapi") == 0) {
		print_openapi();
	} else if (strcmp(form, "markdown") == 0) {
		print_markdown();
	} else {
		errx(EXIT_FAILURE, "usage: config_reference schema|openapi|markdown");
	}
	return EXIT_SUCCESS;
}
