/* SPDX-License-Identifier: BSD-2-Clause */
/* Query parameters: which a path has, what their values may be, and what was given. Pure. */
#ifndef CAROM_PARAMETER_H
#define CAROM_PARAMETER_H

#include "address.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>

#define PARAMETERS_MAX	     8
#define PARAMETER_TEXT_BYTES 128

enum parameter_kind {
	PARAMETER_NUMBER,  /* decimal digits and nothing else */
	PARAMETER_BOOLEAN, /* true or false */
	PARAMETER_TEXT,	   /* UTF-8, not empty */
	PARAMETER_ADDRESS, /* IPv4 or IPv6 */
};

struct parameter {
	const char *name;
	enum parameter_kind kind;
	uint64_t minimum, maximum; /* of a number; far below 2^64 */
};

struct parameter_value {
	bool is_given;
	uint64_t number;		 /* of a boolean 0 or 1 */
	char text[PARAMETER_TEXT_BYTES]; /* as it was sent, but for its percent-encoding */
	struct carom_address address;
};

/* All zeroes, but for the parameters: nothing is given. */
struct parameter_values {
	/* Static; up to PARAMETERS_MAX, and then one without a name. NULL: there are none. */
	const struct parameter *parameters;
	struct parameter_value values[PARAMETERS_MAX];
};

/* Decimal digits and nothing else. False, too, of a number beyond the maximum. */
bool parameter_read_number(const char *text, uint64_t maximum, uint64_t *ret_number);

/* Takes in one of the query. value: as it was sent; NULL if it had no '='. Returns 0; -1 if there
 * is no such parameter, if it is given twice, or if its value is not of its kind. */
int parameter_take(struct parameter_values *values, const char *name, const char *value,
		   struct error *error);

/* What is not given is 0, false, or NULL. The name must be one of the parameters'. */
uint64_t parameter_number(const struct parameter_values *values, const char *name);
const char *parameter_text(const struct parameter_values *values, const char *name);
const struct carom_address *parameter_address(const struct parameter_values *values,
					      const char *name);
bool parameter_is_given(const struct parameter_values *values, const char *name);

#endif
