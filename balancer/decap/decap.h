/* SPDX-License-Identifier: BSD-2-Clause */
/* The backend's side: the decapsulating program on an interface, and its allow-list. */
#ifndef CAROM_DECAP_H
#define CAROM_DECAP_H

#include "abi.h"
#include "address.h"
#include "attachment.h"
#include "error.h"

#include <stddef.h>
#include <stdint.h>

struct decap_options {
	const char *interface;
	const char *bpf_dir; /* for the pins of all interfaces */
	enum attach_mode mode;
	const struct prefix *allowed; /* outer source addresses; both families may be mixed */
	size_t allowed_count;	      /* 1 … CAROM_DECAP_PREFIXES_MAX */
};

struct decap_status {
	uint64_t results[CAROM_DECAP_REASON_COUNT]; /* packets */
	struct prefix allowed[CAROM_DECAP_PREFIXES_MAX];
	size_t allowed_count;
};

/* Attaches, or replaces the program and allow-list that are there without a gap; the counters start
 * anew. Returns 0; -1 and the interface is as before. */
int decap_attach(const struct decap_options *options, struct attachment *ret_attachment,
		 struct error *ret_error);
/* Returns 0; -1 with NOT_FOUND if it is not attached. */
int decap_detach(const char *interface, const char *bpf_dir, struct error *ret_error);
int decap_read_status(const char *interface, const char *bpf_dir, struct decap_status *ret_status,
		      struct error *ret_error);

#endif
