/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fuzzers share. A fuzzer is handed arbitrary bytes again and again, and stops the process
 * when what must hold for all bytes does not; libFuzzer then keeps the bytes.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "config.h"
#include "json_pointer.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The process ends, saying this. */
__attribute__((noreturn, format(printf, 1, 2))) static inline void fuzz_fail(const char *format,
									     ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

static inline void fuzz_expect_equal(const json_t *found, const json_t *expected, const char *what)
{
	if (json_equal(found, expected))
		return;
	fuzz_fail("%s\nexpected: %s\nfound: %s", what,
		  json_dumps(expected, JSON_ENCODE_ANY | JSON_SORT_KEYS),
		  json_dumps(found, JSON_ENCODE_ANY | JSON_SORT_KEYS));
}

/* Whether a pointer leads to something. */
static inline bool fuzz_leads_somewhere(const json_t *json, const char *text)
{
	struct json_pointer pointer;
	struct error error;

	if (json_pointer_parse(text, &pointer, &error))
		fuzz_fail("a fault's pointer%s", error.message);
	for (size_t i = 0; json && i < pointer.count; i++) {
		size_t index = SIZE_MAX;

		json_pointer_index(pointer.tokens[i], &index);
		json = json_is_array(json) ? json_array_get(json, index)
					   : json_object_get(json, pointer.tokens[i]);
	}
	json_pointer_done(&pointer);
	return json;
}

/* Whether it says something, of a kind that is no fault of ours, on one line. */
static inline void fuzz_expect_sound(const struct error *fault)
{
	if (fault->kind == ERROR_NONE || fault->kind == ERROR_SYSTEM || !fault->message[0] ||
	    strpbrk(fault->message, "\n\t\r\x7f"))
		fuzz_fail("a fault of kind '%s' at '%s' says '%s'", error_kind_name(fault->kind),
			  fault->pointer, fault->message);
}

/* The errors of what was found in a document. */
static inline void fuzz_expect_errors_within(const struct error_list *errors,
					     const json_t *document)
{
	for (size_t i = 0; i < errors->count; i++) {
		fuzz_expect_sound(&errors->items[i]);
		if (!fuzz_leads_somewhere(document, errors->items[i].pointer))
			fuzz_fail("'%s' leads nowhere: %s", errors->items[i].pointer,
				  errors->items[i].message);
	}
}

/* The input as JSON, or NULL. */
static inline json_t *fuzz_load(const uint8_t *bytes, size_t length)
{
	struct error_list errors = {0};
	json_t *json = json_parse((const char *)bytes, length, &errors);

	if (!json && errors.count != 1)
		fuzz_fail("text that is refused has %zu faults; expected one", errors.count);
	if (!json)
		fuzz_expect_sound(&errors.items[0]);
	if (json && !error_list_is_empty(&errors))
		fuzz_fail("text that is accepted has a fault: %s", errors.items[0].message);
	error_list_done(&errors);
	return json;
}

#endif
