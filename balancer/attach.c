/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts the balancer's program on interfaces through libxdp.
 *
 * libxdp shares an interface among programs by a dispatcher where the kernel allows that (it needs
 * program type ext), and else attaches ours alone; both are handled here. Whose a program is, it
 * says itself: its read-only settings hold its instance, so that nothing needs to be remembered.
 *
 * A program that this instance left is replaced without a gap: alone, by an exchange that names the
 * old one; in a dispatcher, by adding the new one before the old one goes.
 */
#include "attach.h"

#include "log.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#define PROGRAM_NAME	 "carom_balancer"
#define PROGRAM_SECTION	 "xdp"
#define PROGRAM_MAPS_MAX 32

/* What is on an interface now. */
struct occupant {
	struct xdp_multiprog *all; /* NULL: nothing is */
	struct xdp_program *ours;  /* borrowed from `all`; NULL: none of this instance's */
	bool alone;		   /* without a dispatcher */
};

struct attempt {
	const struct attach_program *program;
	const char *interface;
	uint32_t ifindex;
};

static void occupant_done(struct occupant *occupant)
{
	if (occupant->all)
		xdp_multiprog__close(occupant->all);
}

/* Whether the map is a carom program's read-only data, with this instance in it. */
static bool map_names_instance(uint32_t map_id, uint64_t instance)
{
	struct carom_settings settings;
	struct bpf_map_info information = {0};
	uint32_t length = sizeof(information), key = 0;
	int map = bpf_map_get_fd_by_id(map_id);
	bool found;

	if (map < 0)
		return false;
	found = bpf_obj_get_info_by_fd(map, &information, &length) == 0 &&
		strstr(information.name, ".rodata") && information.value_size == sizeof(settings) &&
		bpf_map_lookup_elem(map, &key, &settings) == 0 && settings.instance == instance;
	close(map);
	return found;
}

static bool is_of_instance(const struct xdp_program *program, uint64_t instance)
{
	uint32_t map_ids[PROGRAM_MAPS_MAX];
	struct bpf_prog_info information = {
		.map_ids = (uintptr_t)map_ids,
		.nr_map_ids = PROGRAM_MAPS_MAX,
	};
	uint32_t length = sizeof(information);

	if (bpf_obj_get_info_by_fd(xdp_program__fd(program), &information, &length) ||
	    strcmp(information.name, PROGRAM_NAME) != 0)
		return false;
	for (uint32_t i = 0; i < information.nr_map_ids && i < PROGRAM_MAPS_MAX; i++) {
		if (map_names_instance(map_ids[i], instance))
			return true;
	}
	return false;
}

static struct xdp_program *find_in_dispatcher(const struct xdp_multiprog *all, uint64_t instance)
{
	struct xdp_program *program = NULL;

	while ((program = xdp_multiprog__next_prog(program, all))) {
		if (is_of_instance(program, instance))
			return program;
	}
	return NULL;
}

static int find_occupant(uint32_t ifindex, uint64_t instance, struct occupant *ret_occupant,
			 struct error *ret_error)
{
	struct occupant occupant = {0};
	struct xdp_program *main_program;
	long result;

	occupant.all = xdp_multiprog__get_from_ifindex((int)ifindex);
	result = libxdp_get_error(occupant.all);
	if (result == -ENOENT) {
		*ret_occupant = (struct occupant){0};
		return 0;
	}
	if (result)
		return error_set_errno(ret_error, (int)-result,
				       "cannot tell which XDP program is attached");
	occupant.alone = xdp_multiprog__is_legacy(occupant.all);
	if (occupant.alone) {
		main_program = xdp_multiprog__main_prog(occupant.all);
		occupant.ours = is_of_instance(main_program, instance) ? main_program : NULL;
	} else {
		occupant.ours = find_in_dispatcher(occupant.all, instance);
	}
	*ret_occupant = occupant;
	return 0;
}

static struct balancer_bpf *open_program(const struct attach_program *program,
					 struct error *ret_error)
{
	struct balancer_bpf *skeleton = balancer_bpf__open();
	struct bpf_map *map, *shared;

	if (!skeleton) {
		error_set_errno(ret_error, errno, "cannot open the embedded BPF object");
		return NULL;
	}
	memcpy((void *)(uintptr_t)&skeleton->rodata->settings, program->settings,
	       sizeof(*program->settings));
	bpf_object__for_each_map(map, skeleton->obj)
	{
		if (map == skeleton->maps.rodata)
			continue;
		shared = bpf_object__find_map_by_name(program->maps->obj, bpf_map__name(map));
		if (bpf_map__reuse_fd(map, bpf_map__fd(shared))) {
			error_set_errno(ret_error, errno, "cannot share the map '%s'",
					bpf_map__name(map));
			balancer_bpf__destroy(skeleton);
			return NULL;
		}
	}
	return skeleton;
}

int attach_load(const struct attach_program *program, struct error *ret_error)
{
	struct balancer_bpf *skeleton = open_program(program, ret_error);
	int result = -1;

	if (!skeleton)
		return -1;
	if (balancer_bpf__load(skeleton))
		error_set_errno(ret_error, errno, "cannot load the XDP program");
	else
		result = fcntl(bpf_program__fd(skeleton->progs.carom_balancer), F_DUPFD_CLOEXEC, 0);
	balancer_bpf__destroy(skeleton);
	return result;
}

static enum xdp_attach_mode library_mode(enum dataplane_mode mode)
{
	return mode == DATAPLANE_GENERIC ? XDP_MODE_SKB : XDP_MODE_NATIVE;
}

static uint32_t link_flags(enum xdp_attach_mode mode)
{
	return mode == XDP_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

static uint32_t program_id(int program)
{
	struct bpf_prog_info information = {0};
	uint32_t length = sizeof(information);

	return bpf_obj_get_info_by_fd(program, &information, &length) ? 0 : information.id;
}

/* Attaches where nobody of ours is. On failure nothing is attached. */
static int attach_fresh(const struct attempt *attempt, enum dataplane_mode mode,
			uint32_t *ret_program_id, struct error *ret_error)
{
	struct balancer_bpf *skeleton = open_program(attempt->program, ret_error);
	struct xdp_program *program;
	int result;

	if (!skeleton)
		return -1;
	program = xdp_program__from_bpf_obj(skeleton->obj, PROGRAM_SECTION);
	result = (int)libxdp_get_error(program);
	if (!result) {
		result = xdp_program__attach(program, (int)attempt->ifindex, library_mode(mode), 0);
		if (!result)
			*ret_program_id = program_id(xdp_program__fd(program));
		xdp_program__close(program);
	}
	balancer_bpf__destroy(skeleton);
	if (result)
		return error_set_errno(ret_error, -result,
				       "interface '%s': cannot attach the XDP program in %s mode",
				       attempt->interface, dataplane_mode_name(mode));
	return 0;
}

/* Exchanges our program for a new one: the kernel refuses if it is no longer the old one. */
static int exchange_alone(const struct attempt *attempt, const struct occupant *occupant,
			  uint32_t *ret_program_id, struct error *ret_error)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, options);
	struct balancer_bpf *skeleton = open_program(attempt->program, ret_error);
	uint32_t flags = link_flags(xdp_multiprog__attach_mode(occupant->all)) | XDP_FLAGS_REPLACE;
	int result, program;

	if (!skeleton)
		return -1;
	result = balancer_bpf__load(skeleton);
	if (!result) {
		program = bpf_program__fd(skeleton->progs.carom_balancer);
		options.old_prog_fd = xdp_program__fd(occupant->ours);
		result = bpf_xdp_attach((int)attempt->ifindex, program, flags, &options);
		if (!result)
			*ret_program_id = program_id(program);
	}
	balancer_bpf__destroy(skeleton);
	if (result)
		return error_set_errno(ret_error, -result,
				       "interface '%s': cannot replace the XDP program",
				       attempt->interface);
	return 0;
}

static int take_off(uint32_t ifindex, const struct occupant *occupant)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, options);
	enum xdp_attach_mode mode = xdp_multiprog__attach_mode(occupant->all);

	if (!occupant->alone)
		return xdp_program__detach(occupant->ours, (int)ifindex, mode, 0);
	options.old_prog_fd = xdp_program__fd(occupant->ours);
	return bpf_xdp_detach((int)ifindex, link_flags(mode) | XDP_FLAGS_REPLACE, &options);
}

static int replace_ours(const struct attempt *attempt, const struct occupant *occupant,
			enum dataplane_mode mode, uint32_t *ret_program_id, struct error *ret_error)
{
	enum xdp_attach_mode now = xdp_multiprog__attach_mode(occupant->all);

	if (now != library_mode(mode)) {
		/* The kernel does not hold both modes at once: there is a moment without. */
		if (take_off(attempt->ifindex, occupant))
			return error_set(ret_error, ERROR_SYSTEM,
					 "interface '%s': cannot take the old XDP program off",
					 attempt->interface);
		return attach_fresh(attempt, mode, ret_program_id, ret_error);
	}
	if (occupant->alone)
		return exchange_alone(attempt, occupant, ret_program_id, ret_error);
	if (attach_fresh(attempt, mode, ret_program_id, ret_error))
		return -1;
	if (take_off(attempt->ifindex, occupant))
		log_line(LOG_LEVEL_WARNING,
			 "interface '%s': the old program stays in the "
			 "dispatcher, behind the new one",
			 attempt->interface);
	return 0;
}

static int attach_in_mode(const struct attempt *attempt, enum dataplane_mode mode,
			  uint32_t *ret_program_id, struct error *ret_error)
{
	struct occupant occupant;
	int result;

	if (find_occupant(attempt->ifindex, attempt->program->settings->instance, &occupant,
			  ret_error))
		return error_prefix(ret_error, "interface '%s': ", attempt->interface);
	if (occupant.ours)
		result = replace_ours(attempt, &occupant, mode, ret_program_id, ret_error);
	else if (occupant.all && occupant.alone)
		result = error_set(
			ret_error, ERROR_BUSY,
			"interface '%s': another XDP program is attached (id %u, '%s'), and it "
			"leaves no room for a second; take it off with: ip link set %s xdp off",
			attempt->interface,
			program_id(xdp_program__fd(xdp_multiprog__main_prog(occupant.all))),
			xdp_program__name(xdp_multiprog__main_prog(occupant.all)),
			attempt->interface);
	else
		result = attach_fresh(attempt, mode, ret_program_id, ret_error);
	occupant_done(&occupant);
	return result;
}

/* Reads back what the kernel says, so that the status reports facts. */
static void describe(const struct attempt *attempt, enum dataplane_mode requested,
		     struct dataplane_attachment *ret_attachment)
{
	struct occupant occupant = {0};

	if (find_occupant(attempt->ifindex, attempt->program->settings->instance, &occupant,
			  NULL) ||
	    !occupant.all)
		return;
	ret_attachment->requested = requested;
	ret_attachment->dispatcher = !occupant.alone;
	ret_attachment->mode = xdp_multiprog__attach_mode(occupant.all) == XDP_MODE_SKB
				       ? DATAPLANE_GENERIC
				       : DATAPLANE_NATIVE;
	occupant_done(&occupant);
}

static int attach_in_any_mode(const struct attempt *attempt, uint32_t *ret_program_id,
			      char ret_reason[DATAPLANE_REASON_BYTES], struct error *ret_error)
{
	struct error native = {0};

	if (attach_in_mode(attempt, DATAPLANE_NATIVE, ret_program_id, &native) == 0) {
		snprintf(ret_reason, DATAPLANE_REASON_BYTES, "the driver supports native XDP");
		return 0;
	}
	if (native.kind == ERROR_BUSY || native.kind == ERROR_PERMISSION) {
		*ret_error = native;
		return -1;
	}
	if (attach_in_mode(attempt, DATAPLANE_GENERIC, ret_program_id, ret_error))
		return -1;
	snprintf(ret_reason, DATAPLANE_REASON_BYTES, "native mode failed: %s",
		 native.system_errno ? strerror(native.system_errno) : "refused");
	log_line(LOG_LEVEL_WARNING, "%s; fell back to generic mode, which is slower",
		 native.message);
	return 0;
}

int attach_program(const struct attach_program *program, const char *interface,
		   enum dataplane_mode mode, struct dataplane_attachment *ret_attachment,
		   struct error *ret_error)
{
	struct attempt attempt = {
		.program = program,
		.interface = interface,
		.ifindex = if_nametoindex(interface),
	};
	struct dataplane_attachment attachment = {.ifindex = attempt.ifindex};
	int result;

	if (!attempt.ifindex)
		return error_set(ret_error, ERROR_NOT_FOUND,
				 "interface '%s' does not exist in this network namespace",
				 interface);
	if (mode == DATAPLANE_AUTO) {
		result = attach_in_any_mode(&attempt, &attachment.program_id, attachment.reason,
					    ret_error);
	} else {
		result = attach_in_mode(&attempt, mode, &attachment.program_id, ret_error);
		snprintf(attachment.reason, sizeof(attachment.reason), "as configured");
	}
	if (result)
		return -1;
	snprintf(attachment.interface, sizeof(attachment.interface), "%s", interface);
	describe(&attempt, mode, &attachment);
	*ret_attachment = attachment;
	return 0;
}

static int remove_from(const char *interface, uint32_t ifindex, uint64_t instance,
		       size_t *ret_count, struct error *ret_error)
{
	struct occupant occupant;
	int result = 0;

	if (find_occupant(ifindex, instance, &occupant, ret_error))
		return error_prefix(ret_error, "interface '%s': ", interface);
	if (occupant.ours) {
		result = take_off(ifindex, &occupant);
		if (result)
			error_set_errno(ret_error, -result,
					"interface '%s': cannot take the XDP program off",
					interface);
		else
			++*ret_count;
	}
	occupant_done(&occupant);
	return result ? -1 : 0;
}

int attach_remove_all(uint64_t instance, size_t *ret_count, struct error *ret_error)
{
	struct if_nameindex *interfaces = if_nameindex();
	size_t count = 0;
	int result = 0;

	if (!interfaces)
		return error_set_errno(ret_error, errno, "cannot list the interfaces");
	for (size_t i = 0; interfaces[i].if_index && result == 0; i++)
		result = remove_from(interfaces[i].if_name, interfaces[i].if_index, instance,
				     &count, ret_error);
	if_freenameindex(interfaces);
	if (result == 0)
		*ret_count = count;
	return result;
}
