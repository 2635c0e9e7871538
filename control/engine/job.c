/* SPDX-License-Identifier: BSD-2-Clause */
#include "job.h"

static void job_on_pool(uv_work_t *work)
{
	struct job *job = work->data;

	job->run(job->context, &job->error);
}

static void job_on_loop(uv_work_t *work, int status)
{
	struct job *job = work->data;

	job->is_running = false;
	if (status)
		error_set(&job->error, ERROR_BUSY, "the work was cancelled");
	job->done(job->context, job->error.kind ? &job->error : NULL);
}

int job_start(struct job *job, uv_loop_t *loop, struct error *ret_error)
{
	int status;

	job->error = (struct error){0};
	job->work.data = job;
	status = uv_queue_work(loop, &job->work, job_on_pool, job_on_loop);
	if (status)
		return error_set(ret_error, ERROR_SYSTEM, "no work can be queued: %s",
				 uv_strerror(status));
	job->is_running = true;
	return 0;
}
