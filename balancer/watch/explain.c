/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the twin by BPF_PROG_TEST_RUN. It owns the twin's descriptor and, while a packet is run, the
 * map `explanation`, of which there is one: so one packet at a time, on the event loop's thread.
 */
#include "explain.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct explain {
	int twin;
	struct carom_explanation *explanation;
};

struct explain *explain_new(const struct dataplane *dataplane, struct error *ret_error)
{
	struct explain *explain = calloc(1, sizeof(*explain));

	if (!explain) {
		error_set_errno(ret_error, ENOMEM, "explanations");
		return NULL;
	}
	explain->explanation = dataplane_memory(dataplane)->explanation;
	explain->twin = dataplane_load_twin(dataplane, ret_error);
	if (explain->twin >= 0)
		return explain;
	free(explain);
	return NULL;
}

void explain_free(struct explain *explain)
{
	if (!explain)
		return;
	close(explain->twin);
	free(explain);
}

int explain_run(const struct explain *explain, const struct explain_packet *packet,
		struct explain_result *ret_result, struct error *ret_error)
{
	struct xdp_md context = {
		.data_end = (uint32_t)packet->length,
		.ingress_ifindex = packet->interface,
	};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->frame,
		    .data_size_in = context.data_end, .data_out = ret_result->frame,
		    .data_size_out = sizeof(ret_result->frame), .ctx_in = &context,
		    .ctx_size_in = sizeof(context));

	/* What it does not come to decide stays as it is here. */
	*explain->explanation = (struct carom_explanation){
		.previous = CAROM_ORDINAL_NONE,
		.recorded = CAROM_ORDINAL_NONE,
		.flow = CAROM_FLOW_UNTRACKED,
	};
	if (bpf_prog_test_run_opts(explain->twin, &options))
		return error_set_errno(ret_error, errno, "the program cannot be run on a packet");
	ret_result->action = options.retval;
	ret_result->decided = *explain->explanation;
	ret_result->length = options.data_size_out;
	return 0;
}
