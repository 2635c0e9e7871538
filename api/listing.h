/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists and reports: JSON for programs, a table for people (Accept: text/plain), and where the next
 * page is (Link, RFC 8288): the same query, with another `after`. */
#ifndef CAROM_LISTING_H
#define CAROM_LISTING_H

#include "route.h"
#include "table.h"
#include "view_list.h"

/* Parameters of lists. */
#define LISTING_AFTER "after"
#define LISTING_LIMIT "limit"

struct view_page listing_page(const struct route_call *call);

/* Takes ownership of the items; NULL: described by error. */
void listing_set(const struct route_call *call, struct response *ret_response, json_t *items,
		 const struct table_column *columns, const struct error *error);
/* Takes ownership of the table. */
void listing_set_table(struct response *ret_response, struct table *table);
/* The response depends on Accept. */
void listing_add_vary(struct response *response);
/* after: of the next page; NULL: this was the last one. */
void listing_add_link(const struct route_call *call, struct response *response, const char *after);

#endif
