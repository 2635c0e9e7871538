/* SPDX-License-Identifier: BSD-2-Clause */
/* All counters, in one form or another. */
#include "drops.h"
#include "handlers.h"
#include "listing.h"
#include "metrics.h"

struct view *stats_view(const struct route_call *call, struct error *ret_error)
{
	return view_stats(handlers_engine(call), ret_error);
}

static void stats_set(const struct route_call *call, struct response *ret_response,
		      const char *content_type, struct text (*write)(const struct metrics *))
{
	struct metrics metrics = {
		.stats = view_stats_of(call->view),
		.revision = view_number(call->view),
		.is_ready = view_is_ready(call->view),
		.version = CAROM_VERSION,
	};

	metrics.reason_count = stats_reasons(&metrics.reasons);
	response_set(ret_response, MHD_HTTP_OK, content_type, write(&metrics));
}

void stats_get(const struct route_call *call, struct response *ret_response)
{
	stats_set(call, ret_response, RESPONSE_JSON_CONTENT_TYPE, metrics_json);
}

void stats_get_metrics(const struct route_call *call, struct response *ret_response)
{
	stats_set(call, ret_response, METRICS_CONTENT_TYPE, metrics_prometheus);
}

void stats_get_drops(const struct route_call *call, struct response *ret_response)
{
	if (call->prefers_text)
		stats_set(call, ret_response, TABLE_CONTENT_TYPE, drops_text);
	else
		stats_set(call, ret_response, RESPONSE_JSON_CONTENT_TYPE, drops_json);
	listing_add_vary(ret_response);
}
