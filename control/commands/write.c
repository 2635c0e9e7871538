/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writes. Each makes a new desired state out of the present one and hands it to the engine. A
 * body that cannot be accepted is answered with all its errors, their pointers relative to it.
 *
 * However many VIPs a write touches, it is one revision and one generation. A restore is a write
 * like any other, too: an older revision's VIPs are checked against the limits of today, and what
 * they share with the present ones is found at once.
 */
#include "write.h"

#include "commands_parts.h"
#include "foretell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- to the engine ---- */

/* A write whose result is to come. */
struct write_pending {
	struct commands_reply reply;
	bool created;
};

void write_refuse_all(const struct commands *commands, struct error_list *errors,
		      struct commands_reply reply)
{
	struct commands_result result = {
		.errors = errors,
		.revision = engine_desired_revision(commands->engine),
	};

	if (reply.done)
		reply.done(reply.context, &result);
	error_list_done(errors);
}

static void write_refuse_with(const struct commands *commands, const struct error *error,
			      struct commands_reply reply)
{
	struct error_list errors = {0};

	error_list_append(&errors, error);
	write_refuse_all(commands, &errors, reply);
}

/* An engine_done. */
static void write_on_done(void *context, const struct engine_result *engine_result)
{
	struct write_pending *pending = context;
	struct commands_result result = {
		.errors = engine_result->errors,
		.revision = engine_result->revision,
		.created = pending->created,
		.changed = engine_result->changed,
	};

	if (pending->reply.done)
		pending->reply.done(pending->reply.context, &result);
	free(pending);
}

static void write_foretell(struct commands *commands, const struct config *desired, bool created,
			   const struct commands_write *write)
{
	struct error error = {0};
	json_t *forecast = engine_check_busy(commands->engine, &error)
				   ? NULL
				   : foretell(commands->engine, desired, &error);
	struct commands_result result = {
		.forecast = forecast,
		.revision = engine_desired_revision(commands->engine),
		.created = created,
		.changed = !config_objects_equal(engine_desired(commands->engine), desired),
	};

	if (forecast)
		write->reply.done(write->reply.context, &result);
	else
		write_refuse_with(commands, &error, write->reply);
	json_decref(forecast);
}

/* Hands a checked desired state to the engine; takes ownership of the reference. `created` goes
 * into the result. A dry run is answered at once, from what is desired and published now. */
static void write_apply(struct commands *commands, struct config *desired, bool created,
			const struct commands_write *write)
{
	struct write_pending *pending;
	struct error error = {0};

	if (write->dry_run) {
		write_foretell(commands, desired, created, write);
		config_unref(desired);
		return;
	}
	pending = malloc(sizeof(*pending));
	if (!pending) {
		config_unref(desired);
		error_set_errno(&error, ENOMEM, "write");
		write_refuse_with(commands, &error, write->reply);
		return;
	}
	*pending = (struct write_pending){write->reply, created};
	engine_apply(commands->engine, &(struct engine_write){
					       .desired = desired,
					       .author = write->author,
					       .done = write_on_done,
					       .context = pending,
				       });
}

/* ---- whole objects ---- */

/* "/vips/web" or "/vips/web/backends/web-1". Names that need escaping are refused before. */
static const char *format_pointer(char pointer[ERROR_POINTER_BYTES], const char *vip,
				  const char *part, const char *backend)
{
	snprintf(pointer, ERROR_POINTER_BYTES, "/vips/%s%s%s", vip, part, backend);
	return pointer;
}

/* desired: NULL if it was refused, with errors, which get relative to the pointer unless that is
 * NULL. Takes ownership of both. */
static void write_finish(struct commands *commands, struct config *desired, bool created,
			 struct error_list *errors, const char *pointer,
			 const struct commands_write *write)
{
	if (desired) {
		error_list_done(errors);
		write_apply(commands, desired, created, write);
		return;
	}
	if (pointer)
		json_errors_make_relative(errors, pointer);
	write_refuse_all(commands, errors, write->reply);
}

static const struct config_vip *find_vip(struct commands *commands, const char *name,
					 const struct commands_write *write)
{
	const struct config_vip *vip = config_find_vip(engine_desired(commands->engine), name);
	struct error_list errors = {0};

	if (!vip) {
		error_list_add(&errors, ERROR_NOT_FOUND, "", "there is no vip '%s'", name);
		write_refuse_all(commands, &errors, write->reply);
	}
	return vip;
}

static void fault_no_backend(struct error_list *errors, const char *vip, const char *backend)
{
	error_list_add(errors, ERROR_NOT_FOUND, "", "vip '%s' has no backend '%s'", vip, backend);
}

/* The desired state with this VIP in it, if there is one; takes ownership of it. */
static struct config *with_vip(const struct commands *commands, struct config_vip *vip,
			       struct error_list *errors)
{
	struct config *desired =
		vip ? config_with_vip(engine_desired(commands->engine), vip, errors) : NULL;

	config_vip_unref(vip);
	return desired;
}

void commands_put_config(struct commands *commands, const json_t *body,
			 const struct commands_write *write)
{
	struct error_list errors = {0};
	struct config *desired =
		config_replace_from_json(engine_desired(commands->engine), body, &errors);

	write_finish(commands, desired, false, &errors, "", write);
}

void commands_put_vip(struct commands *commands, const char *vip, const json_t *body,
		      const struct commands_write *write)
{
	char pointer[ERROR_POINTER_BYTES];
	struct error_list errors = {0};
	const struct config_vip *before = config_find_vip(engine_desired(commands->engine), vip);
	bool created = !before;
	struct config_vip *new;

	format_pointer(pointer, vip, "", "");
	new = config_vip_replace_from_json(before, body, vip, pointer, &errors);
	write_finish(commands, with_vip(commands, new, &errors), created, &errors, pointer, write);
}

void commands_delete_vip(struct commands *commands, const char *vip,
			 const struct commands_write *write)
{
	struct error_list errors = {0};
	struct config *desired = engine_desired(commands->engine);

	if (config_find_vip(desired, vip))
		desired = config_without_vip(desired, vip, &errors);
	else
		desired = config_ref(desired);
	write_finish(commands, desired, false, &errors, "", write);
}

void commands_put_backends(struct commands *commands, const char *vip, const json_t *body,
			   const struct commands_write *write)
{
	const struct config_vip *base = find_vip(commands, vip, write);
	struct config_backend *backends = NULL;
	char pointer[ERROR_POINTER_BYTES];
	struct error_list errors = {0};
	struct config_vip *new = NULL;
	size_t count = 0;

	if (!base)
		return;
	format_pointer(pointer, vip, "/backends", "");
	if (config_backends_from_json(body, pointer, &backends, &count, &errors) == 0)
		new = config_vip_with_backends(base, backends, count, &errors);
	free(backends);
	write_finish(commands, with_vip(commands, new, &errors), false, &errors, pointer, write);
}

void commands_put_backend(struct commands *commands, const char *vip, const char *backend,
			  const json_t *body, const struct commands_write *write)
{
	const struct config_vip *base = find_vip(commands, vip, write);
	char pointer[ERROR_POINTER_BYTES];
	struct error_list errors = {0};
	struct config_vip *new = NULL;
	struct config_backend parsed;
	bool created;

	if (!base)
		return;
	created = !config_find_backend(base, backend);
	format_pointer(pointer, vip, "/backends/", backend);
	if (config_backend_from_json(body, backend, pointer, &parsed, &errors) == 0)
		new = config_vip_with_backend(base, &parsed, &errors);
	write_finish(commands, with_vip(commands, new, &errors), created, &errors, pointer, write);
}

void commands_delete_backend(struct commands *commands, const char *vip, const char *backend,
			     const struct commands_write *write)
{
	const struct config_vip *base = find_vip(commands, vip, write);
	struct config *desired = engine_desired(commands->engine);
	struct error_list errors = {0};

	if (!base)
		return;
	if (config_find_backend(base, backend))
		desired = with_vip(commands, config_vip_without_backend(base, backend, &errors),
				   &errors);
	else
		desired = config_ref(desired);
	write_finish(commands, desired, false, &errors, "", write);
}

void write_set_state(struct commands *commands, const char *vip, const char *backend,
		     enum config_state state, const struct commands_write *write)
{
	const struct config_vip *base = find_vip(commands, vip, write);
	const struct config_backend *found;
	struct error_list errors = {0};
	struct config_vip *new = NULL;
	struct config_backend changed;

	if (!base)
		return;
	found = config_find_backend(base, backend);
	if (found) {
		changed = *found;
		changed.state = state;
		new = config_vip_with_backend(base, &changed, &errors);
	} else {
		fault_no_backend(&errors, vip, backend);
	}
	write_finish(commands, with_vip(commands, new, &errors), false, &errors, "", write);
}

/* ---- patches ---- */

void commands_patch_config(struct commands *commands, const struct config_patch *patch,
			   const struct commands_write *write)
{
	struct error_list errors = {0};
	struct config *desired = config_patch_all(engine_desired(commands->engine), patch, &errors);

	write_finish(commands, desired, false, &errors, NULL, write);
}

void commands_patch_vip(struct commands *commands, const char *vip,
			const struct config_patch *patch, const struct commands_write *write)
{
	struct error_list errors = {0};
	struct config *desired =
		config_patch_vip(engine_desired(commands->engine), vip, patch, &errors);

	write_finish(commands, desired, false, &errors, NULL, write);
}

void commands_patch_backend(struct commands *commands, const char *vip, const char *backend,
			    const struct config_patch *patch, const struct commands_write *write)
{
	struct error_list errors = {0};
	struct config *desired = config_patch_backend(engine_desired(commands->engine), vip,
						      backend, patch, &errors);

	write_finish(commands, desired, false, &errors, NULL, write);
}

/* ---- restoring ---- */

/* A config of its own: it is checked, and nothing else has it yet. */
static struct config *with_vips_of(const struct commands *commands, const struct config *before,
				   struct error_list *errors)
{
	struct config *desired = config_with_objects_of(engine_desired(commands->engine), before);

	if (!desired) {
		error_list_add(errors, ERROR_SYSTEM, "", "out of memory");
		return NULL;
	}
	config_share_equal(desired, engine_desired(commands->engine));
	if (config_check(desired, errors) == 0)
		return desired;
	config_unref(desired);
	return NULL;
}

void commands_restore_revision(struct commands *commands, uint64_t revision,
			       const struct commands_write *write)
{
	struct error error = {0};
	const struct revision *found =
		ledger_find(engine_ledger(commands->engine), revision, &error);
	struct error_list errors = {0};
	struct config *desired = NULL;

	if (found)
		desired = with_vips_of(commands, found->config, &errors);
	else
		error_list_append(&errors, &error);
	if (desired)
		write_apply(commands, desired, false, write);
	else
		write_refuse_all(commands, &errors, write->reply);
}
