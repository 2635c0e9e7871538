/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maps of one instance, in the kernel and mapped into memory.
 *
 * Maps and programs come from two openings of the same object: one whose program is not loaded
 * makes the maps, so that a first generation can be published before any packet is seen; attach.c
 * opens another for each interface and lets it use these maps. Owns the lock on bpf_dir, the maps
 * and their mappings. Called by control/ on the event loop's thread.
 */
#include "dataplane.h"

#include "attach.h"
#include "bpffs.h"
#include "displace.h"
#include "kernel.h"
#include "log.h"

#include "balancer.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPS_FOLDER  "maps"
#define PROGRAM_NAME "carom_balancer"

struct dataplane {
	struct dataplane_options options;
	int lock;
	struct balancer_bpf *maps;
	bool adopted;
	struct carom_settings settings;
	struct dataplane_memory memory;
};

static uint32_t power_of_two(uint32_t at_least)
{
	uint32_t size = CAROM_FLOWS_PER_LINE;

	while (size < at_least)
		size *= 2;
	return size;
}

static void set_sizes(struct dataplane_memory *memory, const struct dataplane_limits *limits)
{
	memory->displacement_count = displace_bucket_count(limits->vips);
	memory->entry_count = displace_entry_count(limits->vips);
	memory->slot_count = 2 * limits->slots;
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

static void list_mappings(struct dataplane *dataplane, struct mapping mappings[MAPPING_COUNT])
{
	struct dataplane_memory *memory = &dataplane->memory;
	const struct balancer_bpf *skeleton = dataplane->maps;
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

static int map_all(struct dataplane *dataplane, struct error *ret_error)
{
	struct mapping mappings[MAPPING_COUNT];
	void *memory;

	list_mappings(dataplane, mappings);
	for (size_t i = 0; i < MAPPING_COUNT; i++) {
		memory = mmap(NULL, mapped_bytes(mappings[i].map), PROT_READ | PROT_WRITE,
			      MAP_SHARED, bpf_map__fd(mappings[i].map), 0);
		if (memory == MAP_FAILED)
			return error_set_errno(ret_error, errno,
					       "cannot map the BPF map '%s' into memory",
					       bpf_map__name(mappings[i].map));
		*mappings[i].memory = memory;
	}
	dataplane->memory.control = &dataplane->maps->data_control->control;
	return 0;
}

static void unmap_all(struct dataplane *dataplane)
{
	struct mapping mappings[MAPPING_COUNT];

	list_mappings(dataplane, mappings);
	for (size_t i = 0; i < MAPPING_COUNT; i++) {
		if (*mappings[i].memory)
			munmap(*mappings[i].memory, mapped_bytes(mappings[i].map));
	}
}

/* ---- taking over ---- */

/* Where a map is pinned. False: it is not, for it belongs to one program. */
static bool pin_path(const struct dataplane *dataplane, const struct bpf_map *map,
		     char path[static PATH_MAX])
{
	const char *name = bpf_map__name(map);
	int length;

	if (map == dataplane->maps->maps.rodata)
		return false;
	length = snprintf(path, PATH_MAX, "%s/" MAPS_FOLDER "/%s", dataplane->options.bpf_dir,
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

static int check_control(const struct dataplane *dataplane, int pinned, struct error *ret_error)
{
	const uint64_t *wanted = dataplane->options.hash_key;
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
static int adopt_map(struct dataplane *dataplane, struct bpf_map *map, struct error *ret_error)
{
	char path[PATH_MAX];
	int pinned, result;

	if (!pin_path(dataplane, map, path))
		return 0;
	pinned = open_pin(map, path, ret_error);
	if (pinned < 0)
		return -1;
	result = map == dataplane->maps->maps.data_control
			 ? check_control(dataplane, pinned, ret_error)
			 : 0;
	if (result == 0 && bpf_map__reuse_fd(map, pinned))
		result = error_set_errno(ret_error, errno, "cannot use '%s'", path);
	close(pinned);
	return result;
}

static int adopt_maps(struct dataplane *dataplane, struct error *ret_error)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, dataplane->maps->obj)
	{
		if (adopt_map(dataplane, map, ret_error))
			return -1;
	}
	return 0;
}

/* ---- making ---- */

static int open_maps(struct dataplane *dataplane, struct error *ret_error)
{
	dataplane->maps = balancer_bpf__open();
	if (!dataplane->maps)
		return error_set_errno(ret_error, errno, "cannot open the embedded BPF object");
	bpf_program__set_autoload(dataplane->maps->progs.carom_balancer, false);
	if (set_map_sizes(dataplane->maps, &dataplane->memory))
		return error_set(ret_error, ERROR_LIMIT,
				 "node.limits: a BPF map of this size "
				 "cannot be made");
	return 0;
}

/* All pinned maps, or none: a mixture would contradict itself. */
static int open_adopted_or_new(struct dataplane *dataplane, struct error *ret_error)
{
	struct error why = {0};

	if (open_maps(dataplane, ret_error))
		return -1;
	if (!dataplane->options.anew && adopt_maps(dataplane, &why) == 0) {
		dataplane->adopted = true;
		return 0;
	}
	if (why.kind != ERROR_NONE && why.kind != ERROR_NOT_FOUND)
		log_line(LOG_LEVEL_WARNING,
			 "what a former caromd left is not taken over, but replaced: %s",
			 why.message);
	balancer_bpf__destroy(dataplane->maps);
	return open_maps(dataplane, ret_error);
}

static void set_up_control(struct dataplane *dataplane)
{
	struct carom_control *control = dataplane->memory.control;

	control->abi_version = CAROM_ABI_VERSION;
	memcpy(control->hash_key, dataplane->options.hash_key, sizeof(control->hash_key));
}

static int make_maps(struct dataplane *dataplane, struct error *ret_error)
{
	if (open_adopted_or_new(dataplane, ret_error))
		return -1;
	if (balancer_bpf__load(dataplane->maps))
		return error_set_errno(ret_error, errno,
				       "cannot make the BPF maps (node.limits says how large)");
	if (map_all(dataplane, ret_error))
		return -1;
	if (!dataplane->adopted)
		set_up_control(dataplane);
	return 0;
}

bool dataplane_is_adopted(const struct dataplane *dataplane)
{
	return dataplane->adopted;
}

static void set_settings(struct dataplane *dataplane)
{
	dataplane->settings = (struct carom_settings){
		.hash_key = {dataplane->options.hash_key[0], dataplane->options.hash_key[1]},
		.instance = attach_instance(dataplane->options.bpf_dir),
		.counters_per_lane = dataplane->memory.counters_per_lane,
		.reasons_per_lane = dataplane->memory.reasons_per_lane,
		.flow_line_mask = dataplane->memory.flow_count / CAROM_FLOWS_PER_LINE - 1,
		.flow_idle_timeout_s = dataplane->options.limits.flow_idle_timeout_s,
		.flow_inserts_per_s = dataplane->options.limits.flow_inserts_per_s,
	};
}

struct dataplane *dataplane_new(const struct dataplane_options *options, struct error *ret_error)
{
	struct dataplane *dataplane = calloc(1, sizeof(*dataplane));

	if (!dataplane) {
		error_set_errno(ret_error, ENOMEM, "data plane");
		return NULL;
	}
	attach_log_libraries();
	dataplane->options = *options;
	dataplane->lock = -1;
	set_sizes(&dataplane->memory, &options->limits);
	set_settings(dataplane);
	if (kernel_check(ret_error) || bpffs_prepare(options->bpf_dir, ret_error))
		goto failed;
	dataplane->lock = bpffs_lock(options->bpf_dir, ret_error);
	if (dataplane->lock < 0 || make_maps(dataplane, ret_error))
		goto failed;
	return dataplane;
failed:
	dataplane_free(dataplane);
	return NULL;
}

void dataplane_free(struct dataplane *dataplane)
{
	if (!dataplane)
		return;
	if (dataplane->maps) {
		unmap_all(dataplane);
		balancer_bpf__destroy(dataplane->maps);
	}
	if (dataplane->lock >= 0) {
		/* Succeeds only if nothing is pinned in it. */
		rmdir(dataplane->options.bpf_dir);
		close(dataplane->lock);
	}
	free(dataplane);
}

const struct dataplane_memory *dataplane_memory(const struct dataplane *dataplane)
{
	return &dataplane->memory;
}

static struct bpf_object *open_program(const void *context, struct error *ret_error)
{
	const struct dataplane *dataplane = context;
	struct attach_object object = {
		.maps = dataplane->maps->obj,
		.settings = &dataplane->settings,
		.settings_bytes = sizeof(dataplane->settings),
	};

	object.bytes = balancer_bpf__elf_bytes(&object.length);
	return attach_open(&object, ret_error);
}

static struct attach_program program_of(const struct dataplane *dataplane)
{
	return (struct attach_program){
		.name = PROGRAM_NAME,
		.instance = dataplane->settings.instance,
		.open = open_program,
		.context = dataplane,
	};
}

int dataplane_attach(struct dataplane *dataplane, const char *interface, enum attach_mode mode,
		     struct attachment *ret_attachment, struct error *ret_error)
{
	struct attach_program program = program_of(dataplane);

	return attach_put(&program, interface, mode, ret_attachment, ret_error);
}

int dataplane_detach(const struct dataplane *dataplane, const char *interface,
		     struct error *ret_error)
{
	struct attach_program program = program_of(dataplane);
	size_t count = 0;

	return attach_remove(&program, interface, &count, ret_error);
}

int dataplane_load(const struct dataplane *dataplane, struct error *ret_error)
{
	struct attach_program program = program_of(dataplane);

	return attach_load(&program, ret_error);
}

static int maps_folder(const char *bpf_dir, char path[static PATH_MAX], struct error *ret_error)
{
	if (snprintf(path, PATH_MAX, "%s/" MAPS_FOLDER, bpf_dir) >= PATH_MAX)
		return error_set(ret_error, ERROR_INVALID, "node.bpf_dir '%s' is too long",
				 bpf_dir);
	return 0;
}

int dataplane_keep(struct dataplane *dataplane, struct error *ret_error)
{
	char folder[PATH_MAX], path[PATH_MAX];
	struct bpf_map *map;

	if (dataplane->adopted)
		return 0;
	if (maps_folder(dataplane->options.bpf_dir, folder, ret_error) ||
	    bpffs_remove(folder, ret_error) || bpffs_prepare(folder, ret_error))
		return -1;
	bpf_object__for_each_map(map, dataplane->maps->obj)
	{
		if (pin_path(dataplane, map, path) && bpf_obj_pin(bpf_map__fd(map), path))
			return error_set_errno(ret_error, errno, "cannot pin '%s'", path);
	}
	return 0;
}

static int remove_pins(const char *bpf_dir, struct error *ret_error)
{
	char folder[PATH_MAX];

	if (maps_folder(bpf_dir, folder, ret_error) || bpffs_remove(folder, ret_error))
		return -1;
	return bpffs_remove(bpf_dir, ret_error);
}

int dataplane_detach_all(const char *bpf_dir, size_t *ret_count, struct error *ret_error)
{
	struct attach_program program = {
		.name = PROGRAM_NAME,
		.instance = attach_instance(bpf_dir),
	};
	int lock = -1, result;

	attach_log_libraries();
	if (bpffs_exists(bpf_dir)) {
		lock = bpffs_lock(bpf_dir, ret_error);
		if (lock < 0)
			return -1;
	}
	result = attach_remove_all(&program, ret_count, ret_error);
	if (result == 0 && lock >= 0)
		result = remove_pins(bpf_dir, ret_error);
	if (lock >= 0)
		close(lock);
	return result;
}
