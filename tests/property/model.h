/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows which backend each flow is owed, by the words of the promise alone: it has no slots, no
 * ring and no flow table.
 *
 * The promise: a flow that sends at least one packet each idle timeout never changes backend while
 * its backend is neither disabled nor removed, nor down under on_down reset. What bounds it:
 *
 * - a SYN, or a UDP flow's first packet, that no other packet follows in CAROM_FLOW_UNCONFIRMED_S
 *   seconds may be forgotten;
 * - a SYN of a connection that lives may go to its backend, or begin another: what no SYN that is
 *   made up may do is move the connection, once a second packet has confirmed it;
 * - a client that begins anew without having ended its connection may stay where that was, as may
 * one that goes on sending after the end.
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
	int backend;	   /* that it is owed, or MODEL_NOBODY */
	int stale_backend; /* that gave it up; its record lasts until the next sweep */
	uint32_t sent_s;
	bool is_confirmed;
	bool is_closed;	  /* by a FIN or RST */
	bool has_replied; /* once since */
	bool is_void;	  /* its SYN was dropped: there is no connection */
	bool is_untidy;	  /* it was begun anew without an end before, or went on after it */
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
	uint32_t idle_timeout_s, unconfirmed_s;
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
	bool opens;    /* a SYN */
	bool is_blind; /* a SYN that somebody else made up */
	bool closes;   /* a FIN or RST */
	uint32_t now_s;
};

/* is_cramped: the flow table is too small, and what one packet has made gives way sooner. */
void model_init(struct model *model, uint32_t idle_timeout_s, bool is_cramped);
void model_commit(struct model *model, const struct intent *intent);

/* Learns from a packet. False: the promise is broken, and ret_verdict says how. */
bool model_judge(struct model *model, const struct model_packet *packet,
		 const struct model_seen *seen, char ret_verdict[MODEL_VERDICT_BYTES]);

#endif
