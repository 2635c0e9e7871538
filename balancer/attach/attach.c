/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts programs on interfaces through libxdp.
 *
 * libxdp shares an interface among programs by a dispatcher where the kernel allows that (it needs
 * program type ext), and else attaches ours alone; both are handled here. Whose a program is, it
 * says itself: its read-only data begin with its instance, so that nothing needs to be remembered.
 *
 * A program that this instance left is replaced without a gap: alone, by an exchange that names the
 * old one; in a dispatcher, by adding the new one before the old one goes. Only another mode costs
 * a moment, for the kernel does not hold both at once; so only who asks for it by name gets it.
 */
#include "attach.h"

#include "abi.h"
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

#define PROGRAM_SECTION	 "xdp"
#define RODATA_BYTES_MAX 4096
#define PROGRAM_MAPS_MAX 32
#define NATIVE_REASON	 "the driver supports native XDP"

/* What is on an interface now. */
struct occupant {
	struct xdp_multiprog *all; /* NULL: nothing is */
	struct xdp_program *ours;  /* borrowed from `all`; NULL: none of this instance's */
	bool others;		   /* foreign ones are there */
	bool other_instance;	   /* a foreign one is a carom, and alone there */
	bool alone;		   /* without a dispatcher */
};

struct attempt {
	const struct attach_program *program;
	const char *interface;
	uint32_t ifindex;
};

struct attach_result {
	uint32_t program_id;
	bool replaced;
};

static void occupant_done(struct occupant *occupant)
{
	if (occupant->all)
		xdp_multiprog__close(occupant->all);
}

static int log_library(enum log_level level, const char *format, va_list arguments)
{
	char line[512];
	int length = vsnprintf(line, sizeof(line), format, arguments);

	if (length > 0 && (size_t)length < sizeof(line) && line[length - 1] == '\n')
		line[length - 1] = '\0';
	log_line(level, "%s", line);
	return length;
}

/* The libraries warn about what is described in an error anyway, or is none (the dispatcher). */
static int log_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_DEBUG ? 0 : log_library(LOG_LEVEL_DEBUG, format, arguments);
}

static int log_libxdp(enum libxdp_print_level level, const char *format, va_list arguments)
{
	return level == LIBXDP_DEBUG ? 0 : log_library(LOG_LEVEL_DEBUG, format, arguments);
}

void attach_log_libraries(void)
{
	libbpf_set_print(log_libbpf);
	libxdp_set_print(log_libxdp);
}

/* The same for every version of carom, which must know its own programs whatever their ABI. */
#define INSTANCE_SEED 1

uint64_t attach_instance(const char *folder)
{
	uint64_t hash = 0;

	for (; *folder; folder++)
		hash = carom_mix(hash ^ (uint8_t)*folder, INSTANCE_SEED);
	return hash;
}

static int share_map(const struct attach_object *object, struct bpf_map *map)
{
	const struct bpf_map *shared;

	if (strstr(bpf_map__name(map), ".rodata"))
		return bpf_map__set_initial_value(map, object->settings, object->settings_bytes);
	shared = bpf_object__find_map_by_name(object->maps, bpf_map__name(map));
	return bpf_map__reuse_fd(map, bpf_map__fd(shared));
}

struct bpf_object *attach_open(const struct attach_object *object, struct error *ret_error)
{
	struct bpf_object *opened = bpf_object__open_mem(object->bytes, object->length, NULL);
	struct bpf_map *map;

	if (!opened) {
		error_set_errno(ret_error, errno, "cannot open the embedded BPF object");
		return NULL;
	}
	bpf_object__for_each_map(map, opened)
	{
		if (share_map(object, map)) {
			error_set_errno(ret_error, errno, "cannot share the map '%s'",
					bpf_map__name(map));
			bpf_object__close(opened);
			return NULL;
		}
	}
	return opened;
}

enum owner {
	OWNER_FOREIGN,	      /* no program of carom's, as far as it says */
	OWNER_OTHER_INSTANCE, /* a carom's with another folder of pins */
	OWNER_OURS,
};

/* Whose program it is that has this map: its read-only data begin with the instance. */
static enum owner owner_by_map(uint32_t map_id, uint64_t instance)
{
	struct bpf_map_info information = {0};
	uint32_t length = sizeof(information), key = 0;
	uint64_t value[RODATA_BYTES_MAX / sizeof(uint64_t)];
	int map = bpf_map_get_fd_by_id(map_id);
	bool found;

	if (map < 0)
		return OWNER_FOREIGN;
	found = bpf_obj_get_info_by_fd(map, &information, &length) == 0 &&
		strstr(information.name, ".rodata") && information.value_size <= sizeof(value) &&
		bpf_map_lookup_elem(map, &key, value) == 0;
	close(map);
	if (!found)
		return OWNER_FOREIGN;
	return value[0] == instance ? OWNER_OURS : OWNER_OTHER_INSTANCE;
}

static enum owner owner_of(const struct xdp_program *found, const struct attach_program *program)
{
	uint32_t map_ids[PROGRAM_MAPS_MAX];
	struct bpf_prog_info information = {
		.map_ids = (uintptr_t)map_ids,
		.nr_map_ids = PROGRAM_MAPS_MAX,
	};
	uint32_t length = sizeof(information);
	enum owner owner = OWNER_FOREIGN;

	if (bpf_obj_get_info_by_fd(xdp_program__fd(found), &information, &length) ||
	    strcmp(information.name, program->name) != 0)
		return OWNER_FOREIGN;
	for (uint32_t i = 0; i < information.nr_map_ids && i < PROGRAM_MAPS_MAX; i++) {
		enum owner by_map = owner_by_map(map_ids[i], program->instance);

		if (by_map > owner)
			owner = by_map;
	}
	return owner;
}

static bool is_ours(const struct xdp_program *found, const struct attach_program *program)
{
	return owner_of(found, program) == OWNER_OURS;
}

static struct xdp_program *find_in_dispatcher(const struct xdp_multiprog *all,
					      const struct attach_program *wanted)
{
	struct xdp_program *program = NULL;

	while ((program = xdp_multiprog__next_prog(program, all))) {
		if (is_ours(program, wanted))
			return program;
	}
	return NULL;
}

static int find_occupant(uint32_t ifindex, const struct attach_program *program,
			 struct occupant *ret_occupant, struct error *ret_error)
{
	struct occupant occupant = {0};
	struct xdp_program *main_program;
	enum owner owner;
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
		owner = owner_of(main_program, program);
		occupant.ours = owner == OWNER_OURS ? main_program : NULL;
		occupant.others = !occupant.ours;
		occupant.other_instance = owner == OWNER_OTHER_INSTANCE;
	} else {
		occupant.ours = find_in_dispatcher(occupant.all, program);
		occupant.others =
			xdp_multiprog__program_count(occupant.all) > (occupant.ours ? 1 : 0);
	}
	*ret_occupant = occupant;
	return 0;
}

static enum attach_mode mode_of(const struct occupant *occupant)
{
	return xdp_multiprog__attach_mode(occupant->all) == XDP_MODE_SKB ? ATTACH_GENERIC
									 : ATTACH_NATIVE;
}

static struct bpf_program *only_program(const struct bpf_object *object)
{
	return bpf_object__next_program(object, NULL);
}

int attach_load(const struct attach_program *program, struct error *ret_error)
{
	struct bpf_object *object = program->open(program->context, ret_error);
	int result = -1;

	if (!object)
		return -1;
	if (bpf_object__load(object))
		error_set_errno(ret_error, errno, "cannot load the XDP program");
	else
		result = fcntl(bpf_program__fd(only_program(object)), F_DUPFD_CLOEXEC, 0);
	bpf_object__close(object);
	return result;
}

static enum xdp_attach_mode library_mode(enum attach_mode mode)
{
	return mode == ATTACH_GENERIC ? XDP_MODE_SKB : XDP_MODE_NATIVE;
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

/* Attaches where none of ours is. On failure nothing is attached. */
static int attach_fresh(const struct attempt *attempt, enum attach_mode mode,
			struct attach_result *attached, struct error *ret_error)
{
	struct bpf_object *object = attempt->program->open(attempt->program->context, ret_error);
	struct xdp_program *program;
	int result;

	if (!object)
		return -1;
	program = xdp_program__from_bpf_obj(object, PROGRAM_SECTION);
	result = (int)libxdp_get_error(program);
	if (!result) {
		result = xdp_program__attach(program, (int)attempt->ifindex, library_mode(mode), 0);
		if (!result)
			attached->program_id = program_id(xdp_program__fd(program));
		xdp_program__close(program);
	}
	bpf_object__close(object);
	if (result)
		return error_set_errno(ret_error, -result,
				       "interface '%s': cannot attach the XDP program in %s mode",
				       attempt->interface, attach_mode_name(mode));
	return 0;
}

/* Exchanges our program for a new one: the kernel refuses if it is no longer the old one. */
static int exchange_alone(const struct attempt *attempt, const struct occupant *occupant,
			  struct attach_result *attached, struct error *ret_error)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, options);
	struct bpf_object *object = attempt->program->open(attempt->program->context, ret_error);
	uint32_t flags = link_flags(xdp_multiprog__attach_mode(occupant->all)) | XDP_FLAGS_REPLACE;
	int result, program;

	if (!object)
		return -1;
	result = bpf_object__load(object);
	if (!result) {
		program = bpf_program__fd(only_program(object));
		options.old_prog_fd = xdp_program__fd(occupant->ours);
		result = bpf_xdp_attach((int)attempt->ifindex, program, flags, &options);
		if (!result)
			attached->program_id = program_id(program);
	}
	bpf_object__close(object);
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
			enum attach_mode mode, struct attach_result *attached,
			struct error *ret_error)
{
	if (occupant->alone)
		return exchange_alone(attempt, occupant, attached, ret_error);
	if (attach_fresh(attempt, mode, attached, ret_error))
		return -1;
	if (take_off(attempt->ifindex, occupant))
		log_line(LOG_LEVEL_WARNING,
			 "interface '%s': the old program stays in the "
			 "dispatcher, behind the new one",
			 attempt->interface);
	return 0;
}

/* There is a moment without. On failure the old program is back, if the kernel lets it. */
static int change_mode(const struct attempt *attempt, const struct occupant *occupant,
		       enum attach_mode mode, struct attach_result *attached,
		       struct error *ret_error)
{
	if (take_off(attempt->ifindex, occupant))
		return error_set(ret_error, ERROR_SYSTEM,
				 "interface '%s': cannot take the old XDP program off",
				 attempt->interface);
	if (attach_fresh(attempt, mode, attached, ret_error) == 0)
		return 0;
	if (xdp_program__attach(occupant->ours, (int)attempt->ifindex,
				library_mode(mode_of(occupant)), 0))
		log_line(LOG_LEVEL_ERROR, "interface '%s': the old program is gone",
			 attempt->interface);
	return -1;
}

static int refuse_alone(const struct attempt *attempt, const struct occupant *occupant,
			struct error *ret_error)
{
	const struct xdp_program *other = xdp_multiprog__main_prog(occupant->all);
	const char *interface = attempt->interface, *name = xdp_program__name(other);
	uint32_t id = program_id(xdp_program__fd(other));

	if (occupant->other_instance)
		return error_set(
			ret_error, ERROR_BUSY,
			"interface '%s': another carom, with another bpf_dir, serves there "
			"(program id %u, '%s'), and it leaves no room for a second",
			interface, id, name);
	return error_set(ret_error, ERROR_BUSY,
			 "interface '%s': another XDP program is attached (id %u, '%s'), and it "
			 "leaves no room for a second; take it off with: ip link set %s xdp off",
			 interface, id, name, interface);
}

static int attach_in_mode(const struct attempt *attempt, const struct occupant *occupant,
			  enum attach_mode mode, struct attach_result *attached,
			  struct error *ret_error)
{
	if (!occupant->all)
		return attach_fresh(attempt, mode, attached, ret_error);
	if (occupant->alone && occupant->others)
		return refuse_alone(attempt, occupant, ret_error);
	attached->replaced = occupant->ours;
	if (mode_of(occupant) != mode && occupant->others)
		return error_set(
			ret_error, ERROR_BUSY,
			"interface '%s': other XDP programs are attached in %s mode, which "
			"leaves no room for one in %s mode",
			attempt->interface, attach_mode_name(mode_of(occupant)),
			attach_mode_name(mode));
	if (mode_of(occupant) != mode)
		return change_mode(attempt, occupant, mode, attached, ret_error);
	if (occupant->ours)
		return replace_ours(attempt, occupant, mode, attached, ret_error);
	return attach_fresh(attempt, mode, attached, ret_error);
}

/* Reads back what the kernel says, so that the status reports facts. */
static void attach_describe(const struct attempt *attempt, struct attachment *attachment)
{
	struct occupant occupant = {0};

	if (find_occupant(attempt->ifindex, attempt->program, &occupant, NULL) || !occupant.all)
		return;
	attachment->dispatcher = !occupant.alone;
	attachment->mode = mode_of(&occupant);
	occupant_done(&occupant);
}

static int attach_anew_in_any_mode(const struct attempt *attempt, struct attach_result *attached,
				   char ret_reason[ATTACHMENT_REASON_BYTES],
				   struct error *ret_error)
{
	struct error native = {0};

	if (attach_fresh(attempt, ATTACH_NATIVE, attached, &native) == 0) {
		snprintf(ret_reason, ATTACHMENT_REASON_BYTES, NATIVE_REASON);
		return 0;
	}
	if (native.kind == ERROR_BUSY || native.kind == ERROR_PERMISSION) {
		*ret_error = native;
		return -1;
	}
	if (attach_fresh(attempt, ATTACH_GENERIC, attached, ret_error))
		return -1;
	snprintf(ret_reason, ATTACHMENT_REASON_BYTES, "native mode failed: %s",
		 native.system_errno ? strerror(native.system_errno) : "refused");
	log_line(LOG_LEVEL_WARNING, "%s; fell back to generic mode, which is slower",
		 native.message);
	return 0;
}

static int attach_in_any_mode(const struct attempt *attempt, const struct occupant *occupant,
			      struct attach_result *attached,
			      char ret_reason[ATTACHMENT_REASON_BYTES], struct error *ret_error)
{
	if (!occupant->all)
		return attach_anew_in_any_mode(attempt, attached, ret_reason, ret_error);
	snprintf(ret_reason, ATTACHMENT_REASON_BYTES, "%s",
		 mode_of(occupant) == ATTACH_NATIVE ? NATIVE_REASON
						    : "what was attached before is in this mode");
	return attach_in_mode(attempt, occupant, mode_of(occupant), attached, ret_error);
}

static int attach_as_asked(const struct attempt *attempt, struct attachment *attachment,
			   struct error *ret_error)
{
	struct attach_result attached = {0};
	struct occupant occupant;
	int result;

	if (find_occupant(attempt->ifindex, attempt->program, &occupant, ret_error))
		return error_prefix(ret_error, "interface '%s': ", attempt->interface);
	if (attachment->requested == ATTACH_AUTO) {
		result = attach_in_any_mode(attempt, &occupant, &attached, attachment->reason,
					    ret_error);
	} else {
		result = attach_in_mode(attempt, &occupant, attachment->requested, &attached,
					ret_error);
		snprintf(attachment->reason, sizeof(attachment->reason), "as configured");
	}
	occupant_done(&occupant);
	attachment->program_id = attached.program_id;
	attachment->replaced = attached.replaced;
	return result;
}

int attach_put(const struct attach_program *program, const char *interface, enum attach_mode mode,
	       struct attachment *ret_attachment, struct error *ret_error)
{
	struct attempt attempt = {
		.program = program,
		.interface = interface,
		.ifindex = if_nametoindex(interface),
	};
	struct attachment attachment = {.ifindex = attempt.ifindex, .requested = mode};

	if (!attempt.ifindex)
		return error_set(ret_error, ERROR_NOT_FOUND,
				 "interface '%s' does not exist in this network namespace",
				 interface);
	if (attach_as_asked(&attempt, &attachment, ret_error))
		return -1;
	snprintf(attachment.interface, sizeof(attachment.interface), "%s", interface);
	attach_describe(&attempt, &attachment);
	*ret_attachment = attachment;
	return 0;
}

int attach_remove(const struct attach_program *program, const char *interface, size_t *count,
		  struct error *ret_error)
{
	uint32_t ifindex = if_nametoindex(interface);
	struct occupant occupant;
	int result = 0;

	if (!ifindex)
		return 0; /* it went away, and the program with it */
	if (find_occupant(ifindex, program, &occupant, ret_error))
		return error_prefix(ret_error, "interface '%s': ", interface);
	if (occupant.ours) {
		result = take_off(ifindex, &occupant);
		if (result)
			error_set_errno(ret_error, -result,
					"interface '%s': cannot take the XDP program off",
					interface);
		else
			++*count;
	}
	occupant_done(&occupant);
	return result ? -1 : 0;
}

int attach_remove_all(const struct attach_program *program, size_t *ret_count,
		      struct error *ret_error)
{
	struct if_nameindex *interfaces = if_nameindex();
	size_t count = 0;
	int result = 0;

	if (!interfaces)
		return error_set_errno(ret_error, errno, "cannot list the interfaces");
	for (size_t i = 0; interfaces[i].if_index && result == 0; i++)
		result = attach_remove(program, interfaces[i].if_name, &count, ret_error);
	if_freenameindex(interfaces);
	if (result == 0)
		*ret_count = count;
	return result;
}

const char *attach_mode_name(enum attach_mode mode)
{
	switch (mode) {
	case ATTACH_AUTO: return "auto";
	case ATTACH_NATIVE: return "native";
	case ATTACH_GENERIC: return "generic";
	}
	return "unknown";
}
