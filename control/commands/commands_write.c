/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writes. Each makes a new desired state out of the present one and hands it to the one door;
 * a body that cannot be accepted is answered with all its faults, their pointers relative to it.
 */
#include "commands_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* "/vips/web" or "/vips/web/backends/web-1". Names that need escaping are refused before. */
static const char *format_pointer(char pointer[ERROR_POINTER_BYTES], const char *vip,
				  const char *part, const char *backend)
{
	snprintf(pointer, ERROR_POINTER_BYTES, "/vips/%s%s%s", vip, part, backend);
	return pointer;
}

/* desired: NULL if it was refused, with faults. Takes both over. */
static void finish(struct commands *commands, struct config *desired, bool created,
		   struct error_list *faults, const char *pointer,
		   const struct commands_write *write)
{
	if (desired) {
		error_list_done(faults);
		commands_apply(commands, desired, created, write);
		return;
	}
	json_faults_make_relative(faults, pointer);
	commands_refuse(commands, faults, write->reply);
}

static const struct config_vip *find_vip(struct commands *commands, const char *name,
					 const struct commands_write *write)
{
	const struct config_vip *vip = config_find_vip(commands->desired, name);
	struct error_list faults = {0};

	if (!vip) {
		error_list_add(&faults, ERROR_NOT_FOUND, "", "there is no vip '%s'", name);
		commands_refuse(commands, &faults, write->reply);
	}
	return vip;
}

static void fault_no_backend(struct error_list *faults, const char *vip, const char *backend)
{
	error_list_add(faults, ERROR_NOT_FOUND, "", "vip '%s' has no backend '%s'", vip, backend);
}

/* The desired state with this VIP in it, if there is one; takes it over. */
static struct config *with_vip(const struct commands *commands, struct config_vip *vip,
			       struct error_list *faults)
{
	struct config *desired = vip ? config_with_vip(commands->desired, vip, faults) : NULL;

	config_vip_unref(vip);
	return desired;
}

void commands_put_config(struct commands *commands, const json_t *body,
			 const struct commands_write *write)
{
	struct error_list faults = {0};
	struct config *desired = config_replace_from_json(commands->desired, body, &faults);

	finish(commands, desired, false, &faults, "", write);
}

void commands_put_vip(struct commands *commands, const char *vip, const json_t *body,
		      const struct commands_write *write)
{
	char pointer[ERROR_POINTER_BYTES];
	struct error_list faults = {0};
	const struct config_vip *former = config_find_vip(commands->desired, vip);
	bool created = !former;
	struct config_vip *new;

	format_pointer(pointer, vip, "", "");
	new = config_vip_replace_from_json(former, body, vip, pointer, &faults);
	finish(commands, with_vip(commands, new, &faults), created, &faults, pointer, write);
}

void commands_delete_vip(struct commands *commands, const char *vip,
			 const struct commands_write *write)
{
	struct error_list faults = {0};
	struct config *desired = commands->desired;

	if (config_find_vip(desired, vip))
		desired = config_without_vip(desired, vip, &faults);
	else
		desired = config_ref(desired);
	finish(commands, desired, false, &faults, "", write);
}

void commands_put_backends(struct commands *commands, const char *vip, const json_t *body,
			   const struct commands_write *write)
{
	const struct config_vip *base = find_vip(commands, vip, write);
	struct config_backend *backends = NULL;
	char pointer[ERROR_POINTER_BYTES];
	struct error_list faults = {0};
	struct config_vip *new = NULL;
	size_t count = 0;

	if (!base)
		return;
	format_pointer(pointer, vip, "/backends", "");
	if (config_backends_from_json(body, pointer, &backends, &count, &faults) == 0)
		new = config_vip_with_backends(base, backends, count, &faults);
	free(backends);
	finish(commands, with_vip(commands, new, &faults), false, &faults, pointer, write);
}

void commands_put_backend(struct commands *commands, const char *vip, const char *backend,
			  const json_t *body, const struct commands_write *write)
{
	const struct config_vip *base = find_vip(commands, vip, write);
	char pointer[ERROR_POINTER_BYTES];
	struct error_list faults = {0};
	struct config_vip *new = NULL;
	struct config_backend parsed;
	bool created;

	if (!base)
		return;
	created = !config_find_backend(base, backend);
	format_pointer(pointer, vip, "/backends/", backend);
	if (config_backend_from_json(body, backend, pointer, &parsed, &faults) == 0)
		new = config_vip_with_backend(base, &parsed, &faults);
	finish(commands, with_vip(commands, new, &faults), created, &faults, pointer, write);
}

void commands_delete_backend(struct commands *commands, const char *vip, const char *backend,
			     const struct commands_write *write)
{
	const struct config_vip *base = find_vip(commands, vip, write);
	struct config *desired = commands->desired;
	struct error_list faults = {0};

	if (!base)
		return;
	if (config_find_backend(base, backend))
		desired = with_vip(commands, config_vip_without_backend(base, backend, &faults),
				   &faults);
	else
		desired = config_ref(desired);
	finish(commands, desired, false, &faults, "", write);
}

void commands_set_state(struct commands *commands, const char *vip, const char *backend,
			enum config_state state, const struct commands_write *write)
{
	const struct config_vip *base = find_vip(commands, vip, write);
	const struct config_backend *found;
	struct error_list faults = {0};
	struct config_vip *new = NULL;
	struct config_backend changed;

	if (!base)
		return;
	found = config_find_backend(base, backend);
	if (found) {
		changed = *found;
		changed.state = state;
		new = config_vip_with_backend(base, &changed, &faults);
	} else {
		fault_no_backend(&faults, vip, backend);
	}
	finish(commands, with_vip(commands, new, &faults), false, &faults, "", write);
}
