/* SPDX-License-Identifier: BSD-2-Clause */
/* What was not forwarded, and why: for programs, and for operators at night. Pure. */
#ifndef CAROM_DROPS_H
#define CAROM_DROPS_H

#include "metrics.h"

/* Every reason, with what it means, and the VIPs that have had it. The caller owns the text. */
struct text drops_json(const struct metrics *metrics);
/* The same as a table, of what there is only. */
struct text drops_text(const struct metrics *metrics);

#endif
