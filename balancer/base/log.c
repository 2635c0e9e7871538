/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include "utc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 1024
#define MS_PER_S   1000
#define NS_PER_MS  1000000

static enum log_level threshold = LOG_LEVEL_INFO;

static const struct {
	const char *name;
	int syslog_priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", 3},
	[LOG_LEVEL_WARNING] = {"warning", 4},
	[LOG_LEVEL_INFO] = {"info", 6},
	[LOG_LEVEL_DEBUG] = {"debug", 7},
};

void log_set_level(enum log_level level)
{
	threshold = level;
}

/* Returns how many bytes it wrote to line. */
static size_t log_write_head(enum log_level level, char line[LINE_BYTES])
{
	char time[UTC_TEXT_BYTES];
	struct timespec now;

	if (getenv("JOURNAL_STREAM"))
		return (size_t)snprintf(line, LINE_BYTES, "<%d>", levels[level].syslog_priority);
	clock_gettime(CLOCK_REALTIME, &now);
	utc_format(now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS, time);
	return (size_t)snprintf(line, LINE_BYTES, "%s %s: ", time, levels[level].name);
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	size_t length, room;
	va_list arguments;
	int wanted;

	if (level > threshold)
		return;
	length = log_write_head(level, line);
	room = LINE_BYTES - length - 1;
	va_start(arguments, format);
	wanted = vsnprintf(line + length, room, format, arguments);
	va_end(arguments);
	if (wanted < 0)
		return;
	length += (size_t)wanted < room ? (size_t)wanted : room - 1;
	line[length++] = '\n';
	/* Without stderr there is no place left to tell of it. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}

void log_errors(enum log_level level, const struct error_list *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct error *fault = &errors->items[i];

		if (fault->pointer[0])
			log_line(level, "%s (at %s)", fault->message, fault->pointer);
		else
			log_line(level, "%s", fault->message);
	}
	if (errors->omitted)
		log_line(level, "and %zu faults more", errors->omitted);
}
