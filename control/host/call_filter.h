/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls that caromd, and the keeper of its files, may make (seccomp). */
#ifndef CAROM_CALL_FILTER_H
#define CAROM_CALL_FILTER_H

#include "error.h"

/* Of all threads of this process, for good. Needs no_new_privs. Returns 0 or -1. */
int call_filter_load(struct error *ret_error);

/* Of the keeper: it opens files for reading, removes files, and answers on its socket. Returns 0 or
 * -1. */
int call_filter_load_keeper(void);

#endif
