/* SPDX-License-Identifier: BSD-2-Clause */
/* What a simulation found, for people or as JSON. */
#ifndef CAROM_TESTS_FLEET_REPORT_H
#define CAROM_TESTS_FLEET_REPORT_H

#include "fleet_simulation.h"

#include <stddef.h>

void report_print(const struct simulation_options *options, const struct simulation_result *result);
/* What the rows and columns mean. */
void report_print_legend(void);
/* One array over all results: an object for each kind of event, and one for the total. */
void report_print_json(const struct simulation_result *results, size_t count);

#endif
