/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAROM_UTC_H
#define CAROM_UTC_H

#include <stdint.h>

#define UTC_TEXT_BYTES 32

/* time_ms: since 1970. As RFC 3339 has it: "2026-07-01T09:30:00.250Z". Returns ret_text. */
const char *utc_format(int64_t time_ms, char ret_text[UTC_TEXT_BYTES]);

#endif
