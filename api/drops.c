/* SPDX-License-Identifier: BSD-2-Clause */
#include "drops.h"

#include "json_text.h"
#include "table.h"

static uint64_t sum_of(const struct stats *stats, size_t reason)
{
	uint64_t sum = stats->unattributed[reason];

	for (size_t i = 0; i < stats->vip_count; i++)
		sum += stats->vips[i].reasons[reason];
	return sum;
}

/* ---- JSON ---- */

static void add_reason(struct json_text *json, const struct metrics *metrics, size_t reason)
{
	const struct stats *stats = metrics->stats;

	json_text_open_object(json, metrics->reasons[reason].name);
	json_text_string(json, "action", metrics->reasons[reason].action);
	json_text_string(json, "help", metrics->reasons[reason].help);
	json_text_number(json, "packets", sum_of(stats, reason));
	json_text_number(json, "unattributed", stats->unattributed[reason]);
	json_text_open_object(json, "vips");
	for (size_t i = 0; i < stats->vip_count; i++) {
		if (stats->vips[i].reasons[reason])
			json_text_number(json, stats->vips[i].name, stats->vips[i].reasons[reason]);
	}
	json_text_close_object(json);
	json_text_close_object(json);
}

struct text drops_json(const struct metrics *metrics)
{
	struct json_text json = {0};

	json_text_open_object(&json, NULL);
	for (size_t i = 0; i < metrics->reason_count; i++)
		add_reason(&json, metrics, i);
	json_text_close_object(&json);
	return json_text_finish(&json);
}

/* ---- text ---- */

static const struct table_column columns[] = {
	{"PACKETS", "", true}, {"ACTION", "", false},  {"REASON", "", false},
	{"VIP", "", false},    {"MEANING", "", false}, {0},
};

static void add_count(struct table *table, const char *vip, uint64_t count,
		      const struct stats_reason *reason)
{
	if (!count)
		return;
	table_add_number(table, count);
	table_add(table, reason->action);
	table_add(table, reason->name);
	table_add(table, vip);
	table_add(table, reason->help);
}

struct text drops_text(const struct metrics *metrics)
{
	const struct stats *stats = metrics->stats;
	struct table table = table_begin(columns);

	for (size_t reason = 0; reason < metrics->reason_count; reason++) {
		for (size_t i = 0; i < stats->vip_count; i++)
			add_count(&table, stats->vips[i].name, stats->vips[i].reasons[reason],
				  &metrics->reasons[reason]);
		add_count(&table, "-", stats->unattributed[reason], &metrics->reasons[reason]);
	}
	return table_finish(&table);
}
