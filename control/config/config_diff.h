/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How two desired states differ. VIPs that they share cost a comparison of pointers, so a diff
 * costs what differs. `node` and `api` are not compared.
 */
#ifndef CAROM_CONFIG_DIFF_H
#define CAROM_CONFIG_DIFF_H

#include "config.h"

/* A JSON Patch (RFC 6902) that makes the one body {"vips": …} of the other. NULL: out of memory. */
json_t *config_diff(const struct config *from, const struct config *to);

#endif
