/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maps and programs in the kernel: make or adopt them, map them into memory, attach the program
 * to interfaces, replace it, take it off. What is in the maps is publish.h's business.
 *
 * Maps are pinned under bpf_dir and outlive the process; programs live on their interfaces. A
 * process holds the instance (bpf_dir) by a lock, so that there is one at a time.
 */
#ifndef CAROM_DATAPLANE_H
#define CAROM_DATAPLANE_H

#include "adoption.h"
#include "attachment.h"
#include "dataplane_memory.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dataplane_options {
	const char *bpf_dir; /* borrowed until dataplane_free() */
	struct dataplane_limits limits;
	uint64_t hash_key[2];
	/* Why the pinned maps are refused; NULL: they may be adopted. Borrowed during the call. */
	const char *refusal;
};

struct dataplane;

/* The key that a predecessor's maps, of this ABI, were hashed with. False: there are none. */
bool dataplane_pinned_hash_key(const char *bpf_dir, uint64_t ret_key[2]);

/* Takes the lock, mounts bpffs if bpf_dir lies under /sys/fs/bpf and that is bare, and adopts the
 * maps that the predecessor pinned, or makes new ones if there are none or they do not fit. The log
 * says what is not adopted. NULL on failure, and nothing is left behind. */
struct dataplane *dataplane_new(const struct dataplane_options *options, struct error *ret_error);
/* Leaves the programs on their interfaces, and the pins: packets flow on. */
void dataplane_free(struct dataplane *dataplane);

/* Whether the maps are the predecessor's, with what it published in them. */
bool dataplane_is_adopted(const struct dataplane *dataplane);
/* What became of the predecessor's maps. */
const struct adoption *dataplane_adoption(const struct dataplane *dataplane);

/* Maps of other sizes that the predecessor left, to inherit from (publish_inherit()) until
 * dataplane_forget_predecessor(); NULL: there are none. */
const struct dataplane_memory *dataplane_predecessor(const struct dataplane *dataplane);
void dataplane_forget_predecessor(struct dataplane *dataplane);

const struct dataplane_memory *dataplane_memory(const struct dataplane *dataplane);

/* Attaches the program, or replaces the one that the predecessor left, without a packet between
 * them missing both. Refuses to touch a foreign program. Returns 0 or -1. */
int dataplane_attach(struct dataplane *dataplane, const char *interface, enum attach_mode mode,
		     struct attachment *ret_attachment, struct error *ret_error);

/* Takes this instance's program off one interface. Nothing there is no error. */
int dataplane_detach(const struct dataplane *dataplane, const char *interface,
		     struct error *ret_error);

/* Loads a program that uses the instance's maps and is attached nowhere, to be run by
 * BPF_PROG_TEST_RUN. Returns a file descriptor, or -1. */
int dataplane_load(const struct dataplane *dataplane, struct error *ret_error);

/* The same of the program's twin, which changes nothing and fills dataplane_memory()->explanation.
 */
int dataplane_load_twin(const struct dataplane *dataplane, struct error *ret_error);

struct dataplane_capture_maps dataplane_capture_maps(const struct dataplane *dataplane);

/* Pins the maps that are not adopted in the place of what the predecessor had pinned. After the
 * last dataplane_attach(). Returns 0 or -1. */
int dataplane_keep(struct dataplane *dataplane, struct error *ret_error);

/* Whether bpf_dir can be one: a folder in a bpffs, not its root. Returns 0 or -1. */
int dataplane_check_folder(const char *bpf_dir, struct error *ret_error);

/* Takes the instance's programs off all interfaces and removes every pin. *ret_count: of programs
 * taken off. Needs no struct dataplane; takes the lock itself. Returns 0 or -1. */
int dataplane_detach_all(const char *bpf_dir, size_t *ret_count, struct error *ret_error);

#endif
