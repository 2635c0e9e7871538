/* SPDX-License-Identifier: BSD-2-Clause */
/* A piece of work that blocks: it runs on libuv's pool, and its end is told on the loop's thread.
 */
#ifndef CAROM_JOB_H
#define CAROM_JOB_H

#include "error.h"

#include <stdbool.h>
#include <uv.h>

/* On the pool. Leaves *ret_error as it is if all went well. */
typedef void job_run(void *context, struct error *ret_error);
/* On the loop's thread. error: NULL if all went well. */
typedef void job_done(void *context, const struct error *error);

/* Embedded by its owner, which must not go before a started job is done. */
struct job {
	job_run *run;
	job_done *done;
	void *context;
	bool is_running;
	struct error error;
	uv_work_t work;
};

/* Returns 0, and `done` follows; -1, described, and it does not. Not while it is running. */
int job_start(struct job *job, uv_loop_t *loop, struct error *ret_error);

#endif
