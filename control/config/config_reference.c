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

#define OWNER_BYTES	65536 /* more than any struct that a table describes */
#define REFERENCE	"#/$defs/"
#define REFERENCE_BYTES 64
#define OPENAPI_SCHEMAS "#/components/schemas/"
#define OPENAPI_INDENT	4
#define LINE_LENGTH	100
#define YAML_STEP	2
#define PATH_BYTES	256
#define DOCUMENT_HELP                                                                              \
	"The desired state of one balancer. Beyond this schema, addresses must not clash, a "      \
	"backend's address must not be a VIP's, and the VIPs must fit node.limits."

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

static void set_reference(json_t *schema, const char *name)
{
	char text[REFERENCE_BYTES];

	snprintf(text, sizeof(text), REFERENCE "%s", name);
	set(schema, "$ref", json_string(text));
}

static json_t *reference_to(const char *name)
{
	json_t *schema = json_object();

	set_reference(schema, name);
	return schema;
}

static void define_table(json_t *definitions, const struct config_table *table);

static void describe_members(json_t *schema, json_t *definitions,
			     const struct config_table *members, size_t max)
{
	set(schema, "type", json_string("object"));
	if (max)
		set(schema, "maxProperties", json_integer((json_int_t)max));
	set(schema, "propertyNames", reference_to(config_type_name.name));
	set(schema, "additionalProperties", reference_to(members->name));
	define_table(definitions, members);
}

static void describe_integer(json_t *schema, const struct config_key *key)
{
	set(schema, "type", json_string("integer"));
	set(schema, "minimum", json_integer(key->bounds.min));
	set(schema, "maximum", json_integer(key->bounds.max));
	if (key->multiple_of)
		set(schema, "multipleOf", json_integer(key->multiple_of));
}

static void describe_type(json_t *schema, json_t *definitions, const struct config_key *key);

static void describe_array(json_t *schema, json_t *definitions, const struct config_key *key)
{
	json_t *items = json_object();

	describe_type(items, definitions, key->element);
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

static void describe_type(json_t *schema, json_t *definitions, const struct config_key *key)
{
	const struct config_type *type = key->type;

	if (type == &config_type_object) {
		set_reference(schema, key->members->name);
		define_table(definitions, key->members);
	} else if (type == &config_type_collection) {
		describe_members(schema, definitions, key->element->members, key->room);
	} else if (type == &config_type_array) {
		describe_array(schema, definitions, key);
	} else if (type == &config_type_integer) {
		describe_integer(schema, key);
	} else if (type == &config_type_choice) {
		describe_choice(schema, key);
	} else if (type->is_definition) {
		set_reference(schema, type->name);
	} else {
		add_fragment(schema, type->schema);
		if (type->is_byte_string)
			set(schema, "maxLength", json_integer((json_int_t)key->bytes - 1));
	}
}

static json_t *schema_of_key(const struct config_table *table, const struct config_key *key,
			     json_t *definitions)
{
	json_t *schema = json_object(), *by_default = default_of(table, key);

	set(schema, "description", json_string(key->help));
	describe_type(schema, definitions, key);
	if (by_default)
		set(schema, "default", by_default);
	return schema;
}

static void define_table(json_t *definitions, const struct config_table *table)
{
	json_t *schema = json_object(), *required = json_array(), *properties = json_object();

	if (json_object_get(definitions, table->name))
		return;
	set(definitions, table->name, schema);
	set(schema, "description", json_string(table->help));
	set(schema, "type", json_string("object"));
	for (const struct config_key *key = table->keys; key->name; key++) {
		set(properties, key->name, schema_of_key(table, key, definitions));
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

static void define_type(json_t *definitions, const struct config_type *type)
{
	json_t *schema = json_object();

	add_fragment(schema, type->schema);
	set(definitions, type->name, schema);
}

static json_t *document_properties(json_t *definitions)
{
	json_t *properties = json_object();

	for (size_t i = 0; i < CONFIG_SECTION_COUNT; i++) {
		const struct config_table *table = config_sections[i].table;

		set(properties, config_sections[i].key, reference_to(table->name));
		define_table(definitions, table);
	}
	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++) {
		json_t *schema = json_object();

		set(schema, "description", json_string(config_kinds[kind]->help));
		describe_members(schema, definitions, config_kinds[kind]->table, 0);
		set(schema, "default", json_object());
		set(properties, config_kinds[kind]->key, schema);
	}
	return properties;
}

static json_t *make_schema(void)
{
	json_t *definitions = json_object(), *properties = document_properties(definitions);
	json_t *schema = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:[s], s:b, s:o, s:o}", "$schema",
		"https://json-schema.org/draft/2020-12/schema", "$comment",
		"SPDX-License-Identifier: BSD-2-Clause. Made by .ci/generate from the rows of"
		" control/config.",
		"title", "carom's config file", "description", DOCUMENT_HELP, "type", "object",
		"required", "node", "additionalProperties", false, "properties", properties,
		"$defs", definitions);

	define_type(definitions, &config_type_name);
	define_type(definitions, &config_type_host);
	return schema;
}

static void print_schema(void)
{
	json_t *schema = make_schema();

	json_dumpf(schema, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(schema);
}

/* ---- the schema as YAML ---- */

/* "#/$defs/vip" and "vip" are "#/components/schemas/Vip" and "Vip". */
static void print_schema_name(const char *name)
{
	printf("%c%s", name[0] - 'a' + 'A', name + 1);
}

static bool yaml_is_plain(const char *text)
{
	static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return false;
	return (text[0] == '/' || isalpha((unsigned char)text[0])) && !strstr(text, ": ") &&
	       !strstr(text, " #") && text[strlen(text) - 1] != ':';
}

static void yaml_print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++)
		printf(*text == '\'' ? "''" : "%c", *text);
	putchar('\'');
}

static void yaml_print_folded(const char *text, int indent)
{
	int column = LINE_LENGTH;

	printf(">-");
	while (*text) {
		int length = (int)strcspn(text, " ");

		if (column + 1 + length > LINE_LENGTH)
			column = printf("\n%*s%.*s", indent, "", length, text) - 1;
		else
			column += printf(" %.*s", length, text);
		text += length + (text[length] == ' ');
	}
}

static void yaml_print_string(const char *text, int indent, bool may_fold)
{
	if (strncmp(text, REFERENCE, strlen(REFERENCE)) == 0) {
		printf("'" OPENAPI_SCHEMAS);
		print_schema_name(text + strlen(REFERENCE));
		putchar('\'');
	} else if (may_fold && indent + strlen(text) > LINE_LENGTH - strlen("description: ''")) {
		yaml_print_folded(text, indent);
	} else if (yaml_is_plain(text)) {
		printf("%s", text);
	} else {
		yaml_print_quoted(text);
	}
}

static void yaml_print_scalar(const json_t *value)
{
	if (json_is_string(value))
		yaml_print_string(json_string_value(value), 0, false);
	else if (json_is_integer(value))
		printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		printf("%s", json_is_true(value) ? "true" : "false");
	else
		printf("{}"); /* all other values are empty objects */
}

static void yaml_print_members(const json_t *object, int indent);

static void yaml_print_array(const json_t *array, int indent)
{
	const json_t *element;
	size_t index;

	json_array_foreach(array, index, element)
	{
		if (json_is_object(element)) {
			printf("\n%*s-", indent, "");
			yaml_print_members(element, indent + YAML_STEP);
		} else {
			printf(index ? ", " : " [");
			yaml_print_scalar(element);
		}
	}
	if (!json_is_object(json_array_get(array, 0)))
		putchar(']');
}

static void yaml_print_value(const char *key, const json_t *value, int indent)
{
	if (json_is_array(value)) {
		yaml_print_array(value, indent);
	} else if (json_object_size(value)) {
		yaml_print_members(value, indent);
	} else if (json_is_string(value)) {
		putchar(' ');
		yaml_print_string(json_string_value(value), indent,
				  strcmp(key, "description") == 0);
	} else {
		putchar(' ');
		yaml_print_scalar(value);
	}
}

/* Each on a line of its own. */
static void yaml_print_members(const json_t *object, int indent)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_mutable(object), key, value)
	{
		printf("\n%*s%s:", indent, "", key);
		yaml_print_value(key, value, indent + YAML_STEP);
	}
}

static void print_openapi(void)
{
	json_t *schema = make_schema(), *definition;
	json_t *definitions = json_incref(json_object_get(schema, "$defs"));
	const char *name;

	json_object_del(schema, "$schema");
	json_object_del(schema, "$comment");
	json_object_del(schema, "title");
	json_object_del(schema, "$defs");
	printf("%*sConfig:", OPENAPI_INDENT, "");
	yaml_print_members(schema, OPENAPI_INDENT + YAML_STEP);
	json_object_foreach(definitions, name, definition)
	{
		printf("\n%*s", OPENAPI_INDENT, "");
		print_schema_name(name);
		putchar(':');
		yaml_print_members(definition, OPENAPI_INDENT + YAML_STEP);
	}
	putchar('\n');
	json_decref(definitions);
	json_decref(schema);
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
