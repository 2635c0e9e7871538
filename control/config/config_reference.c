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

static void set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		errx(EXIT_FAILURE, "cannot set '%s'", key);
}

/* A fragment is JSON with single quotes, which C strings need not escape. */
static void add_fragment(json_t *schema, const char *fragment)
{
	char *text = strdup(fragment);
	json_error_t error;
	json_t *json;

	for (char *quote = text; quote && (quote = strchr(quote, '\''));)
		*quote = '"';
	json = text ? json_loads(text, 0, &error) : NULL;
	if (!json || json_object_update(schema, json))
		errx(EXIT_FAILURE, "%s: %s", fragment, error.text);
	json_decref(json);
	free(text);
}

/* What stands for the key if it is absent. NULL: nothing does, or it depends. */
static json_t *default_of(const struct config_table *table, const struct config_key *key)
{
	void *owner = calloc(1, OWNER_BYTES);
	json_t *json;

	if (key->is_required || key->is_optional || key->default_words || key->members)
		json = NULL;
	else {
		config_table_set_default(table, owner);
		json = key->type->print(key, owner);
	}
	free(owner);
	return json;
}

/* ---- JSON Schema ---- */

static const char *definition_name(const struct form *form, const char *name,
				   char ret_name[NAME_BYTES])
{
	snprintf(ret_name, NAME_BYTES, "%s", name);
	if (form->has_capitals)
		ret_name[0] = (char)toupper((unsigned char)name[0]);
	return ret_name;
}

static void set_reference(const struct form *form, json_t *schema, const char *name)
{
	char definition[NAME_BYTES];

	set(schema, "$ref",
	    json_sprintf("%s%s", form->place, definition_name(form, name, definition)));
}

static json_t *reference_to(const struct form *form, const char *name)
{
	json_t *schema = json_object();

	set_reference(form, schema, name);
	return schema;
}

static void define_table(const struct form *form, const struct config_table *table);

static void describe_members(const struct form *form, json_t *schema,
			     const struct config_table *members, size_t max)
{
	set(schema, "type", json_string("object"));
	if (max)
		set(schema, "maxProperties", json_integer((json_int_t)max));
	set(schema, "propertyNames", reference_to(form, config_type_name.name));
	set(schema, "additionalProperties", reference_to(form, members->name));
	define_table(form, members);
}

static void describe_integer(json_t *schema, const struct config_key *key)
{
	set(schema, "type", json_string("integer"));
	set(schema, "minimum", json_integer(key->bounds.min));
	set(schema, "maximum", json_integer(key->bounds.max));
	if (key->multiple_of)
		set(schema, "multipleOf", json_integer(key->multiple_of));
}

static void describe_type(const struct form *form, json_t *schema, const struct config_key *key);

static void describe_array(const struct form *form, json_t *schema, const struct config_key *key)
{
	json_t *items = json_object();

	describe_type(form, items, key->element);
	set(schema, "type", json_string("array"));
	set(schema, "minItems", json_integer(1));
	set(schema, "maxItems", json_integer((json_int_t)key->room));
	if (!key->element->members)
		set(schema, "uniqueItems", json_true());
	set(schema, "items", items);
}

static void describe_choice(json_t *schema, const struct config_key *key)
{
	json_t *names = json_array();

	for (size_t i = 0; i < key->choices->count; i++)
		json_array_append_new(names, json_string(key->choices->names[i]));
	set(schema, "enum", names);
}

static void describe_type(const struct form *form, json_t *schema, const struct config_key *key)
{
	const struct config_type *type = key->type;

	if (type == &config_type_object) {
		set_reference(form, schema, key->members->name);
		define_table(form, key->members);
	} else if (type == &config_type_collection) {
		describe_members(form, schema, key->element->members, key->room);
	} else if (type == &config_type_array) {
		describe_array(form, schema, key);
	} else if (type == &config_type_integer) {
		describe_integer(schema, key);
	} else if (type == &config_type_choice) {
		describe_choice(schema, key);
	} else if (type->is_definition) {
		set_reference(form, schema, type->name);
	} else {
		add_fragment(schema, type->schema);
		if (type->is_byte_string)
			set(schema, "maxLength", json_integer((json_int_t)key->bytes - 1));
	}
}

static json_t *schema_of_key(const struct form *form, const struct config_table *table,
			     const struct config_key *key)
{
	json_t *schema = json_object(), *by_default = default_of(table, key);

	set(schema, "description", json_string(key->help));
	describe_type(form, schema, key);
	if (by_default)
		set(schema, "default", by_default);
	return schema;
}

static void define_table(const struct form *form, const struct config_table *table)
{
	json_t *schema = json_object(), *required = json_array(), *properties = json_object();

	char name[NAME_BYTES];

	set(form->definitions, definition_name(form, table->name, name), schema);
	set(schema, "description", json_string(table->help));
	set(schema, "type", json_string("object"));
	for (const struct config_key *key = table->keys; key->name; key++) {
		set(properties, key->name, schema_of_key(form, table, key));
		if (key->is_required)
			json_array_append_new(required, json_string(key->name));
	}
	if (json_array_size(required))
		json_object_set(schema, "required", required);
	json_decref(required);
	set(schema, "additionalProperties", json_false());
	set(schema, "properties", properties);
	if (table->schema)
		add_fragment(schema, table->schema);
}

static void define_type(const struct form *form, const struct config_type *type)
{
	json_t *schema = json_object();

	char name[NAME_BYTES];

	add_fragment(schema, type->schema);
	set(form->definitions, definition_name(form, type->name, name), schema);
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
		json_t *schema = json_object();

		set(schema, "description", json_string(config_kinds[kind]->help));
		describe_members(form, schema, config_kinds[kind]->table, 0);
		set(schema, "default", json_object());
		set(properties, config_kinds[kind]->key, schema);
	}
	return properties;
}

/* The document's own schema; all others are the form's definitions then. */
static void describe_document(const struct form *form, json_t *schema)
{
	set(schema, "description", json_string(DOCUMENT_HELP));
	set(schema, "type", json_string("object"));
	set(schema, "required", json_pack("[s]", "node"));
	set(schema, "additionalProperties", json_false());
	set(schema, "properties", document_properties(form));
	define_type(form, &config_type_name);
	define_type(form, &config_type_host);
}

/* ---- JSON that is easy to read: lines are filled, but an object begins one. It is YAML as well
 * ---- */

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
	json_t *schema = json_object();

	set(schema, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
	set(schema, "$comment",
	    json_string("SPDX-License-Identifier: BSD-2-Clause. Made by .ci/generate."));
	set(schema, "title", json_string("carom's config file"));
	describe_document(&form, schema);
	set(schema, "$defs", form.definitions);
	print_json(schema, 0, 0);
	putchar('\n');
	json_decref(schema);
}

static void print_openapi(void)
{
	struct form form = {"#/components/schemas/", true, json_object()};
	json_t *config = json_object(), *schemas = json_object(), *schema;
	const char *name;

	describe_document(&form, config);
	set(schemas, "Config", config);
	json_object_update(schemas, form.definitions);
	json_object_foreach(schemas, name, schema)
	{
		/* YAML wants even the last brace farther in than the name. */
		print_json(schema, 3 * INDENT, printf("%*s%s: ", 2 * INDENT, "", name));
		putchar('\n');
	}
	json_decref(form.definitions);
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
