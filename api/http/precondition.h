/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client makes its request depend on: If-Match and If-None-Match (RFC 9110, section 13.1).
 * An entity tag is a revision of the desired state in quotes: "42". Pure.
 */
#ifndef CAROM_PRECONDITION_H
#define CAROM_PRECONDITION_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRECONDITION_TAGS_MAX 16

struct precondition_tag {
	uint64_t revision; /* 0: a tag that we have never given */
	bool is_weak;
};

struct precondition_tags {
	bool is_given;
	bool is_any; /* "*" */
	size_t count;
	struct precondition_tag tags[PRECONDITION_TAGS_MAX];
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
	uint64_t revision;
};

/* If-Match: the target is there, and as the client knows it. */
bool precondition_matches(const struct precondition *precondition,
			  const struct precondition_target *target);
/* If-None-Match: the target is not there, or not as the client knows it. */
bool precondition_is_news(const struct precondition *precondition,
			  const struct precondition_target *target);

#endif
