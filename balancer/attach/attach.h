/* SPDX-License-Identifier: BSD-2-Clause */
/* XDP programs on interfaces: put there, replaced, told from others', taken off. */
#ifndef CAROM_ATTACH_H
#define CAROM_ATTACH_H

#include "attachment.h"
#include "error.h"

#include <bpf/libbpf.h>

/* A program in the section "xdp", whose read-only data begins with its instance. */
struct attach_program {
	const char *name; /* of the function, which is its name in the kernel */
	uint64_t instance;
	/* Opens the object, ready to be loaded; NULL on failure. It is called once an attempt. */
	struct bpf_object *(*open)(const void *context, struct error *ret_error);
	const void *context;
};

/* Lets libbpf and libxdp log through log.h, at LOG_LEVEL_DEBUG. Before anything else here. */
void attach_log_libraries(void);

/* An embedded object that is opened twice: for its maps, and for a program that shares them. */
struct attach_object {
	const void *bytes;
	size_t length;
	const struct bpf_object *maps; /* loaded, with its program left out */
	const void *settings;	       /* the program's read-only data */
	size_t settings_bytes;
};

/* Opens the object for its program; NULL on failure. To be closed by bpf_object__close(). */
struct bpf_object *attach_open(const struct attach_object *object, struct error *ret_error);

/* What an instance is told by: the folder of its pins. */
uint64_t attach_instance(const char *folder);

/* Attaches, or replaces the program of this instance, without a packet between them missing both.
 * Refuses to touch a foreign program. Returns 0 or -1. */
int attach_put(const struct attach_program *program, const char *interface, enum attach_mode mode,
	       struct attachment *ret_attachment, struct error *ret_error);

/* Loads it without attaching. Returns a file descriptor, or -1. */
int attach_load(const struct attach_program *program, struct error *ret_error);

/* Takes the program off one interface; adds to *count if there was one. */
int attach_remove(const struct attach_program *program, const char *interface, size_t *count,
		  struct error *ret_error);
/* Takes the program off every interface of this network namespace. */
int attach_remove_all(const struct attach_program *program, size_t *ret_count,
		      struct error *ret_error);

#endif
