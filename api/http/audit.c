/* SPDX-License-Identifier: BSD-2-Clause */
#include "audit.h"

#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MS_PER_S	      1000
#define STRANGERS_LINES_PER_S 10
#define ELLIPSIS	      "..."

/* A client must not be able to forge a line, nor to steer a terminal. */
static char printable(char character)
{
	return character > ' ' && character < 127 ? character : '?';
}

void audit_set_subject(struct audit_subject *ret_subject, const struct peer *peer,
		       const char *method, const char *path)
{
	size_t length = strlen(path);

	snprintf(ret_subject->from, sizeof(ret_subject->from), "%s", peer->text);
	snprintf(ret_subject->method, sizeof(ret_subject->method), "%s", method);
	for (size_t i = 0; i <= length && i < AUDIT_PATH_BYTES; i++)
		ret_subject->path[i] = (char)(path[i] ? printable(path[i]) : '\0');
	if (length >= AUDIT_PATH_BYTES)
		memcpy(ret_subject->path + AUDIT_PATH_BYTES - sizeof(ELLIPSIS), ELLIPSIS,
		       sizeof(ELLIPSIS));
}

static bool lets_stranger_pass(struct audit_gate *gate, uint64_t now_ms)
{
	uint64_t second = now_ms / MS_PER_S;

	if (gate->second != second) {
		gate->second = second;
		gate->line_count = 0;
	}
	if (gate->line_count == STRANGERS_LINES_PER_S) {
		gate->omitted_count++;
		return false;
	}
	gate->line_count++;
	return true;
}

void audit_log(struct audit_gate *gate, const struct audit_subject *subject, const char *caller,
	       unsigned status, const char *remark, uint64_t now_ms)
{
	if (!caller && !lets_stranger_pass(gate, now_ms))
		return;
	if (gate->omitted_count > 0)
		log_line(LOG_LEVEL_WARNING, "audit: %" PRIu64 " requests of nobody known left out",
			 gate->omitted_count);
	gate->omitted_count = 0;
	log_line(LOG_LEVEL_INFO, "audit: %s from %s: %s %s: %u%s", caller ? caller : "nobody",
		 subject->from, subject->method, subject->path, status, remark);
}
