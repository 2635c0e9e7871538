/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAROM_HEX_H
#define CAROM_HEX_H

#define HEX_DIGITS "0123456789abcdefABCDEF"

/* -1: not a hexadecimal digit. */
static inline int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

#endif
