/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaches bpf/decap.bpf.c. Each interface has maps of its own, pinned in a folder of its own under
 * bpf_dir, so that the command that attached may end and another one can read them.
 */
#include "decap.h"

#include "attach.h"
#include "bpffs.h"

#include "decap.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_NAME   "carom_decap"
#define PIN_NAME_BYTES 64
#define IPV4_IN_IPV6   96 /* bits that an IPv4 prefix is longer by in its IPv4-mapped form */

/* One run of decap_attach(). */
struct decap {
	struct decap_bpf *maps; /* opened once for the maps, whose program is not loaded */
	struct carom_decap_settings settings;
	char folder[PATH_MAX];
};

static int find_folder(const char *bpf_dir, const char *interface, char folder[static PATH_MAX],
		       struct error *ret_error)
{
	if (snprintf(folder, PATH_MAX, "%s/%s", bpf_dir, interface) >= PATH_MAX)
		return error_set(ret_error, ERROR_INVALID, "the folder '%s' has too long a name",
				 bpf_dir);
	return 0;
}

static struct bpf_object *decap_open_program(const void *context, struct error *ret_error)
{
	const struct decap *decap = context;
	struct attach_object object = {
		.maps = decap->maps->obj,
		.settings = &decap->settings,
		.settings_bytes = sizeof(decap->settings),
	};

	object.bytes = decap_bpf__elf_bytes(&object.length);
	return attach_open(&object, ret_error);
}

static struct attach_program decap_program(const struct decap *decap)
{
	return (struct attach_program){
		.name = PROGRAM_NAME,
		.instance = decap->settings.instance,
		.open = decap_open_program,
		.context = decap,
	};
}

static int allow(const struct decap *decap, const struct decap_options *options,
		 struct error *ret_error)
{
	int map = bpf_map__fd(decap->maps->maps.allowed);
	char text[PREFIX_TEXT_BYTES];
	uint32_t value = 1;

	for (size_t i = 0; i < options->allowed_count; i++) {
		const struct prefix *prefix = &options->allowed[i];
		struct carom_decap_prefix key = {
			.bits = prefix->bits,
			.address = prefix->address,
		};

		if (address_is_ipv4(&prefix->address))
			key.bits += IPV4_IN_IPV6;
		if (bpf_map_update_elem(map, &key, &value, BPF_ANY))
			return error_set_errno(ret_error, errno, "cannot allow '%s'",
					       prefix_format(prefix, text));
	}
	return 0;
}

static int make_maps(struct decap *decap, const struct decap_options *options,
		     struct error *ret_error)
{
	decap->maps = decap_bpf__open();
	if (!decap->maps)
		return error_set_errno(ret_error, errno, "cannot open the embedded BPF object");
	bpf_program__set_autoload(decap->maps->progs.carom_decap, false);
	if (decap_bpf__load(decap->maps))
		return error_set_errno(ret_error, errno, "cannot make the BPF maps");
	return allow(decap, options, ret_error);
}

/* By the names that libbpf gives pins: of the maps, without dots. */
static int unpin_maps(const struct decap *decap, struct error *ret_error)
{
	const struct bpf_map *map;
	char name[PIN_NAME_BYTES];

	bpf_object__for_each_map(map, decap->maps->obj)
	{
		snprintf(name, sizeof(name), "%s", bpf_map__name(map));
		for (char *dot = strchr(name, '.'); dot; dot = strchr(dot, '.'))
			*dot = '_';
		if (bpffs_unlink(decap->folder, name, ret_error))
			return -1;
	}
	return 0;
}

static int pin_maps(const struct decap *decap, struct error *ret_error)
{
	if (unpin_maps(decap, ret_error) || bpffs_prepare(decap->folder, ret_error))
		return -1;
	if (bpf_object__pin_maps(decap->maps->obj, decap->folder))
		return error_set_errno(ret_error, errno, "cannot pin the maps under '%s'",
				       decap->folder);
	return 0;
}

static int decap_put(struct decap *decap, const struct decap_options *options,
		     struct attachment *ret_attachment, struct error *ret_error)
{
	struct attach_program program = decap_program(decap);
	size_t count = 0;

	if (bpffs_prepare(options->bpf_dir, ret_error) || make_maps(decap, options, ret_error) ||
	    attach_put(&program, options->interface, options->mode, ret_attachment, ret_error))
		return -1;
	if (pin_maps(decap, ret_error) == 0)
		return 0;
	if (!ret_attachment->replaced)
		attach_remove(&program, options->interface, &count, NULL);
	return -1;
}

int decap_attach(const struct decap_options *options, struct attachment *ret_attachment,
		 struct error *ret_error)
{
	struct decap decap = {.settings.instance = attach_instance(options->bpf_dir)};
	int result;

	attach_log_libraries();
	if (find_folder(options->bpf_dir, options->interface, decap.folder, ret_error))
		return -1;
	result = decap_put(&decap, options, ret_attachment, ret_error);
	decap_bpf__destroy(decap.maps);
	return result;
}

static int remove_pins(struct decap *decap, struct error *ret_error)
{
	int result = -1;

	decap->maps = decap_bpf__open(); /* for the names */
	if (!decap->maps)
		error_set_errno(ret_error, errno, "cannot open the embedded BPF object");
	else if (unpin_maps(decap, ret_error) == 0)
		result = bpffs_remove(decap->folder, ret_error);
	decap_bpf__destroy(decap->maps);
	return result;
}

int decap_detach(const char *interface, const char *bpf_dir, struct error *ret_error)
{
	struct decap decap = {.settings.instance = attach_instance(bpf_dir)};
	struct attach_program program = decap_program(&decap);
	size_t count = 0;

	attach_log_libraries();
	if (find_folder(bpf_dir, interface, decap.folder, ret_error) ||
	    attach_remove(&program, interface, &count, ret_error) || remove_pins(&decap, ret_error))
		return -1;
	/* Stays while another interface has its pins there. */
	rmdir(bpf_dir);
	if (count)
		return 0;
	return error_set(ret_error, ERROR_NOT_FOUND,
			 "interface '%s' has no decapsulation of '%s' attached", interface,
			 bpf_dir);
}

/* ---- status ---- */

static int decap_open_pin(const char *folder, const char *name, struct error *ret_error)
{
	char path[PATH_MAX + NAME_MAX];
	int map;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	map = bpf_obj_get(path);
	if (map < 0)
		error_set_errno(ret_error, errno, "nothing is attached: cannot open '%s'", path);
	return map;
}

static int read_results(const char *folder, struct decap_status *status, struct error *ret_error)
{
	int lanes = libbpf_num_possible_cpus(), map = decap_open_pin(folder, "results", ret_error);
	uint64_t *values = lanes > 0 ? calloc((size_t)lanes, sizeof(values[0])) : NULL;

	for (uint32_t i = 0; map >= 0 && values && i < CAROM_DECAP_REASON_COUNT; i++) {
		if (bpf_map_lookup_elem(map, &i, values))
			continue;
		for (int lane = 0; lane < lanes; lane++)
			status->results[i] += values[lane];
	}
	free(values);
	if (map < 0)
		return -1;
	close(map);
	return 0;
}

static int read_allowed(const char *folder, struct decap_status *status, struct error *ret_error)
{
	struct carom_decap_prefix key, *previous = NULL;
	int map = decap_open_pin(folder, "allowed", ret_error);

	if (map < 0)
		return -1;
	while (status->allowed_count < CAROM_DECAP_PREFIXES_MAX &&
	       bpf_map_get_next_key(map, previous, &key) == 0) {
		struct prefix *prefix = &status->allowed[status->allowed_count++];

		prefix->address = key.address;
		prefix->bits = key.bits;
		if (address_is_ipv4(&key.address) && key.bits >= IPV4_IN_IPV6)
			prefix->bits -= IPV4_IN_IPV6;
		previous = &key;
	}
	close(map);
	return 0;
}

int decap_read_status(const char *interface, const char *bpf_dir, struct decap_status *ret_status,
		      struct error *ret_error)
{
	struct decap_status status = {0};
	char folder[PATH_MAX];

	attach_log_libraries();
	if (find_folder(bpf_dir, interface, folder, ret_error) ||
	    read_results(folder, &status, ret_error) || read_allowed(folder, &status, ret_error))
		return -1;
	*ret_status = status;
	return 0;
}
