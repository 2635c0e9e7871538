/* SPDX-License-Identifier: BSD-2-Clause */
/* A query parameter: a number. Pure. */
#ifndef CAROM_PARAMETER_H
#define CAROM_PARAMETER_H

#include "error.h"

#include <stdint.h>

struct parameter {
	const char *name;
	uint64_t maximum; /* far below 2^64 */
};

/* value: decimal digits and nothing else; NULL if the query had no '='. Returns 0 or -1. */
int parameter_parse(const struct parameter *parameter, const char *value, uint64_t *ret_number,
		    struct error *error);

#endif
