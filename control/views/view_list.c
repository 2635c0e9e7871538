/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of VIPs and backends. A page is found by name, so that changes between two pages neither
 * repeat nor hide what stays. On any thread: see view.h. */
#include "view_list.h"

#include "engine.h"
#include "json_field.h"
#include "view_parts.h"

#include <errno.h>
#include <string.h>

/* One list while it is made. */
struct list {
	const struct view_page *page;
	json_t *items;
	const char *last; /* name of the last one in it */
	bool has_more;
};

/* Whether this one, the next by name, comes into the list; false, too, if the list is full. */
static bool list_wants(const struct list *list, const char *name)
{
	return !list->page->after || strcmp(name, list->page->after) > 0;
}

static bool list_is_full(const struct list *list)
{
	return list->page->limit && json_object_size(list->items) >= list->page->limit;
}

/* item: ownership passes; NULL: there was no memory for it. Returns whether the list goes on. */
static bool list_add(struct list *list, const char *name, json_t *item)
{
	if (json_object_set_new(list->items, name, item) == 0) {
		list->last = name;
		return true;
	}
	json_decref(list->items);
	list->items = NULL;
	return false;
}

static json_t *list_finish(const struct list *list, const char **ret_next, struct error *ret_error)
{
	*ret_next = list->has_more ? list->last : NULL;
	if (!list->items)
		error_set_errno(ret_error, ENOMEM, "no memory for the list");
	return list->items;
}

/* ---- VIPs ---- */

static bool has_backend(const struct config_vip *vip, const struct carom_address *address)
{
	for (size_t i = 0; i < vip->backend_count; i++)
		if (address_equal(&vip->backends[i].address, address))
			return true;
	return false;
}

static bool vip_passes(const struct view_vip_filter *filter, const struct config_vip *vip)
{
	if (filter->address && !address_equal(filter->address, &vip->address))
		return false;
	if (filter->has_port && filter->port != vip->port)
		return false;
	if (filter->protocol && strcmp(filter->protocol, config_protocol_name(vip->protocol)) != 0)
		return false;
	return !filter->backend_address || has_backend(vip, filter->backend_address);
}

static int check_word(const char *name, const char *word, struct json_choices words,
		      struct error *ret_error)
{
	char expected[JSON_CHOICES_BYTES];

	for (size_t i = 0; i < words.count; i++)
		if (!word || strcmp(word, words.names[i]) == 0)
			return 0;
	return error_set(ret_error, ERROR_INVALID, "query parameter '%s' is '%s'; expected %s",
			 name, word, json_list_choices(words, expected));
}

json_t *view_list_vips(const struct view *view, const struct view_vip_filter *filter,
		       const struct view_page *page, const char **ret_next, struct error *ret_error)
{
	static const char *const protocols[] = {"tcp", "udp"};
	const struct config *config = view->config;
	struct list list = {.page = page};

	if (check_word("protocol", filter->protocol, (struct json_choices){protocols, 2},
		       ret_error))
		return NULL;
	list.items = json_object();
	for (size_t i = 0; list.items && i < config->vip_count && !list.has_more; i++) {
		const struct config_vip *vip = config->vips[i];

		if (!list_wants(&list, vip->name) || !vip_passes(filter, vip))
			continue;
		list.has_more = list_is_full(&list);
		if (!list.has_more && !list_add(&list, vip->name, config_vip_to_json(vip)))
			break;
	}
	return list_finish(&list, ret_next, ret_error);
}

/* ---- backends ---- */

static bool backend_passes(const struct view_backend_filter *filter,
			   const struct config_backend *backend)
{
	if (filter->address && !address_equal(filter->address, &backend->address))
		return false;
	return !filter->state || strcmp(filter->state, config_state_name(backend->state)) == 0;
}

json_t *view_list_backends(const struct view *view, const char *vip,
			   const struct view_backend_filter *filter, const struct view_page *page,
			   const char **ret_next, struct error *ret_error)
{
	static const char *const states[] = {"active", "drain", "disabled"};
	const struct config_vip *owner = config_find_vip(view->config, vip);
	struct list list = {.page = page};

	if (!owner) {
		error_set(ret_error, ERROR_NOT_FOUND, "there is no vip '%s'", vip);
		return NULL;
	}
	if (check_word("state", filter->state, (struct json_choices){states, 3}, ret_error))
		return NULL;
	list.items = json_object();
	for (size_t i = 0; list.items && i < owner->backend_count && !list.has_more; i++) {
		const struct config_backend *backend = &owner->backends[i];

		if (!list_wants(&list, backend->name) || !backend_passes(filter, backend))
			continue;
		list.has_more = list_is_full(&list);
		if (!list.has_more &&
		    !list_add(&list, backend->name, config_backend_to_json(backend)))
			break;
	}
	return list_finish(&list, ret_next, ret_error);
}
