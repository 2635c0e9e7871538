/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: one line an event to stderr, subject first, as in struct error. With $JOURNAL_STREAM set
 * (under systemd) a line begins with its syslog priority instead of the time.
 */
#ifndef CAROM_LOG_H
#define CAROM_LOG_H

#include "error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Any thread: a line is one write(2). Longer ones than 1,024 bytes are cut. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Each fault on a line of its own, with its pointer. */
void log_errors(enum log_level level, const struct error_list *errors);

#endif
