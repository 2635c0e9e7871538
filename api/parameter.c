/* SPDX-License-Identifier: BSD-2-Clause */
#include "parameter.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>

/* *ret_number: beyond the maximum it stops growing. */
static bool read_digits(const char *value, uint64_t maximum, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!value || !*value)
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

int parameter_parse(const struct parameter *parameter, const char *value, uint64_t *ret_number,
		    struct error *error)
{
	uint64_t number;

	if (!read_digits(value, parameter->maximum, &number) || number > parameter->maximum)
		return error_set(
			error, ERROR_INVALID,
			"query parameter '%s' is '%s'; expected a number from 0 to %" PRIu64,
			parameter->name, value ? value : "", parameter->maximum);
	*ret_number = number;
	return 0;
}
