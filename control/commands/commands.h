/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every use case that the API may ask for: one function each. Reads answer at once from the desired
 * state; writes make a new desired state, which goes through the one door: check, plan, publish.
 *
 * All of it runs on the event loop's thread, and nothing here blocks.
 */
#ifndef CAROM_COMMANDS_H
#define CAROM_COMMANDS_H

#include "error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct commands;

/* ---- reads: a new JSON value; NULL with *ret_error described (NOT_FOUND, or no memory) ---- */

json_t *commands_get_config(const struct commands *commands, struct error *ret_error);
json_t *commands_get_vips(const struct commands *commands, struct error *ret_error);
json_t *commands_get_vip(const struct commands *commands, const char *vip, struct error *ret_error);
json_t *commands_get_backends(const struct commands *commands, const char *vip,
			      struct error *ret_error);
json_t *commands_get_backend(const struct commands *commands, const char *vip, const char *backend,
			     struct error *ret_error);
/* How caromd and its data plane are: attach modes and why, kernel, revision, ring digests, map
 * fill, and for each backend whether it takes packets and if not, why. */
json_t *commands_get_status(const struct commands *commands, struct error *ret_error);

/* Of the desired state; each accepted write that changes something adds one. */
uint64_t commands_revision(const struct commands *commands);
/* Whether a first generation is published and every interface is attached. If not, ret_error says
 * what is missing. */
bool commands_is_ready(const struct commands *commands, struct error *ret_error);

/* ---- writes ---- */

/* How a drain stands when it is answered. */
struct commands_drain {
	/* "drained", "timeout"; "changed": by another write; "hangup": of the client; "stopping" */
	const char *ended_by;
	const char *state;    /* the backend's now; "removed": there is no such backend any more */
	bool drained;	      /* the last flow is gone */
	uint64_t flows;	      /* recorded, and living */
	uint64_t older_slots; /* whose older flows, if there are any, are the backend's still ... */
	uint64_t settles_in_ms; /* ... and until none is, unless another change comes */
	uint64_t waited_ms;
};

struct commands_result {
	const struct error_list *faults;    /* NULL: accepted. Borrowed during the call. */
	const struct commands_drain *drain; /* NULL: the write is no drain. Borrowed, likewise. */
	uint64_t revision;		    /* in force now */
	bool created;			    /* a PUT made what was not there */
	bool changed; /* false: it was so already; the revision is unchanged */
};

/* Called exactly once for a write, when it is refused or when the data plane follows it: maybe
 * before the write's function has returned, maybe later. */
typedef void commands_done(void *context, const struct commands_result *result);

struct commands_reply {
	commands_done *done;
	void *context;
};

/* Bodies are borrowed during the call. Pointers in faults are relative to the body. */
void commands_put_config(struct commands *commands, const json_t *body,
			 struct commands_reply reply);
void commands_put_vip(struct commands *commands, const char *vip, const json_t *body,
		      struct commands_reply reply);
void commands_delete_vip(struct commands *commands, const char *vip, struct commands_reply reply);
void commands_put_backends(struct commands *commands, const char *vip, const json_t *body,
			   struct commands_reply reply);
void commands_put_backend(struct commands *commands, const char *vip, const char *backend,
			  const json_t *body, struct commands_reply reply);
void commands_delete_backend(struct commands *commands, const char *vip, const char *backend,
			     struct commands_reply reply);

#define COMMANDS_DRAIN_WAIT_MS_MAX 600000

/* Whether anybody still waits for the reply with this context. */
typedef bool commands_is_awaited(const void *context);

struct commands_drain_order {
	const char *vip, *backend;
	uint64_t wait_ms; /* for the last flow to go; 0 … COMMANDS_DRAIN_WAIT_MS_MAX */
	commands_is_awaited *is_awaited;
};

/* Gives a backend the state `drain`, and waits for its flows to go; they are looked at twice a
 * second. Replies when the last one is gone, or when it is no use to wait any longer. */
void commands_drain_backend(struct commands *commands, const struct commands_drain_order *order,
			    struct commands_reply reply);
/* Answers all drains that wait, and lets none wait any more. */
void commands_end_drains(struct commands *commands);

#endif
