/* SPDX-License-Identifier: BSD-2-Clause */
#include "grace.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

struct grace {
	int outer; /* a map of one map; no program ever looks at it */
	int inner;
};

struct grace *grace_new(struct error *ret_error)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	struct grace *grace = malloc(sizeof(*grace));

	if (!grace) {
		error_set_errno(ret_error, ENOMEM, "grace periods");
		return NULL;
	}
	grace->outer = -1;
	grace->inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "carom_grace_in", sizeof(uint32_t),
				      sizeof(uint32_t), 1, NULL);
	if (grace->inner >= 0) {
		options.inner_map_fd = (uint32_t)grace->inner;
		grace->outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "carom_grace",
					      sizeof(uint32_t), sizeof(uint32_t), 1, &options);
	}
	if (grace->outer < 0) {
		error_set_errno(ret_error, errno, "cannot make the maps that wait for packets");
		grace_free(grace);
		return NULL;
	}
	return grace;
}

void grace_free(struct grace *grace)
{
	if (!grace)
		return;
	if (grace->inner >= 0)
		close(grace->inner);
	if (grace->outer >= 0)
		close(grace->outer);
	free(grace);
}

int grace_wait(struct grace *grace, struct error *ret_error)
{
	uint32_t key = 0;

	if (bpf_map_update_elem(grace->outer, &key, &grace->inner, BPF_ANY))
		return error_set_errno(ret_error, errno, "cannot wait for packets on their way");
	return 0;
}
