/* SPDX-License-Identifier: BSD-2-Clause */
#include "parameter.h"

#include "percent.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

bool parameter_read_number(const char *text, uint64_t maximum, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > maximum)
			return false;
	}
	*ret_number = number;
	return true;
}

static int take_number(const struct parameter *parameter, struct parameter_value *value,
		       struct error *error)
{
	if (parameter_read_number(value->text, parameter->maximum, &value->number) &&
	    value->number >= parameter->minimum)
		return 0;
	return error_set(error, ERROR_INVALID,
			 "query parameter '%s' is '%s'; expected a number from %" PRIu64
			 " to %" PRIu64,
			 parameter->name, value->text, parameter->minimum, parameter->maximum);
}

static int take_boolean(const struct parameter *parameter, struct parameter_value *value,
			struct error *error)
{
	value->number = strcmp(value->text, "true") == 0;
	if (value->number || strcmp(value->text, "false") == 0)
		return 0;
	return error_set(error, ERROR_INVALID,
			 "query parameter '%s' is '%s'; expected 'true' or 'false'",
			 parameter->name, value->text);
}

static int refuse_length(const struct parameter *parameter, size_t length, struct error *error)
{
	return error_set(error, ERROR_INVALID,
			 "query parameter '%s' has %zu bytes; expected 1 to %d", parameter->name,
			 length, PARAMETER_TEXT_BYTES - 1);
}

static int take_text(const struct parameter *parameter, const struct parameter_value *value,
		     struct error *error)
{
	return value->text[0] ? 0 : refuse_length(parameter, 0, error);
}

static int take_address(const struct parameter *parameter, struct parameter_value *value,
			struct error *error)
{
	if (take_text(parameter, value, error))
		return -1;
	if (address_parse(value->text, &value->address))
		return 0;
	return error_set(error, ERROR_INVALID,
			 "query parameter '%s' is '%s'; expected an IP address", parameter->name,
			 value->text);
}

static int parameter_decode(const struct parameter *parameter, const char *sent,
			    struct parameter_value *ret_value, struct error *error)
{
	char *output = ret_value->text;

	if (strlen(sent) >= sizeof(ret_value->text))
		return refuse_length(parameter, strlen(sent), error);
	if (percent_decode("query", &sent, '\0', &output, error) == 0)
		return 0;
	error->kind = ERROR_INVALID;
	return -1;
}

static int take_value(const struct parameter *parameter, const char *sent,
		      struct parameter_value *ret_value, struct error *error)
{
	if (parameter_decode(parameter, sent, ret_value, error))
		return -1;
	switch (parameter->kind) {
	case PARAMETER_NUMBER: return take_number(parameter, ret_value, error);
	case PARAMETER_BOOLEAN: return take_boolean(parameter, ret_value, error);
	case PARAMETER_TEXT: return take_text(parameter, ret_value, error);
	case PARAMETER_ADDRESS: return take_address(parameter, ret_value, error);
	}
	return -1;
}

/* -1: there is none. */
static int index_of(const struct parameter_values *values, const char *name)
{
	const struct parameter *parameters = values->parameters;

	for (int i = 0; parameters && parameters[i].name; i++)
		if (strcmp(parameters[i].name, name) == 0)
			return i;
	return -1;
}

int parameter_take(struct parameter_values *values, const char *name, const char *value,
		   struct error *error)
{
	int index = index_of(values, name);

	if (index < 0)
		return error_set(error, ERROR_INVALID, "there is no query parameter '%s' here",
				 name);
	if (values->values[index].is_given)
		return error_set(error, ERROR_INVALID, "query parameter '%s' is given twice", name);
	values->values[index].is_given = true;
	return take_value(&values->parameters[index], value ? value : "", &values->values[index],
			  error);
}

static const struct parameter_value *parameter_find(const struct parameter_values *values,
						    const char *name)
{
	int index = index_of(values, name);

	assert(index >= 0); /* the names that a route asks for are its own */
	return &values->values[index];
}

uint64_t parameter_number(const struct parameter_values *values, const char *name)
{
	return parameter_find(values, name)->number;
}

const char *parameter_text(const struct parameter_values *values, const char *name)
{
	const struct parameter_value *value = parameter_find(values, name);

	return value->is_given ? value->text : NULL;
}

const struct carom_address *parameter_address(const struct parameter_values *values,
					      const char *name)
{
	const struct parameter_value *value = parameter_find(values, name);

	return value->is_given ? &value->address : NULL;
}

bool parameter_is_given(const struct parameter_values *values, const char *name)
{
	return parameter_find(values, name)->is_given;
}
