/* SPDX-License-Identifier: BSD-2-Clause */
/* What the data plane needs of the kernel. */
#ifndef CAROM_KERNEL_H
#define CAROM_KERNEL_H

#include "error.h"

/* Whether this kernel has it, and lets this process use it. Returns 0, or -1 and says what it
 * refused. */
int kernel_check(struct error *ret_error);

#endif
