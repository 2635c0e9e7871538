/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instance of the data plane: the lock on bpf_dir, the maps, the programs that use them.
 *
 * Maps and programs come from two openings of the same object: arrays.c's makes the maps, so that a
 * first generation can be published before any packet is seen; attach.c opens another for each
 * interface and lets it use these maps. Called by control/ on the event loop's thread.
 */
#include "dataplane.h"

#include "arrays.h"
#include "attach.h"
#include "bpffs.h"
#include "hash_key.h"
#include "kernel.h"
#include "log.h"

#include "balancer.skel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROGRAM_NAME "carom_balancer"

struct dataplane {
	struct dataplane_options options;
	int lock;
	struct arrays *maps;
	struct arrays *predecessor; /* of other sizes, from which to inherit; NULL: none */
	struct adoption adoption;
	struct carom_settings settings;
};

static struct arrays_options arrays_options(const struct dataplane *dataplane)
{
	return (struct arrays_options){
		.bpf_dir = dataplane->options.bpf_dir,
		.limits = dataplane->options.limits,
		.hash_key = {dataplane->options.hash_key[0], dataplane->options.hash_key[1]},
	};
}

static void refuse_predecessor(struct dataplane *dataplane, const char *reason)
{
	dataplane->adoption.result = ADOPTION_REFUSED;
	snprintf(dataplane->adoption.reason, sizeof(dataplane->adoption.reason), "%s", reason);
}

/* Maps that only have other sizes can still be read. */
static void open_predecessor(struct dataplane *dataplane)
{
	struct arrays_options options = arrays_options(dataplane);
	struct error why = {0};

	arrays_use_pinned_sizes(&options);
	dataplane->predecessor = arrays_adopt(&options, &dataplane->adoption, &why);
	dataplane->adoption.result = ADOPTION_INHERITED;
	if (dataplane->predecessor)
		return;
	refuse_predecessor(dataplane, why.message);
	log_line(LOG_LEVEL_WARNING, "what the predecessor left is not adopted, but replaced: %s",
		 why.message);
}

static void dataplane_adopt(struct dataplane *dataplane)
{
	struct arrays_options options = arrays_options(dataplane);
	struct adoption *adoption = &dataplane->adoption;
	struct error why = {0};

	dataplane->maps = arrays_adopt(&options, adoption, &why);
	if (dataplane->maps)
		adoption->result = ADOPTION_ADOPTED;
	else if (why.kind != ERROR_NOT_FOUND)
		open_predecessor(dataplane);
	for (size_t i = 0; i < adoption->left_out_count && adoption->result != ADOPTION_REFUSED;
	     i++)
		log_line(LOG_LEVEL_WARNING, "map '%s' is not adopted: %s",
			 adoption->left_out[i].map, adoption->left_out[i].reason);
}

static int open_maps(struct dataplane *dataplane, struct error *ret_error)
{
	struct arrays_options options = arrays_options(dataplane);

	if (dataplane->options.refusal)
		refuse_predecessor(dataplane, dataplane->options.refusal);
	else
		dataplane_adopt(dataplane);
	if (!dataplane->maps)
		dataplane->maps = arrays_make(&options, ret_error);
	return dataplane->maps ? 0 : -1;
}

bool dataplane_is_adopted(const struct dataplane *dataplane)
{
	return dataplane->adoption.result == ADOPTION_ADOPTED;
}

const struct adoption *dataplane_adoption(const struct dataplane *dataplane)
{
	return &dataplane->adoption;
}

const struct dataplane_memory *dataplane_predecessor(const struct dataplane *dataplane)
{
	return dataplane->predecessor ? arrays_memory(dataplane->predecessor) : NULL;
}

void dataplane_forget_predecessor(struct dataplane *dataplane)
{
	arrays_free(dataplane->predecessor);
	dataplane->predecessor = NULL;
}

bool dataplane_pinned_hash_key(const char *bpf_dir, uint64_t ret_key[2])
{
	return arrays_pinned_hash_key(bpf_dir, ret_key);
}

static void set_settings(struct dataplane *dataplane)
{
	const struct dataplane_memory *memory = arrays_memory(dataplane->maps);

	dataplane->settings = (struct carom_settings){
		.hash_key = hash_key_expand(dataplane->options.hash_key),
		.instance = attach_instance(dataplane->options.bpf_dir),
		.counters_per_lane = memory->counters_per_lane,
		.reasons_per_lane = memory->reasons_per_lane,
		.flow_line_mask = memory->flow_count / CAROM_FLOWS_PER_LINE - 1,
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
	if (kernel_check(ret_error) || bpffs_prepare(options->bpf_dir, ret_error))
		goto failed;
	dataplane->lock = bpffs_lock(options->bpf_dir, ret_error);
	if (dataplane->lock < 0 || open_maps(dataplane, ret_error))
		goto failed;
	set_settings(dataplane);
	return dataplane;
failed:
	dataplane_free(dataplane);
	return NULL;
}

void dataplane_free(struct dataplane *dataplane)
{
	if (!dataplane)
		return;
	arrays_free(dataplane->maps);
	arrays_free(dataplane->predecessor);
	if (dataplane->lock >= 0) {
		/* Succeeds only if nothing is pinned in it. */
		rmdir(dataplane->options.bpf_dir);
		close(dataplane->lock);
	}
	free(dataplane);
}

const struct dataplane_memory *dataplane_memory(const struct dataplane *dataplane)
{
	return arrays_memory(dataplane->maps);
}

static struct bpf_object *open_with(const struct dataplane *dataplane,
				    const struct carom_settings *settings, struct error *ret_error)
{
	struct attach_object object = {
		.maps = arrays_object(dataplane->maps),
		.settings = settings,
		.settings_bytes = sizeof(*settings),
	};

	object.bytes = balancer_bpf__elf_bytes(&object.length);
	return attach_open(&object, ret_error);
}

static struct bpf_object *dataplane_open_program(const void *context, struct error *ret_error)
{
	const struct dataplane *dataplane = context;

	return open_with(dataplane, &dataplane->settings, ret_error);
}

static struct bpf_object *open_twin(const void *context, struct error *ret_error)
{
	const struct dataplane *dataplane = context;
	struct carom_settings settings = dataplane->settings;

	settings.explains = true;
	return open_with(dataplane, &settings, ret_error);
}

static struct attach_program dataplane_program(const struct dataplane *dataplane)
{
	return (struct attach_program){
		.name = PROGRAM_NAME,
		.instance = dataplane->settings.instance,
		.open = dataplane_open_program,
		.context = dataplane,
	};
}

int dataplane_attach(struct dataplane *dataplane, const char *interface, enum attach_mode mode,
		     struct attachment *ret_attachment, struct error *ret_error)
{
	struct attach_program program = dataplane_program(dataplane);

	return attach_put(&program, interface, mode, ret_attachment, ret_error);
}

int dataplane_detach(const struct dataplane *dataplane, const char *interface,
		     struct error *ret_error)
{
	struct attach_program program = dataplane_program(dataplane);
	size_t count = 0;

	return attach_remove(&program, interface, &count, ret_error);
}

int dataplane_load(const struct dataplane *dataplane, struct error *ret_error)
{
	struct attach_program program = dataplane_program(dataplane);

	return attach_load(&program, ret_error);
}

int dataplane_load_twin(const struct dataplane *dataplane, struct error *ret_error)
{
	struct attach_program twin = dataplane_program(dataplane);

	twin.open = open_twin;
	return attach_load(&twin, ret_error);
}

struct dataplane_capture_maps dataplane_capture_maps(const struct dataplane *dataplane)
{
	return arrays_capture_maps(dataplane->maps);
}

int dataplane_keep(struct dataplane *dataplane, struct error *ret_error)
{
	return arrays_pin(dataplane->maps, ret_error);
}

int dataplane_check_folder(const char *bpf_dir, struct error *ret_error)
{
	return bpffs_check(bpf_dir, ret_error);
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
		result = arrays_unpin(bpf_dir, ret_error) || bpffs_remove(bpf_dir, ret_error) ? -1
											      : 0;
	if (lock >= 0)
		close(lock);
	return result;
}
