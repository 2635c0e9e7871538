/* SPDX-License-Identifier: BSD-2-Clause */
/* How a packet's way ended (abi.h), by name. Pure. */
#ifndef CAROM_OUTCOME_H
#define CAROM_OUTCOME_H

#include "abi.h"

#include <stdint.h>

#define OUTCOME_COUNT (CAROM_OUTCOME_FOREIGN + 1)

/* The XDP action that goes with it. */
uint32_t outcome_action(uint32_t outcome);
/* Of an XDP action: "tx", "redirect", "pass", "drop", "aborted". */
const char *outcome_verdict(uint32_t action);
/* The label of its reason; NULL: it has none. */
const char *outcome_reason(uint32_t outcome);

#endif
