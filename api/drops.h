/* SPDX-License-Identifier: BSD-2-Clause */
/* What was not forwarded, and why: for programs, and for whoever is paged at night. Pure. */
#ifndef CAROM_DROPS_H
#define CAROM_DROPS_H

#include "metrics.h"

#define DROPS_TEXT_CONTENT_TYPE "text/plain; charset=utf-8"

/* Every reason, with what it means, and the VIPs that have had it. The caller owns the text. */
struct text drops_json(const struct metrics *metrics);
/* The same as a table, of what there is only. */
struct text drops_text(const struct metrics *metrics);

#endif
