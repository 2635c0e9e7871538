/* SPDX-License-Identifier: BSD-2-Clause */
#include "shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_without(const struct sequence *sequence, size_t first, size_t count,
			 struct sequence *ret_copy)
{
	size_t left = sequence->count - first - count;

	memcpy(ret_copy->operations, sequence->operations, first * sizeof(struct operation));
	memcpy(ret_copy->operations + first, sequence->operations + first + count,
	       left * sizeof(struct operation));
	ret_copy->count = first + left;
}

/* Leaves out parts of `length` operations wherever that is possible. spare: of the same room. */
static bool drop_parts(struct sequence *sequence, struct sequence *spare, size_t length,
		       shrink_try *try, void *context)
{
	bool is_shorter = false;
	size_t first = 0, failing;

	while (first < sequence->count) {
		size_t left = sequence->count - first;

		copy_without(sequence, first, length < left ? length : left, spare);
		failing = try(context, spare);
		if (!failing) {
			first += length;
			continue;
		}
		spare->count = failing;
		copy_without(spare, 0, 0, sequence);
		is_shorter = true;
	}
	return is_shorter;
}

void shrink(struct sequence *sequence, shrink_try *try, void *context)
{
	struct sequence spare = *sequence;
	size_t length = sequence->count;

	spare.operations = calloc(sequence->room, sizeof(struct operation));
	if (!spare.operations) {
		fputs("property: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	while (length) {
		bool is_shorter = drop_parts(sequence, &spare, length, try, context);

		if (!is_shorter || length > 1)
			length /= 2;
	}
	free(spare.operations);
}
