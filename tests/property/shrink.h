/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a failing sequence as short as it gets: leaves out ever smaller parts, as long as what is
 * left still fails (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
 * 2002, without its complements).
 */
#ifndef CAROM_TESTS_SHRINK_H
#define CAROM_TESTS_SHRINK_H

#include "sequence.h"

#include <stddef.h>

/* Returns how many operations of the sequence it takes to fail; 0: it does not. */
typedef size_t shrink_try(void *context, const struct sequence *sequence);

/* Shortens it in place. */
void shrink(struct sequence *sequence, shrink_try *try, void *context);

#endif
