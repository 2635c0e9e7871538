/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the maps from an opening of the embedded object whose program is left out, or lets that
 * opening use pinned maps. One table lists every map of the object: sizes, mappings, pins and
 * adoption read it, and a map that it does not list is an error at the start.
 *
 * Owns the skeleton and the mappings. Called by dataplane.c on the event loop's thread.
 */
#include "arrays.h"

#include "bpffs.h"
#include "displace.h"
#include "range.h"

#include "balancer.skel.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPS_FOLDER "maps"

enum arrays_life {
	LIFE_PROCESS,	      /* ends with caromd */
	LIFE_PINNED,	      /* outlives it */
	LIFE_PINNED_OR_EMPTY, /* outlives it, but the other maps do without its content */
};

struct arrays_map {
	const char *name; /* of its pin */
	struct bpf_map *map;
	void **memory;	  /* where to map it; NULL: it is no array in memory */
	uint64_t entries; /* 0: as the object has it */
	enum arrays_life life;
	uint16_t since_minor; /* of the ABI; a map that came later than .0 may start empty */
};

#define ARRAYS_COUNT 21
#define CONTROL	     (ARRAYS_COUNT - 1)

struct arrays {
	struct arrays_options options;
	struct balancer_bpf *skeleton;
	struct dataplane_memory memory;
	struct control_page page;
	struct arrays_map maps[ARRAYS_COUNT];
	bool adopted[ARRAYS_COUNT];
};

static uint32_t power_of_two(uint32_t at_least)
{
	uint32_t size = CAROM_FLOWS_PER_LINE;

	while (size < at_least)
		size *= 2;
	return size;
}

static void set_sizes(struct dataplane_memory *memory, const struct arrays_options *options)
{
	const struct dataplane_limits *limits = &options->limits;

	memory->displacement_count = displace_bucket_count(limits->vips);
	memory->entry_count = displace_entry_count(limits->vips);
	memory->slot_count =
		options->slot_count ? options->slot_count : RANGE_BLOCKS_ROOM * limits->slots;
	memory->backend_count = RANGE_ROOM * limits->backends;
	memory->next_hop_count = 2 * limits->backends + 1;
	memory->flow_count = power_of_two(2 * limits->flows);
	memory->flow_idle_timeout_s = limits->flow_idle_timeout_s;
	/* A VIP's own number is good in both arrays; backends' numbers follow in counters. */
	memory->reasons_per_lane = 2 * limits->vips + 1;
	memory->counters_per_lane = memory->reasons_per_lane + 2 * limits->backends;
	memory->lane_count = (uint32_t)libbpf_num_possible_cpus() + 1;
}

/* The control page comes last: once it is pinned, all maps are. */
static void list_maps(struct arrays *arrays)
{
	struct dataplane_memory *memory = &arrays->memory;
	const __typeof__(arrays->skeleton->maps) *maps = &arrays->skeleton->maps;
	const uint64_t slot_lines = memory->slot_count / CAROM_SLOTS_PER_LINE;
	const uint64_t table_entries = 1ull * CAROM_GENERATION_COUNT * memory->entry_count;
	const uint64_t displacement_lines = 2ull * CAROM_GENERATION_COUNT *
					    memory->displacement_count /
					    CAROM_DISPLACEMENTS_PER_LINE;
#define OF(member) #member, maps->member, (void **)&memory->member
	const struct arrays_map list[ARRAYS_COUNT] = {
		{OF(displacements), displacement_lines, LIFE_PINNED, 0},
		{OF(addresses), table_entries, LIFE_PINNED, 0},
		{OF(vips), table_entries, LIFE_PINNED, 0},
		{OF(slots), slot_lines, LIFE_PINNED, 0},
		{OF(previous), slot_lines, LIFE_PINNED, 0},
		{OF(changed_at), slot_lines, LIFE_PINNED, 0},
		{OF(flows), memory->flow_count / CAROM_FLOWS_PER_LINE, LIFE_PINNED_OR_EMPTY, 0},
		{OF(recorders), memory->lane_count, LIFE_PINNED_OR_EMPTY, 0},
		{OF(shares), memory->reasons_per_lane, LIFE_PINNED_OR_EMPTY, 0},
		{OF(backends), memory->backend_count, LIFE_PINNED, 0},
		{OF(next_hops), memory->next_hop_count, LIFE_PINNED, 0},
		{OF(vip_labels), memory->reasons_per_lane, LIFE_PINNED, 0},
		{OF(backend_labels), memory->backend_count, LIFE_PINNED, 0},
		{OF(counters), 1ull * memory->lane_count * memory->counters_per_lane,
		 LIFE_PINNED_OR_EMPTY, 0},
		{OF(reasons), 1ull * memory->lane_count * memory->reasons_per_lane,
		 LIFE_PINNED_OR_EMPTY, 0},
		{"data_capture", maps->data_capture, (void **)&memory->capture, 0, LIFE_PROCESS, 0},
		{"data_explanation", maps->data_explanation, (void **)&memory->explanation, 0,
		 LIFE_PROCESS, 0},
		{"captured", maps->captured, NULL, 0, LIFE_PROCESS, 0},
		{"capture_lanes", maps->capture_lanes, NULL, 0, LIFE_PROCESS, 0},
		{"rodata", maps->rodata, NULL, 0, LIFE_PROCESS, 0},
		{"data_control", maps->data_control, (void **)&arrays->page.mapped, 0, LIFE_PINNED,
		 0},
	};
#undef OF

	memcpy(arrays->maps, list, sizeof(list));
}

static int set_map_sizes(struct arrays *arrays)
{
	for (size_t i = 0; i < ARRAYS_COUNT; i++) {
		const struct arrays_map *map = &arrays->maps[i];

		if (map->entries > UINT32_MAX ||
		    (map->entries && bpf_map__set_max_entries(map->map, (uint32_t)map->entries)))
			return -1;
	}
	return 0;
}

/* Whether all maps are in the table, and each that came with a minor version may start empty. */
static bool table_is_whole(const struct arrays *arrays)
{
	const struct bpf_map *map;
	size_t count = 0;

	bpf_object__for_each_map(map, arrays->skeleton->obj)
	{
		count++;
	}
	for (size_t i = 0; i < ARRAYS_COUNT; i++) {
		if (arrays->maps[i].since_minor && arrays->maps[i].life == LIFE_PINNED)
			return false;
	}
	return count == ARRAYS_COUNT;
}

static size_t mapped_bytes(const struct bpf_map *map)
{
	return (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
}

static int map_all(struct arrays *arrays, struct error *ret_error)
{
	void *memory;

	for (size_t i = 0; i < ARRAYS_COUNT; i++) {
		const struct arrays_map *map = &arrays->maps[i];

		if (!map->memory)
			continue;
		memory = mmap(NULL, mapped_bytes(map->map), PROT_READ | PROT_WRITE, MAP_SHARED,
			      bpf_map__fd(map->map), 0);
		if (memory == MAP_FAILED)
			return error_set_errno(ret_error, errno,
					       "cannot map the BPF map '%s' into memory",
					       map->name);
		*map->memory = memory;
	}
	control_page_load(&arrays->page);
	/* The predecessor may have been killed while it captured. */
	arrays->memory.control->capture = 0;
	control_page_put(&arrays->page);
	return 0;
}

static void unmap_all(struct arrays *arrays)
{
	for (size_t i = 0; i < ARRAYS_COUNT; i++) {
		const struct arrays_map *map = &arrays->maps[i];

		if (map->memory && *map->memory)
			munmap(*map->memory, mapped_bytes(map->map));
	}
}

/* ---- pins ---- */

/* name: of a pin; empty: the folder itself. */
static int arrays_path(const char *bpf_dir, const char *name, char path[static PATH_MAX],
		       struct error *ret_error)
{
	if (snprintf(path, PATH_MAX, "%s/" MAPS_FOLDER "%s%s", bpf_dir, name[0] ? "/" : "", name) >=
	    PATH_MAX)
		return error_set(ret_error, ERROR_INVALID, "node.bpf_dir '%s' is too long",
				 bpf_dir);
	return 0;
}

/* Returns a file descriptor, or -1 with errno ENOENT: it is not pinned. On failure the shape is all
 * zero, and fits nothing. */
static int open_pin(const char *bpf_dir, const char *name, struct adoption_shape *ret_shape)
{
	struct bpf_map_info information = {0};
	uint32_t length = sizeof(information);
	char path[PATH_MAX];
	int pin;

	*ret_shape = (struct adoption_shape){0};
	errno = ENAMETOOLONG;
	if (arrays_path(bpf_dir, name, path, NULL))
		return -1;
	pin = bpf_obj_get(path);
	if (pin >= 0 && bpf_obj_get_info_by_fd(pin, &information, &length) == 0)
		*ret_shape = (struct adoption_shape){
			.type = information.type,
			.value_bytes = information.value_size,
			.entries = information.max_entries,
			.flags = information.map_flags,
		};
	return pin;
}

/* The control page goes first: without it, the other pins are not whole. */
static int unpin_maps(const struct arrays *arrays, const char *folder, struct error *ret_error)
{
	for (size_t i = ARRAYS_COUNT; i-- > 0;) {
		if (arrays->maps[i].life != LIFE_PROCESS &&
		    bpffs_unlink(folder, arrays->maps[i].name, ret_error))
			return -1;
	}
	return 0;
}

static int pin_map(const struct arrays *arrays, const struct arrays_map *map,
		   struct error *ret_error)
{
	char path[PATH_MAX];

	if (arrays_path(arrays->options.bpf_dir, map->name, path, ret_error))
		return -1;
	if ((unlink(path) && errno != ENOENT) || bpf_obj_pin(bpf_map__fd(map->map), path))
		return error_set_errno(ret_error, errno, "cannot pin '%s'", path);
	return 0;
}

int arrays_pin(const struct arrays *arrays, struct error *ret_error)
{
	char folder[PATH_MAX];

	if (arrays_path(arrays->options.bpf_dir, "", folder, ret_error) ||
	    (!arrays->adopted[CONTROL] && unpin_maps(arrays, folder, ret_error)) ||
	    bpffs_prepare(folder, ret_error))
		return -1;
	for (size_t i = 0; i < ARRAYS_COUNT; i++) {
		const struct arrays_map *map = &arrays->maps[i];

		if (map->life != LIFE_PROCESS && !arrays->adopted[i] &&
		    pin_map(arrays, map, ret_error))
			return -1;
	}
	/* From now on this version keeps the maps: those that it does not know get stale. */
	if (arrays->adopted[CONTROL])
		arrays->memory.control->abi_minor = CAROM_ABI_MINOR;
	control_page_put(arrays->memory.page);
	return 0;
}

static uint32_t pinned_entries(const char *bpf_dir, const char *name)
{
	struct adoption_shape shape;
	int pin = open_pin(bpf_dir, name, &shape);

	if (pin >= 0)
		close(pin);
	return shape.entries;
}

void arrays_use_pinned_sizes(struct arrays_options *options)
{
	const char *bpf_dir = options->bpf_dir;

	options->has_pinned_sizes = true;
	options->slot_count = pinned_entries(bpf_dir, "slots") * CAROM_SLOTS_PER_LINE;
	options->limits = (struct dataplane_limits){
		.vips = pinned_entries(bpf_dir, "vip_labels") / 2,
		.backends = pinned_entries(bpf_dir, "backends") / RANGE_ROOM,
		.flows =
			carom_flows_usable(pinned_entries(bpf_dir, "flows") * CAROM_FLOWS_PER_LINE),
	};
}

bool arrays_pinned_hash_key(const char *bpf_dir, uint64_t ret_key[2])
{
	struct carom_control control = {0};
	struct adoption_shape shape;
	uint32_t key = 0;
	int pin = open_pin(bpf_dir, "data_control", &shape);
	bool found;

	if (pin < 0)
		return false;
	found = shape.value_bytes == sizeof(control) &&
		bpf_map_lookup_elem(pin, &key, &control) == 0 &&
		control.abi_major == CAROM_ABI_MAJOR;
	close(pin);
	if (found)
		memcpy(ret_key, control.hash_key, sizeof(control.hash_key));
	return found;
}

/* ---- adopting ---- */

/* Nothing is pinned: there is no predecessor. Pins without the control page are not whole. */
static int refuse_bare(const struct arrays *arrays, struct error *ret_error)
{
	for (size_t i = 0; i < CONTROL; i++) {
		if (arrays->maps[i].life != LIFE_PROCESS &&
		    pinned_entries(arrays->options.bpf_dir, arrays->maps[i].name))
			return error_set(ret_error, ERROR_CONFLICT, "map '%s': it is not pinned",
					 arrays->maps[CONTROL].name);
	}
	return error_set(ret_error, ERROR_NOT_FOUND, "nothing is pinned");
}

static int check_control(const struct carom_control *control, const uint64_t hash_key[2],
			 struct error *ret_error)
{
	if (control->abi_major != CAROM_ABI_MAJOR)
		return error_set(ret_error, ERROR_CONFLICT, "it has ABI version %u, this is %u",
				 control->abi_major, CAROM_ABI_MAJOR);
	if (control->hash_key[0] != hash_key[0] || control->hash_key[1] != hash_key[1])
		return error_set(ret_error, ERROR_CONFLICT,
				 "its flow hash has another key (node.hash_seed), so flows get "
				 "backends anew");
	return 0;
}

static int read_control(const struct arrays *arrays, struct adoption *adoption,
			struct error *ret_error)
{
	const struct arrays_map *map = &arrays->maps[CONTROL];
	struct carom_control control;
	struct adoption_shape shape;
	uint32_t key = 0;
	int pin = open_pin(arrays->options.bpf_dir, map->name, &shape), result;

	if (pin < 0 && errno == ENOENT)
		return refuse_bare(arrays, ret_error);
	if (pin < 0)
		return error_set_errno(ret_error, errno, "map '%s'", map->name);
	if (shape.value_bytes != sizeof(control)) {
		result = error_set(ret_error, ERROR_CONFLICT, "map '%s': it has another layout",
				   map->name);
	} else if (bpf_map_lookup_elem(pin, &key, &control)) {
		result = error_set_errno(ret_error, errno, "map '%s'", map->name);
	} else {
		adoption->abi_major = control.abi_major;
		adoption->abi_minor = control.abi_minor;
		result = check_control(&control, arrays->options.hash_key, ret_error);
	}
	close(pin);
	return result;
}

static struct adoption_rule rule_of(const struct arrays *arrays, const struct arrays_map *map)
{
	return (struct adoption_rule){
		.shape =
			{
				.type = bpf_map__type(map->map),
				.value_bytes = bpf_map__value_size(map->map),
				.entries = bpf_map__max_entries(map->map),
				.flags = bpf_map__map_flags(map->map),
			},
		.since_minor = map->since_minor,
		.may_start_empty = map->life == LIFE_PINNED_OR_EMPTY,
		.copies_sizes = !arrays->options.has_pinned_sizes,
	};
}

/* Lets the skeleton use a pinned map, or make an empty one. */
static int adopt_map(struct arrays *arrays, size_t index, struct adoption *adoption,
		     struct error *ret_error)
{
	const struct arrays_map *map = &arrays->maps[index];
	struct adoption_rule rule = rule_of(arrays, map);
	struct adoption_shape shape;
	int pin = open_pin(arrays->options.bpf_dir, map->name, &shape), result = 0;
	const char *reason;

	switch (adoption_judge(&rule, pin < 0 ? NULL : &shape, adoption->abi_minor, &reason)) {
	case ADOPTION_USE:
		arrays->adopted[index] = true;
		if (bpf_map__reuse_fd(map->map, pin))
			result = error_set_errno(ret_error, errno, "map '%s'", map->name);
		break;
	case ADOPTION_START_EMPTY: adoption_leave_out(adoption, map->name, reason); break;
	case ADOPTION_REFUSE:
		result = error_set(ret_error, ERROR_CONFLICT, "map '%s': %s", map->name, reason);
		break;
	}
	if (pin >= 0)
		close(pin);
	return result;
}

static bool is_listed(const struct arrays *arrays, const char *name)
{
	for (size_t i = 0; i < ARRAYS_COUNT; i++) {
		if (arrays->maps[i].life != LIFE_PROCESS && strcmp(arrays->maps[i].name, name) == 0)
			return true;
	}
	return false;
}

/* A newer version's maps, for example. They stay pinned, as they may be another program's. */
static void leave_out_unlisted(const struct arrays *arrays, struct adoption *adoption)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	DIR *stream;

	if (arrays_path(arrays->options.bpf_dir, "", folder, NULL))
		return;
	stream = opendir(folder);
	while (stream && (entry = readdir(stream))) {
		if (entry->d_name[0] != '.' && !is_listed(arrays, entry->d_name))
			adoption_leave_out(adoption, entry->d_name, "this version has no such map");
	}
	if (stream)
		closedir(stream);
}

static int adopt_maps(struct arrays *arrays, struct adoption *adoption, struct error *ret_error)
{
	if (read_control(arrays, adoption, ret_error))
		return -1;
	for (size_t i = 0; i < ARRAYS_COUNT; i++) {
		if (arrays->maps[i].life != LIFE_PROCESS &&
		    adopt_map(arrays, i, adoption, ret_error))
			return -1;
	}
	leave_out_unlisted(arrays, adoption);
	return 0;
}

/* ---- opening ---- */

static int open_skeleton(struct arrays *arrays, struct error *ret_error)
{
	arrays->skeleton = balancer_bpf__open();
	if (!arrays->skeleton)
		return error_set_errno(ret_error, errno, "cannot open the embedded BPF object");
	list_maps(arrays);
	if (!table_is_whole(arrays))
		return error_set(ret_error, ERROR_UNSUPPORTED,
				 "the table of maps does not go with the embedded BPF object");
	if (set_map_sizes(arrays))
		return error_set(ret_error, ERROR_LIMIT,
				 "node.limits: a BPF map of this size cannot be made");
	bpf_program__set_autoload(arrays->skeleton->progs.carom_balancer, false);
	return 0;
}

static struct arrays *arrays_open(const struct arrays_options *options, struct error *ret_error)
{
	struct arrays *arrays = calloc(1, sizeof(*arrays));

	if (!arrays) {
		error_set_errno(ret_error, ENOMEM, "BPF maps");
		return NULL;
	}
	arrays->options = *options;
	arrays->memory.control = &arrays->page.copy;
	arrays->memory.page = &arrays->page;
	set_sizes(&arrays->memory, options);
	if (open_skeleton(arrays, ret_error) == 0)
		return arrays;
	arrays_free(arrays);
	return NULL;
}

static struct arrays *arrays_load(struct arrays *arrays, struct error *ret_error)
{
	if (balancer_bpf__load(arrays->skeleton))
		error_set_errno(ret_error, errno,
				"cannot make the BPF maps (node.limits says how large)");
	else if (map_all(arrays, ret_error) == 0)
		return arrays;
	arrays_free(arrays);
	return NULL;
}

struct arrays *arrays_make(const struct arrays_options *options, struct error *ret_error)
{
	struct arrays *arrays = arrays_open(options, ret_error);

	if (arrays)
		arrays = arrays_load(arrays, ret_error);
	if (arrays) {
		arrays->memory.control->abi_major = CAROM_ABI_MAJOR;
		arrays->memory.control->abi_minor = CAROM_ABI_MINOR;
		memcpy(arrays->memory.control->hash_key, options->hash_key,
		       sizeof(options->hash_key));
		control_page_put(&arrays->page);
	}
	return arrays;
}

struct arrays *arrays_adopt(const struct arrays_options *options, struct adoption *ret_adoption,
			    struct error *ret_error)
{
	struct arrays *arrays = arrays_open(options, ret_error);

	*ret_adoption = (struct adoption){0};
	if (arrays && adopt_maps(arrays, ret_adoption, ret_error)) {
		arrays_free(arrays);
		return NULL;
	}
	return arrays ? arrays_load(arrays, ret_error) : NULL;
}

int arrays_unpin(const char *bpf_dir, struct error *ret_error)
{
	const struct arrays_options any = {.bpf_dir = bpf_dir, .limits = {1, 1, 1, 1, 1, 1}};
	struct arrays *arrays = arrays_open(&any, ret_error); /* for the names */
	char folder[PATH_MAX];
	int result = -1;

	if (arrays && arrays_path(bpf_dir, "", folder, ret_error) == 0 &&
	    unpin_maps(arrays, folder, ret_error) == 0)
		result = bpffs_remove(folder, ret_error);
	arrays_free(arrays);
	return result;
}

void arrays_free(struct arrays *arrays)
{
	if (!arrays)
		return;
	if (arrays->skeleton) {
		unmap_all(arrays);
		balancer_bpf__destroy(arrays->skeleton);
	}
	free(arrays);
}

const struct dataplane_memory *arrays_memory(const struct arrays *arrays)
{
	return &arrays->memory;
}

const struct bpf_object *arrays_object(const struct arrays *arrays)
{
	return arrays->skeleton->obj;
}

struct dataplane_capture_maps arrays_capture_maps(const struct arrays *arrays)
{
	return (struct dataplane_capture_maps){
		.captured = bpf_map__fd(arrays->skeleton->maps.captured),
		.lanes = bpf_map__fd(arrays->skeleton->maps.capture_lanes),
	};
}
