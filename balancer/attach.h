/* SPDX-License-Identifier: BSD-2-Clause */
/* The balancer's program on interfaces: put there, replaced, told from others', taken off. */
#ifndef CAROM_ATTACH_H
#define CAROM_ATTACH_H

#include "dataplane.h"

#include "balancer.skel.h"

struct attach_program {
	const struct balancer_bpf *maps; /* that the program is to use */
	const struct carom_settings *settings;
};

/* See dataplane_attach(). */
int attach_program(const struct attach_program *program, const char *interface,
		   enum dataplane_mode mode, struct dataplane_attachment *ret_attachment,
		   struct error *ret_error);

/* See dataplane_load(). */
int attach_load(const struct attach_program *program, struct error *ret_error);

/* Takes the programs of an instance off every interface of this network namespace. */
int attach_remove_all(uint64_t instance, size_t *ret_count, struct error *ret_error);

#endif
