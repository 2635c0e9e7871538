/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the maps from an opening of the embedded object whose program is left out, or lets that
 * opening use what is pinned. All pinned maps are taken over or none: a mixture would contradict
 * itself. Owns the skeleton and the mappings.
 */
#include "arrays.h"

#include "bpffs.h"
#include "displace.h"
#include "range.h"

#include "balancer.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPS_FOLDER "maps"

struct arrays {
	struct arrays_options options;
	struct balancer_bpf *skeleton;
	struct dataplane_memory memory;
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
	memory->backend_count = 2 * limits->backends;
	memory->flow_count = power_of_two(limits->flows);
	memory->flow_idle_timeout_s = limits->flow_idle_timeout_s;
	/* A VIP's own number is good in both arrays; backends' numbers follow in counters. */
	memory->reasons_per_lane = 2 * limits->vips + 1;
	memory->counters_per_lane = memory->reasons_per_lane + 2 * limits->backends;
	memory->lane_count = (uint32_t)libbpf_num_possible_cpus() + 1;
}

static int set_map_sizes(const struct balancer_bpf *skeleton, const struct dataplane_memory *memory)
{
	const struct {
		struct bpf_map *map;
		uint64_t entries;
	} sizes[] = {
		{skeleton->maps.displacements, 2ull * CAROM_GENERATION_COUNT *
						       memory->displacement_count /
						       CAROM_DISPLACEMENTS_PER_LINE},
		{skeleton->maps.addresses, 1ull * CAROM_GENERATION_COUNT * memory->entry_count},
		{skeleton->maps.vips, 1ull * CAROM_GENERATION_COUNT * memory->entry_count},
		{skeleton->maps.slots, memory->slot_count / CAROM_SLOTS_PER_LINE},
		{skeleton->maps.previous, memory->slot_count / CAROM_SLOTS_PER_LINE},
		{skeleton->maps.changed_at, memory->slot_count / CAROM_SLOTS_PER_LINE},
		{skeleton->maps.flows, memory->flow_count / CAROM_FLOWS_PER_LINE},
		{skeleton->maps.recorders, memory->lane_count},
		{skeleton->maps.backends, memory->backend_count},
		{skeleton->maps.vip_labels, memory->reasons_per_lane},
		{skeleton->maps.backend_labels, memory->backend_count},
		{skeleton->maps.counters, 1ull * memory->lane_count * memory->counters_per_lane},
		{skeleton->maps.reasons, 1ull * memory->lane_count * memory->reasons_per_lane},
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (sizes[i].entries > UINT32_MAX ||
		    bpf_map__set_max_entries(sizes[i].map, (uint32_t)sizes[i].entries))
			return -1;
	}
	return 0;
}

/* A map, and where its memory is to be found. */
struct mapping {
	const struct bpf_map *map;
	void **memory;
};

#define MAPPING_COUNT 13

static void list_mappings(struct arrays *arrays, struct mapping mappings[MAPPING_COUNT])
{
	struct dataplane_memory *memory = &arrays->memory;
	const struct balancer_bpf *skeleton = arrays->skeleton;
	const struct mapping list[MAPPING_COUNT] = {
		{skeleton->maps.displacements, (void **)&memory->displacements},
		{skeleton->maps.addresses, (void **)&memory->addresses},
		{skeleton->maps.vips, (void **)&memory->vips},
		{skeleton->maps.slots, (void **)&memory->slots},
		{skeleton->maps.previous, (void **)&memory->previous},
		{skeleton->maps.changed_at, (void **)&memory->changed_at},
		{skeleton->maps.flows, (void **)&memory->flows},
		{skeleton->maps.recorders, (void **)&memory->recorders},
		{skeleton->maps.backends, (void **)&memory->backends},
		{skeleton->maps.vip_labels, (void **)&memory->vip_labels},
		{skeleton->maps.backend_labels, (void **)&memory->backend_labels},
		{skeleton->maps.counters, (void **)&memory->counters},
		{skeleton->maps.reasons, (void **)&memory->reasons},
	};

	memcpy(mappings, list, sizeof(list));
}

static size_t mapped_bytes(const struct bpf_map *map)
{
	return (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
}

static int map_all(struct arrays *arrays, struct error *ret_error)
{
	struct mapping mappings[MAPPING_COUNT];
	void *memory;

	list_mappings(arrays, mappings);
	for (size_t i = 0; i < MAPPING_COUNT; i++) {
		memory = mmap(NULL, mapped_bytes(mappings[i].map), PROT_READ | PROT_WRITE,
			      MAP_SHARED, bpf_map__fd(mappings[i].map), 0);
		if (memory == MAP_FAILED)
			return error_set_errno(ret_error, errno,
					       "cannot map the BPF map '%s' into memory",
					       bpf_map__name(mappings[i].map));
		*mappings[i].memory = memory;
	}
	arrays->memory.control = &arrays->skeleton->data_control->control;
	arrays->memory.capture = &arrays->skeleton->data_capture->capture;
	arrays->memory.explanation = &arrays->skeleton->data_explanation->explanation;
	/* A former process may have been killed while it captured. */
	arrays->memory.control->capture = 0;
	return 0;
}

static void unmap_all(struct arrays *arrays)
{
	struct mapping mappings[MAPPING_COUNT];

	list_mappings(arrays, mappings);
	for (size_t i = 0; i < MAPPING_COUNT; i++) {
		if (*mappings[i].memory)
			munmap(*mappings[i].memory, mapped_bytes(mappings[i].map));
	}
}

/* ---- taking over ---- */

/* Those of one program, and those of one process, in which nothing is to outlive it. */
static bool is_pinned(const struct arrays *arrays, const struct bpf_map *map)
{
	const struct balancer_bpf *skeleton = arrays->skeleton;

	return map != skeleton->maps.rodata && map != skeleton->maps.captured &&
	       map != skeleton->maps.capture_lanes && map != skeleton->maps.data_capture &&
	       map != skeleton->maps.data_explanation;
}

/* Where a map is pinned. False: it is not. */
static bool pin_path(const struct arrays *arrays, const struct bpf_map *map,
		     char path[static PATH_MAX])
{
	const char *name = bpf_map__name(map);
	int length;

	if (!is_pinned(arrays, map))
		return false;
	length = snprintf(path, PATH_MAX, "%s/" MAPS_FOLDER "/%s", arrays->options.bpf_dir,
			  name + strspn(name, "."));
	if (length >= PATH_MAX)
		return false;
	for (char *dot = strrchr(path, '/'); *dot; dot++)
		*dot = *dot == '.' ? '_' : *dot;
	return true;
}

static bool map_fits(const struct bpf_map *map, int pinned)
{
	struct bpf_map_info information = {0};
	uint32_t length = sizeof(information);

	return bpf_obj_get_info_by_fd(pinned, &information, &length) == 0 &&
	       information.type == bpf_map__type(map) &&
	       information.value_size == bpf_map__value_size(map) &&
	       information.max_entries == bpf_map__max_entries(map) &&
	       information.map_flags == bpf_map__map_flags(map);
}

/* Opens a pinned map that the present object can use; -1 otherwise. */
static int open_pin(const struct bpf_map *map, const char *path, struct error *ret_error)
{
	int pinned = bpf_obj_get(path);

	if (pinned < 0) {
		error_set_errno(ret_error, errno, "'%s'", path);
	} else if (!map_fits(map, pinned)) {
		error_set(ret_error, ERROR_CONFLICT, "'%s' has another size or layout", path);
		close(pinned);
		pinned = -1;
	}
	return pinned;
}

static int check_control(const struct arrays *arrays, int pinned, struct error *ret_error)
{
	const uint64_t *wanted = arrays->options.hash_key;
	struct carom_control control;
	uint32_t key = 0;

	if (bpf_map_lookup_elem(pinned, &key, &control))
		return error_set_errno(ret_error, errno, "cannot read what is published");
	if (control.abi_version != CAROM_ABI_VERSION)
		return error_set(ret_error, ERROR_CONFLICT, "it has ABI version %u, this is %u",
				 control.abi_version, CAROM_ABI_VERSION);
	if (control.hash_key[0] != wanted[0] || control.hash_key[1] != wanted[1])
		return error_set(ret_error, ERROR_CONFLICT, "node.hash_seed was another");
	return 0;
}

/* Lets the skeleton use a pinned map. */
static int adopt_map(struct arrays *arrays, struct bpf_map *map, struct error *ret_error)
{
	char path[PATH_MAX];
	int pinned, result;

	if (!pin_path(arrays, map, path))
		return 0;
	pinned = open_pin(map, path, ret_error);
	if (pinned < 0)
		return -1;
	result = map == arrays->skeleton->maps.data_control
			 ? check_control(arrays, pinned, ret_error)
			 : 0;
	if (result == 0 && bpf_map__reuse_fd(map, pinned))
		result = error_set_errno(ret_error, errno, "cannot use '%s'", path);
	close(pinned);
	return result;
}

static int adopt_maps(struct arrays *arrays, struct error *ret_error)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, arrays->skeleton->obj)
	{
		if (adopt_map(arrays, map, ret_error))
			return -1;
	}
	return 0;
}

/* ---- making ---- */

static struct arrays *arrays_open(const struct arrays_options *options, struct error *ret_error)
{
	struct arrays *arrays = calloc(1, sizeof(*arrays));

	if (!arrays) {
		error_set_errno(ret_error, ENOMEM, "BPF maps");
		return NULL;
	}
	arrays->options = *options;
	set_sizes(&arrays->memory, options);
	arrays->skeleton = balancer_bpf__open();
	if (!arrays->skeleton) {
		error_set_errno(ret_error, errno, "cannot open the embedded BPF object");
	} else if (set_map_sizes(arrays->skeleton, &arrays->memory)) {
		error_set(ret_error, ERROR_LIMIT,
			  "node.limits: a BPF map of this size cannot be made");
	} else {
		bpf_program__set_autoload(arrays->skeleton->progs.carom_balancer, false);
		return arrays;
	}
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
		arrays->memory.control->abi_version = CAROM_ABI_VERSION;
		memcpy(arrays->memory.control->hash_key, options->hash_key,
		       sizeof(options->hash_key));
	}
	return arrays;
}

struct arrays *arrays_adopt(const struct arrays_options *options, struct error *ret_error)
{
	struct arrays *arrays = arrays_open(options, ret_error);

	if (arrays && adopt_maps(arrays, ret_error)) {
		arrays_free(arrays);
		return NULL;
	}
	return arrays ? arrays_load(arrays, ret_error) : NULL;
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

int arrays_captured(const struct arrays *arrays)
{
	return bpf_map__fd(arrays->skeleton->maps.captured);
}

int arrays_capture_lanes(const struct arrays *arrays)
{
	return bpf_map__fd(arrays->skeleton->maps.capture_lanes);
}

/* ---- pins ---- */

static int arrays_folder(const char *bpf_dir, char path[static PATH_MAX], struct error *ret_error)
{
	if (snprintf(path, PATH_MAX, "%s/" MAPS_FOLDER, bpf_dir) >= PATH_MAX)
		return error_set(ret_error, ERROR_INVALID, "node.bpf_dir '%s' is too long",
				 bpf_dir);
	return 0;
}

int arrays_pin(const struct arrays *arrays, struct error *ret_error)
{
	char folder[PATH_MAX], path[PATH_MAX];
	struct bpf_map *map;

	if (arrays_unpin(arrays->options.bpf_dir, ret_error) ||
	    arrays_folder(arrays->options.bpf_dir, folder, ret_error) ||
	    bpffs_prepare(folder, ret_error))
		return -1;
	bpf_object__for_each_map(map, arrays->skeleton->obj)
	{
		if (pin_path(arrays, map, path) && bpf_obj_pin(bpf_map__fd(map), path))
			return error_set_errno(ret_error, errno, "cannot pin '%s'", path);
	}
	return 0;
}

int arrays_unpin(const char *bpf_dir, struct error *ret_error)
{
	char folder[PATH_MAX];

	return arrays_folder(bpf_dir, folder, ret_error) || bpffs_remove(folder, ret_error) ? -1
											    : 0;
}

/* How many entries a pinned map has; 0: it is not there. */
static uint32_t pinned_entries(const char *bpf_dir, const char *name)
{
	struct bpf_map_info information = {0};
	uint32_t length = sizeof(information);
	char path[PATH_MAX];
	int pinned;

	if (snprintf(path, PATH_MAX, "%s/" MAPS_FOLDER "/%s", bpf_dir, name) >= PATH_MAX)
		return 0;
	pinned = bpf_obj_get(path);
	if (pinned < 0)
		return 0;
	bpf_obj_get_info_by_fd(pinned, &information, &length);
	close(pinned);
	return information.max_entries;
}

void arrays_use_pinned_sizes(struct arrays_options *options)
{
	const char *bpf_dir = options->bpf_dir;

	options->slot_count = pinned_entries(bpf_dir, "slots") * CAROM_SLOTS_PER_LINE;
	options->limits = (struct dataplane_limits){
		.vips = pinned_entries(bpf_dir, "vip_labels") / 2,
		.backends = pinned_entries(bpf_dir, "backends") / 2,
		.flows = pinned_entries(bpf_dir, "flows") * CAROM_FLOWS_PER_LINE,
	};
}
