/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is wrong, as RFC 9457 says it: {"type", "title", "status", "detail"}, and for a body that is
 * refused "errors", each with its "pointer" into the body (RFC 6901) and its "detail"; "omitted"
 * counts those that were too many to list. Pure.
 *
 * `type` is "/problems/" and a name; the names below are stable, and clients may tell by them.
 */
#ifndef CAROM_PROBLEM_H
#define CAROM_PROBLEM_H

#include "error.h"
#include "text.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"

enum problem_kind {
	/* as in enum error_kind */
	PROBLEM_SYNTAX,
	PROBLEM_INVALID,
	PROBLEM_NOT_FOUND,
	PROBLEM_CONFLICT,
	PROBLEM_LIMIT,
	PROBLEM_PERMISSION,
	PROBLEM_UNSUPPORTED,
	PROBLEM_BUSY,
	PROBLEM_SYSTEM,
	/* of HTTP itself */
	PROBLEM_BAD_REQUEST,
	PROBLEM_METHOD_NOT_ALLOWED,
	PROBLEM_TIMEOUT,
	PROBLEM_BODY_TOO_LARGE,
	PROBLEM_MEDIA_TYPE,
	PROBLEM_HEADERS_TOO_LARGE,
	PROBLEM_NOT_READY,
	PROBLEM_PRECONDITION,
	PROBLEM_UNAUTHENTICATED,
	PROBLEM_FORBIDDEN,
	PROBLEM_MISDIRECTED,
	PROBLEM_EXPECTATION,
};

struct problem_class {
	unsigned status;
	unsigned retry_after_s; /* 0: not worth saying */
	const char *name;	/* the last part of `type` */
	const char *title;
};

const struct problem_class *problem_class(enum problem_kind kind);
enum problem_kind problem_kind_of(enum error_kind kind);
/* Of a write that is refused. */
enum problem_kind problem_kind_of_errors(const struct error_list *errors);

/* Documents; the caller owns the text. */
struct text problem_document(enum problem_kind kind, const char *detail);
struct text problem_document_of_errors(const struct error_list *errors);

#endif
