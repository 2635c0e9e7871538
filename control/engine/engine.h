/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one door to the data plane. Each write hands over a whole desired state; the engine takes it
 * there in rounds (round.h), and keeps the published state in step with what is known of the world.
 *
 * Three states exist at one time: the desired one, which each write replaces at once; the one that
 * a round has staged; and the published one, which packets follow and reads show.
 *
 * All of it runs on the event loop's thread, and nothing here blocks: rings are filled, revisions
 * stored and grace periods waited for on libuv's pool (job.h).
 */
#ifndef CAROM_ENGINE_H
#define CAROM_ENGINE_H

#include "attachment.h"
#include "config.h"
#include "dataplane.h"
#include "facts.h"
#include "ledger.h"
#include "plan.h"
#include "publish.h"
#include "write_queue.h"

#include <sys/queue.h>
#include <uv.h>

struct engine;

struct engine_options {
	uv_loop_t *loop;	     /* borrowed until engine_free() */
	struct dataplane *dataplane; /* borrowed, likewise */
	struct config *config;	     /* the first desired state; takes a reference */
	struct store *store;	     /* borrowed, likewise; NULL: writes are not stored */
	struct revisions *history;   /* borrowed, and added to; the newest, if any, has config */
};

/* Publishes as soon as the next hops are known, or have had their chance. NULL on failure,
 * described: ERROR_CONFLICT if a predecessor left what cannot be adopted. */
struct engine *engine_new(const struct engine_options *options, struct error *ret_error);
/* Refuses the writes that wait, and closes the handles; the loop must run once more before
 * engine_free(). */
void engine_stop(struct engine *engine);
void engine_free(struct engine *engine);

/* ---- observers ---- */

enum engine_event {
	ENGINE_PUBLISHED,     /* another generation */
	ENGINE_GIVEN_UP,      /* a round, with the reason; the published state is the desired one */
	ENGINE_FACTS_CHANGED, /* and maybe no round follows */
	ENGINE_TICKED,	      /* twice a second, after the flow table was swept */
};

/* Embedded in its owner; told in the order of the subscriptions. */
struct engine_observer {
	/* reason: NULL but for ENGINE_GIVEN_UP. Borrowed during the call. */
	void (*notify)(void *context, enum engine_event event, const struct error *reason);
	void *context;
	STAILQ_ENTRY(engine_observer) entry; /* the engine's */
};

/* Until engine_free(). */
void engine_observe(struct engine *engine, struct engine_observer *observer);

/* ---- writes ---- */

struct engine_write {
	struct config *desired; /* checked; ownership of a reference passes to the engine */
	const char *author;	/* for the record; borrowed during the call */
	engine_done *done;	/* called once: maybe before engine_apply() returns, maybe later */
	void *context;
};

/* Reports at once if nothing changes or the write is refused, else when the data plane follows. */
void engine_apply(struct engine *engine, const struct engine_write *write);
/* Whether a write can be taken now. Returns 0; -1 with ERROR_BUSY. */
int engine_check_busy(const struct engine *engine, struct error *ret_error);

/* The interfaces are attached: from here on the engine is ready. Copied. Returns 0 or -1. */
int engine_set_attachments(struct engine *engine, const struct attachment *attachments,
			   size_t count, struct error *ret_error);

/* ---- reads: everything is borrowed until the event loop goes on ---- */

struct engine_attachments {
	const struct attachment *items;
	size_t count;
};

/* The state after the last accepted write, which may be on its way. */
struct config *engine_desired(const struct engine *engine);
uint64_t engine_desired_revision(const struct engine *engine);
/* NULL, 0: nothing is published yet. */
struct config *engine_published(const struct engine *engine);
uint64_t engine_published_revision(const struct engine *engine);
/* What reads show: the published state, or the desired one before there is any. */
struct config *engine_shown(const struct engine *engine);
uint64_t engine_shown_revision(const struct engine *engine);
/* Whether a first generation is published and every interface is attached. If not, ret_error says
 * what is missing. */
bool engine_is_ready(const struct engine *engine, struct error *ret_error);

uv_loop_t *engine_loop(const struct engine *engine);
uint64_t engine_uptime_ms(const struct engine *engine);
const struct publish *engine_publish(const struct engine *engine);
const struct adoption *engine_adoption(const struct engine *engine);
/* How often another process was seen to have written to the control page. */
uint64_t engine_foreign_writes(const struct engine *engine);
const struct ledger *engine_ledger(const struct engine *engine);
struct facts engine_facts(const struct engine *engine);
struct engine_attachments engine_attachments(const struct engine *engine);
/* Input for a plan of this desired state, from what is published and known; its revision is 0. */
struct plan_input engine_plan_input(const struct engine *engine, const struct config *desired);

#endif
