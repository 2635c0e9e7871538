/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors as values: fixed buffers, so that describing an error can never fail for want of memory,
 * and every text that enters one is cut at a whole UTF-8 character, as it must be valid in JSON.
 *
 * It owns no state; any thread may call it for errors of its own. Arguments are formatted aside
 * first, so that they may point into the very error that is being written.
 */
#include "error.h"

#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "..."

/* The text has been cut to fill `size` bytes: ends it in an ellipsis after a whole character. */
static void mark_cut(char *text, size_t size)
{
	size_t end = size - sizeof(ELLIPSIS);

	while (end > 0 && utf8_is_continuation(text[end]))
		end--;
	memcpy(text + end, ELLIPSIS, sizeof(ELLIPSIS));
}

__attribute__((format(printf, 3, 0))) static void format_cut(char *ret_text, size_t size,
							     const char *format, va_list arguments)
{
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang 14 does not follow it here */
	int length = vsnprintf(ret_text, size, format, arguments);

	if (length < 0)
		ret_text[0] = '\0';
	else if ((size_t)length >= size)
		mark_cut(ret_text, size);
}

__attribute__((format(printf, 3, 4))) static void print_cut(char *ret_text, size_t size,
							    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_cut(ret_text, size, format, arguments);
	va_end(arguments);
}

static void describe(struct error *error, enum error_kind kind, int system_errno,
		     const char message[ERROR_MESSAGE_BYTES])
{
	error->kind = kind;
	error->system_errno = system_errno;
	error->pointer[0] = '\0';
	memcpy(error->message, message, ERROR_MESSAGE_BYTES);
}

int error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
	char message[ERROR_MESSAGE_BYTES] = "";
	va_list arguments;

	if (!error)
		return -1;
	va_start(arguments, format);
	format_cut(message, sizeof(message), format, arguments);
	va_end(arguments);
	describe(error, kind, 0, message);
	return -1;
}

static enum error_kind kind_of_errno(int system_errno)
{
	switch (system_errno) {
	case EPERM:
	case EACCES: return ERROR_PERMISSION;
	case ENOENT:
	case ENODEV:
	case ENXIO: return ERROR_NOT_FOUND;
	case EEXIST: return ERROR_CONFLICT;
	case EBUSY:
	case EADDRINUSE: return ERROR_BUSY;
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE: return ERROR_LIMIT;
	case EOPNOTSUPP:
	case ENOSYS:
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT: return ERROR_UNSUPPORTED;
	default: return ERROR_SYSTEM;
	}
}

int error_set_errno(struct error *error, int system_errno, const char *format, ...)
{
	const char *text = strerrordesc_np(system_errno);
	char context[ERROR_MESSAGE_BYTES] = "";
	char message[ERROR_MESSAGE_BYTES] = "";
	va_list arguments;

	if (!error)
		return -1;
	va_start(arguments, format);
	format_cut(context, sizeof(context), format, arguments);
	va_end(arguments);
	if (text)
		print_cut(message, sizeof(message), "%s: %s", context, text);
	else
		print_cut(message, sizeof(message), "%s: error %d", context, system_errno);
	describe(error, kind_of_errno(system_errno), system_errno, message);
	return -1;
}

int error_prefix(struct error *error, const char *format, ...)
{
	char context[ERROR_MESSAGE_BYTES] = "";
	char message[ERROR_MESSAGE_BYTES] = "";
	va_list arguments;

	if (!error)
		return -1;
	va_start(arguments, format);
	format_cut(context, sizeof(context), format, arguments);
	va_end(arguments);
	print_cut(message, sizeof(message), "%s%s", context, error->message);
	memcpy(error->message, message, sizeof(message));
	return -1;
}

void error_list_done(struct error_list *list)
{
	if (!list)
		return;
	free(list->items);
	*list = (struct error_list){0};
}

int error_list_add(struct error_list *list, enum error_kind kind, const char *pointer,
		   const char *format, ...)
{
	char message[ERROR_MESSAGE_BYTES] = "";
	struct error error;
	va_list arguments;

	va_start(arguments, format);
	format_cut(message, sizeof(message), format, arguments);
	va_end(arguments);
	describe(&error, kind, 0, message);
	print_cut(error.pointer, sizeof(error.pointer), "%s", pointer);
	return error_list_append(list, &error);
}

int error_list_append(struct error_list *list, const struct error *error)
{
	/* An element of this very list may be appended: copied before the list moves. */
	struct error copy = *error;
	struct error *items = NULL;

	if (list->count < ERROR_LIST_MAX)
		items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items) {
		list->omitted++;
		return -1;
	}
	items[list->count++] = copy;
	list->items = items;
	return -1;
}

bool error_list_is_empty(const struct error_list *list)
{
	return list->count == 0 && list->omitted == 0;
}

const char *error_kind_name(enum error_kind kind)
{
	switch (kind) {
	case ERROR_NONE: return "none";
	case ERROR_SYNTAX: return "syntax";
	case ERROR_INVALID: return "invalid";
	case ERROR_NOT_FOUND: return "not-found";
	case ERROR_CONFLICT: return "conflict";
	case ERROR_LIMIT: return "limit";
	case ERROR_PERMISSION: return "permission";
	case ERROR_UNSUPPORTED: return "unsupported";
	case ERROR_BUSY: return "busy";
	case ERROR_SYSTEM: return "system";
	}
	return "unknown";
}
