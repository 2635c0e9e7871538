/* SPDX-License-Identifier: BSD-2-Clause */
#include "listing.h"

#include "percent.h"

struct view_page listing_page(const struct route_call *call)
{
	return (struct view_page){
		.after = parameter_text(call->parameters, LISTING_AFTER),
		.limit = parameter_number(call->parameters, LISTING_LIMIT),
	};
}

void listing_set_table(struct response *ret_response, struct table *table)
{
	response_set(ret_response, MHD_HTTP_OK, TABLE_CONTENT_TYPE, table_finish(table));
	listing_add_vary(ret_response);
}

void listing_add_vary(struct response *response)
{
	response_add_header(response, MHD_HTTP_HEADER_VARY, "%s", MHD_HTTP_HEADER_ACCEPT);
}

/* A wrong filter is a fault of the query, not of a body. */
static void set_failure(struct response *ret_response, const struct error *error)
{
	enum problem_kind kind =
		error->kind == ERROR_INVALID ? PROBLEM_BAD_REQUEST : problem_kind_of(error->kind);

	response_set_problem(ret_response, kind, "%s", error->message);
}

void listing_set(const struct route_call *call, struct response *ret_response, json_t *items,
		 const struct table_column *columns, const struct error *error)
{
	struct table table;

	if (!items) {
		set_failure(ret_response, error);
	} else if (call->prefers_text) {
		table = table_begin(columns);
		table_add_members(&table, NULL, items);
		listing_set_table(ret_response, &table);
		json_decref(items);
	} else {
		response_set_json(ret_response, items, error);
		listing_add_vary(ret_response);
	}
}

static void add_parameter(struct text *text, const struct parameter *parameter,
			  const struct parameter_value *value)
{
	text_add(text, "&");
	text_add(text, parameter->name);
	text_add(text, "=");
	if (parameter->kind == PARAMETER_NUMBER)
		text_add_number(text, value->number);
	else
		percent_encode(text, value->text);
}

void listing_add_link(const struct route_call *call, struct response *response, const char *after)
{
	const struct parameter_values *values = call->parameters;
	struct text text = {0};

	if (!after || response->status != MHD_HTTP_OK)
		return;
	text_add(&text, call->path);
	text_add(&text, "?" LISTING_AFTER "=");
	percent_encode(&text, after);
	for (size_t i = 0; values->parameters[i].name; i++)
		if (values->values[i].is_given &&
		    strcmp(values->parameters[i].name, LISTING_AFTER) != 0)
			add_parameter(&text, &values->parameters[i], &values->values[i]);
	if (!text.failed)
		response_add_header(response, MHD_HTTP_HEADER_LINK, "<%.*s>; rel=\"next\"",
				    (int)text.length, text.bytes);
	text_done(&text);
}
