/* SPDX-License-Identifier: BSD-2-Clause */
#include "parameter.h"

#include "percent.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* *ret_number: beyond the maximum it stops growing. */
static bool read_digits(const char *value, uint64_t maximum, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*value)
		return false;
	for (; *value; value++) {
		if (!isdigit((unsigned char)*value))
			return false;
		if (number <= maximum)
			number = number * 10 + (uint64_t)(*value - '0');
	}
	*ret_number = number;
	return true;
}

static int take_number(const struct parameter *parameter, const char *value,
		       struct parameter_value *ret_value, struct error *error)
{
	uint64_t number;

	if (!read_digits(value, parameter->maximum, &number) || number < parameter->minimum ||
	    number > parameter->maximum)
		return error_set(error, ERROR_INVALID,
				 "query parameter '%s' is '%s'; expected a number from %" PRIu64
				 " to %" PRIu64,
				 parameter->name, value, parameter->minimum, parameter->maximum);
	ret_value->number = number;
	return 0;
}

static int take_boolean(const struct parameter *parameter, const char *value,
			struct parameter_value *ret_value, struct error *error)
{
	ret_value->number = strcmp(value, "true") == 0;
	if (ret_value->number || strcmp(value, "false") == 0)
		return 0;
	return error_set(error, ERROR_INVALID,
			 "query parameter '%s' is '%s'; expected 'true' or 'false'",
			 parameter->name, value);
}

static int take_text(const struct parameter *parameter, const char *value,
		     struct parameter_value *ret_value, struct error *error)
{
	char *output = ret_value->text;

	if (!*value || strlen(value) >= sizeof(ret_value->text))
		return error_set(error, ERROR_INVALID,
				 "query parameter '%s' has %zu bytes; expected 1 to %zu",
				 parameter->name, strlen(value), sizeof(ret_value->text) - 1);
	if (percent_decode("query", &value, '\0', &output, error) == 0)
		return 0;
	error->kind = ERROR_INVALID;
	return -1;
}

static int take_address(const struct parameter *parameter, const char *value,
			struct parameter_value *ret_value, struct error *error)
{
	if (take_text(parameter, value, ret_value, error))
		return -1;
	if (address_parse(ret_value->text, &ret_value->address))
		return 0;
	return error_set(error, ERROR_INVALID,
			 "query parameter '%s' is '%s'; expected an IP address", parameter->name,
			 ret_value->text);
}

static int take_value(const struct parameter *parameter, const char *value,
		      struct parameter_value *ret_value, struct error *error)
{
	switch (parameter->kind) {
	case PARAMETER_NUMBER: return take_number(parameter, value, ret_value, error);
	case PARAMETER_BOOLEAN: return take_boolean(parameter, value, ret_value, error);
	case PARAMETER_TEXT: return take_text(parameter, value, ret_value, error);
	case PARAMETER_ADDRESS: return take_address(parameter, value, ret_value, error);
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

static const struct parameter_value *find(const struct parameter_values *values, const char *name)
{
	int index = index_of(values, name);

	assert(index >= 0); /* the names that a route asks for are its own */
	return &values->values[index];
}

uint64_t parameter_number(const struct parameter_values *values, const char *name)
{
	return find(values, name)->number;
}

const char *parameter_text(const struct parameter_values *values, const char *name)
{
	const struct parameter_value *value = find(values, name);

	return value->is_given ? value->text : NULL;
}

const struct carom_address *parameter_address(const struct parameter_values *values,
					      const char *name)
{
	const struct parameter_value *value = find(values, name);

	return value->is_given ? &value->address : NULL;
}

bool parameter_is_given(const struct parameter_values *values, const char *name)
{
	return find(values, name)->is_given;
}
