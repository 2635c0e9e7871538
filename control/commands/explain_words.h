/* SPDX-License-Identifier: BSD-2-Clause */
/* What the program decided about a packet, in words for people. Pure. */
#ifndef CAROM_EXPLAIN_WORDS_H
#define CAROM_EXPLAIN_WORDS_H

#include "explain.h"
#include "image.h"

#include <jansson.h>

struct explain_facts {
	const struct explain_packet *packet;
	const char *interface; /* that it comes in by */
	const struct explain_result *result;
	const struct image_vip *vip; /* NULL: none was found */
	const char *out_interface;   /* that it leaves by; of a packet that is forwarded */
};

/* Which of a slot's backends was chosen: "current", "previous", "recorded" (of the flow). */
const char *explain_words_choice(const struct carom_explanation *decided);
/* "untracked", "recorded", "recordable", "unneeded", "unrecorded" */
const char *explain_words_flow(const struct carom_explanation *decided);
/* The name of an ordinal's backend; NULL: it has none. */
const char *explain_words_backend(const struct image_vip *vip, uint32_t ordinal);

/* The outer addresses of a packet that is forwarded. */
struct explain_outer {
	struct carom_address source;
	struct carom_address destination;
};
struct explain_outer explain_words_outer(const struct explain_result *result);
bool explain_words_is_forwarded(const struct explain_result *result);

/* One sentence that says it all. NULL: out of memory. */
json_t *explain_words_summary(const struct explain_facts *facts);
/* The packet's way, step by step: an array of sentences. */
json_t *explain_words_steps(const struct explain_facts *facts);

#endif
