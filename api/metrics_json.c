/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_text.h"
#include "metrics.h"

static void add_traffic(struct json_text *json, const struct stats_traffic *traffic)
{
	json_text_number(json, "packets", traffic->packets);
	json_text_number(json, "bytes", traffic->bytes);
	json_text_number(json, "connections", traffic->connections);
}

static void add_reasons(struct json_text *json, const char *key, const struct metrics *metrics,
			const uint64_t *counts)
{
	json_text_open_object(json, key);
	for (size_t i = 0; i < metrics->reason_count; i++)
		json_text_number(json, metrics->reasons[i].name, counts[i]);
	json_text_close_object(json);
}

static void add_backends(struct json_text *json, const struct stats_vip *vip)
{
	json_text_open_object(json, "backends");
	for (size_t i = 0; i < vip->backend_count; i++) {
		json_text_open_object(json, vip->backends[i].name);
		add_traffic(json, &vip->backends[i].traffic);
		json_text_number(json, "flows", vip->backends[i].flows);
		json_text_close_object(json);
	}
	json_text_close_object(json);
}

static void add_vip(struct json_text *json, const struct metrics *metrics,
		    const struct stats_vip *vip)
{
	json_text_open_object(json, vip->name);
	add_traffic(json, &vip->traffic);
	json_text_number(json, "flows", vip->flows);
	json_text_number(json, "tracked_slots", vip->tracked_slots);
	add_reasons(json, "not_forwarded", metrics, vip->reasons);
	add_backends(json, vip);
	json_text_close_object(json);
}

static void add_flow_table(struct json_text *json, const struct stats_flow_table *table)
{
	json_text_open_object(json, "flow_table");
	json_text_number(json, "used", table->used);
	json_text_number(json, "limit", table->limit);
	json_text_number(json, "recorded", table->recorded);
	json_text_number(json, "rate_limited", table->rate_limited);
	json_text_number(json, "table_full", table->table_full);
	json_text_close_object(json);
}

struct text metrics_json(const struct metrics *metrics)
{
	const struct stats *stats = metrics->stats;
	struct json_text json = {0};

	json_text_open_object(&json, NULL);
	json_text_open_object(&json, "vips");
	for (size_t i = 0; i < stats->vip_count; i++)
		add_vip(&json, metrics, &stats->vips[i]);
	json_text_close_object(&json);
	add_reasons(&json, "unattributed", metrics, stats->unattributed);
	add_flow_table(&json, &stats->flow_table);
	json_text_close_object(&json);
	return json_text_finish(&json);
}
