/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client makes its request depend on: If-Match and If-None-Match (RFC 9110, section 13.1).
 * An entity tag is a number in quotes: "42". Pure.
 */
#ifndef CAROM_PRECONDITION_H
#define CAROM_PRECONDITION_H

#include "response.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRECONDITION_TAGS_MAX 16

struct precondition_tag {
	uint64_t number; /* 0: a tag that we have never given */
	bool is_weak;
};

struct precondition_tags {
	bool is_given;
	bool is_any; /* "*" */
	size_t count;
	struct precondition_tag tags[PRECONDITION_TAGS_MAX + 1]; /* see precondition_know() */
};

struct precondition {
	struct precondition_tags match;
	struct precondition_tags none_match;
};

/* header: its name, for messages; value: NULL if it was not sent. Returns 0; -1: malformed, or more
 * than PRECONDITION_TAGS_MAX tags. */
int precondition_parse(const char *header, const char *value, struct precondition_tags *ret_tags,
		       struct error *error);

/* The target as it is. */
struct precondition_target {
	bool exists;
	const char *noun; /* static: what its tag is, for messages */
	uint64_t tag;
};

/* If-Match: the target is there, and as the client knows it. */
bool precondition_matches(const struct precondition *precondition,
			  const struct precondition_target *target);
/* If-None-Match: the target is not there, or not as the client knows it. */
bool precondition_is_news(const struct precondition *precondition,
			  const struct precondition_target *target);

/* The client says otherwise than by If-None-Match, too, that it knows this tag. Once. */
void precondition_know(struct precondition *precondition, uint64_t tag);

/* Of a write: whether both hold. If not, the response says which does not. */
bool precondition_allows(const struct precondition *precondition,
			 const struct precondition_target *target, struct response *ret_response);
/* Of a read that has succeeded and has a tag: makes another response of it, if one does not hold.
 */
void precondition_apply(const struct precondition *precondition, struct response *response);

#endif
