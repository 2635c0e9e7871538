/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows which backend each flow is owed, by the words of the promise alone: it has no slots, no
 * ring and no flow table.
 *
 * The promise: a flow that sends at least one packet each idle timeout never changes backend while
 * its backend is neither disabled nor removed, nor down under on_down reset. What bounds it:
 *
 * - a SYN that no other packet follows in CAROM_FLOW_UNCONFIRMED_S seconds may be forgotten;
 * - of UDP under tracking always, where nothing tells a new flow from an old one, a flow for which
 *   there was no room in the table when it sent last (it was refused) stays until the next change.
 */
#ifndef CAROM_TESTS_MODEL_H
#define CAROM_TESTS_MODEL_H

#include "intent.h"

#include <stdbool.h>
#include <stdint.h>

#define MODEL_NOBODY	    (-1)
#define MODEL_VERDICT_BYTES 128

struct model_flow {
	int backend; /* that it is owed, or MODEL_NOBODY */
	uint32_t sent_s;
	bool is_confirmed;
	bool was_refused;
	bool may_move; /* refused, and its VIP could not know it again after a change */
};

/* As of the last commit. */
struct model_backend {
	bool was_reached; /* it has had a next hop since it was added */
	bool serves;	  /* the flows that it has */
	bool is_eligible; /* for new ones */
};

struct model_vip {
	bool is_there;
	bool recognizes_no_flow; /* UDP under tracking always */
	bool has_eligible;
	struct model_backend backends[INTENT_BACKENDS];
};

struct model {
	uint32_t idle_timeout_s;
	struct model_vip vips[INTENT_VIPS];
	struct model_flow flows[INTENT_FLOWS];
};

enum model_fate { MODEL_FORWARDED, MODEL_DROPPED, MODEL_PASSED };

/* What became of a packet. */
struct model_seen {
	enum model_fate fate;
	size_t vip, backend; /* that it was forwarded to */
	bool was_refused;    /* the flow table had no room, or no time, for the flow */
};

struct model_packet {
	size_t flow;
	bool opens; /* a SYN */
	uint32_t now_s;
};

void model_init(struct model *model, uint32_t idle_timeout_s);
void model_commit(struct model *model, const struct intent *intent);

/* Learns from a packet. False: the promise is broken, and ret_verdict says how. */
bool model_judge(struct model *model, const struct model_packet *packet,
		 const struct model_seen *seen, char ret_verdict[MODEL_VERDICT_BYTES]);

#endif
