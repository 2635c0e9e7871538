/* SPDX-License-Identifier: BSD-2-Clause */
/* How a packet's way ended (abi.h), by name. Pure. */
#ifndef CAROM_VERDICT_H
#define CAROM_VERDICT_H

#include "abi.h"

#include <stdint.h>

#define VERDICT_COUNT (CAROM_VERDICT_FOREIGN + 1)

/* The XDP action that goes with it. */
uint32_t verdict_action(uint32_t verdict);
/* Of an XDP action: "tx", "redirect", "pass", "drop", "aborted". */
const char *verdict_action_name(uint32_t action);
/* The label of its reason; NULL: it has none. */
const char *verdict_reason(uint32_t verdict);

#endif
