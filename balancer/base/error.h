/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one error type: it becomes the log line and the problem+json alike.
 *
 * A function describes an error once, where it detects it; callers add context with error_prefix()
 * while they return it; the last one logs or answers, once. Message form, subject first:
 *
 *   vip 'web': backend 'web-3': address '10.0.0.300' is not an IP address
 */
#ifndef CAROM_ERROR_H
#define CAROM_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum error_kind {
	ERROR_NONE,
	ERROR_SYNTAX,	   /* not JSON; the message has line and column */
	ERROR_INVALID,	   /* a value that cannot be accepted */
	ERROR_NOT_FOUND,   /* names something that does not exist */
	ERROR_CONFLICT,	   /* clashes with something that exists */
	ERROR_LIMIT,	   /* a bound is hit */
	ERROR_PERMISSION,  /* a capability or a right is missing */
	ERROR_UNSUPPORTED, /* this kernel or this NIC cannot */
	ERROR_BUSY,	   /* another process holds it */
	ERROR_SYSTEM,	   /* the operating system refused */
};

#define ERROR_POINTER_BYTES 320
#define ERROR_MESSAGE_BYTES 512

struct error {
	enum error_kind kind;
	int system_errno;		   /* 0 if no system call failed */
	char pointer[ERROR_POINTER_BYTES]; /* RFC 6901; empty: the whole document, or none */
	char message[ERROR_MESSAGE_BYTES]; /* longer ones are cut, and end in "..." */
};

/* Each returns -1, so that a caller can write `return error_set(…)`. A NULL error is allowed. */
int error_set(struct error *error, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* kind: told from the errno (EPERM: PERMISSION, ENOENT: NOT_FOUND …). Appends ": " and its text. */
int error_set_errno(struct error *error, int system_errno, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts context before the message: "vip 'web': " and what was there. */
int error_prefix(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define ERROR_LIST_MAX 100

/* All errors of one input, in the order found. Beyond ERROR_LIST_MAX they are only counted. */
struct error_list {
	struct error *items; /* owned */
	size_t count;
	size_t omitted;
};

void error_list_done(struct error_list *list);
/* pointer: copied. Returns -1. When memory is out, the fault is counted as omitted. */
int error_list_add(struct error_list *list, enum error_kind kind, const char *pointer,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Appends one already described. Returns -1. */
int error_list_append(struct error_list *list, const struct error *error);
bool error_list_is_empty(const struct error_list *list);

/* "invalid", "not-found" …: stable, the last part of a problem's `type`. */
const char *error_kind_name(enum error_kind kind);

#endif
