/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every use case that the API may ask for: one function each. A write makes a new desired state and
 * hands it to the engine, which plans, stores and publishes it.
 *
 * All of it runs on the event loop's thread, and nothing here blocks.
 */
#ifndef CAROM_COMMANDS_H
#define CAROM_COMMANDS_H

#include "config_patch.h"
#include "error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct commands;
struct engine;

/* ---- reads; the others are in view.h ---- */

/* What views are made of. Borrowed. */
const struct engine *commands_engine(const struct commands *commands);

/* Of what reads show, which is what the data plane follows. Each accepted write that
 * changes something has a number of its own, which is never given again. */
uint64_t commands_revision(const struct commands *commands);
/* Of the last accepted write, which may still be on its way to disk and data plane. */
uint64_t commands_latest_revision(const struct commands *commands);
/* Whether the state after that write has this VIP, and (unless NULL) this backend of it. */
bool commands_exists(const struct commands *commands, const char *vip, const char *backend);
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
	const struct error_list *errors;    /* NULL: accepted. Borrowed during the call. */
	const struct commands_drain *drain; /* NULL: the write is no drain. Borrowed, likewise. */
	const json_t *forecast;		    /* NULL: the write is no dry run. Borrowed, likewise. */
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

#define COMMANDS_AUTHOR_BYTES 128

/* What every write has. Borrowed during the call. */
struct commands_write {
	const char *author; /* who asks, for the record; cut to COMMANDS_AUTHOR_BYTES */
	bool dry_run;	    /* is only to say what it would do */
	struct commands_reply reply;
};

/* Bodies are borrowed during the call. Pointers in errors are relative to the body. Deleting what
 * is not there changes nothing, and is no fault. */
void commands_put_config(struct commands *commands, const json_t *body,
			 const struct commands_write *write);
void commands_put_vip(struct commands *commands, const char *vip, const json_t *body,
		      const struct commands_write *write);
void commands_delete_vip(struct commands *commands, const char *vip,
			 const struct commands_write *write);
void commands_put_backends(struct commands *commands, const char *vip, const json_t *body,
			   const struct commands_write *write);
void commands_put_backend(struct commands *commands, const char *vip, const char *backend,
			  const json_t *body, const struct commands_write *write);
void commands_delete_backend(struct commands *commands, const char *vip, const char *backend,
			     const struct commands_write *write);

/* Pointers in errors: see config_patch.h. */
void commands_patch_config(struct commands *commands, const struct config_patch *patch,
			   const struct commands_write *write);
void commands_patch_vip(struct commands *commands, const char *vip,
			const struct config_patch *patch, const struct commands_write *write);
void commands_patch_backend(struct commands *commands, const char *vip, const char *backend,
			    const struct config_patch *patch, const struct commands_write *write);

/* Makes a new revision whose vips are those of an older one; today's limits apply to them. */
void commands_restore_revision(struct commands *commands, uint64_t revision,
			       const struct commands_write *write);

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
			    const struct commands_write *write);

struct commands_long_poll {
	uint64_t revision; /* that the caller knows */
	uint64_t wait_ms;  /* for another one; 0 … COMMANDS_LONG_POLL_WAIT_MS_MAX */
	commands_is_awaited *is_awaited;
};

#define COMMANDS_LONG_POLL_WAIT_MS_MAX 600000

/* Replies as soon as commands_revision() is another than the caller knows (changed: true), or when
 * the wait is over (changed: false). Refuses if there are too many already. */
void commands_await_revision(struct commands *commands, const struct commands_long_poll *order,
			     struct commands_reply reply);

/* Answers and ends all that waits or streams, and lets none wait any more. */
void commands_end_waits(struct commands *commands);

#endif
