/* SPDX-License-Identifier: BSD-2-Clause */
#include "drops.h"

#include "json_text.h"

#include <inttypes.h>
#include <stdio.h>

#define LINE_BYTES 512

static uint64_t sum_of(const struct commands_stats *stats, size_t reason)
{
	uint64_t sum = stats->unattributed[reason];

	for (size_t i = 0; i < stats->vip_count; i++)
		sum += stats->vips[i].reasons[reason];
	return sum;
}

/* ---- JSON ---- */

static void add_reason(struct json_text *json, const struct metrics *metrics, size_t reason)
{
	const struct commands_stats *stats = metrics->stats;

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

#define HEADING_VIP "VIP"

static const struct commands_reason heading = {"REASON", "ACTION", "MEANING"};

struct table {
	struct text text;
	int reason_width;
	int vip_width;
};

static void widen(int *width, const char *cell)
{
	int length = (int)strlen(cell);

	if (*width < length)
		*width = length;
}

static struct table begin_table(const struct metrics *metrics)
{
	struct table table = {0};

	widen(&table.reason_width, heading.name);
	for (size_t i = 0; i < metrics->reason_count; i++)
		widen(&table.reason_width, metrics->reasons[i].name);
	widen(&table.vip_width, HEADING_VIP);
	for (size_t i = 0; i < metrics->stats->vip_count; i++)
		widen(&table.vip_width, metrics->stats->vips[i].name);
	return table;
}

static void add_row(struct table *table, const char *packets, const char *vip,
		    const struct commands_reason *reason)
{
	char line[LINE_BYTES];

	snprintf(line, sizeof(line), "%12s  %-7s  %-*s  %-*s  %s\n", packets, reason->action,
		 table->reason_width, reason->name, table->vip_width, vip, reason->help);
	text_add(&table->text, line);
}

static void add_count(struct table *table, const char *vip, uint64_t count,
		      const struct commands_reason *reason)
{
	char packets[24];

	if (!count)
		return;
	snprintf(packets, sizeof(packets), "%" PRIu64, count);
	add_row(table, packets, vip, reason);
}

struct text drops_text(const struct metrics *metrics)
{
	const struct commands_stats *stats = metrics->stats;
	struct table table = begin_table(metrics);

	add_row(&table, "PACKETS", HEADING_VIP, &heading);
	for (size_t reason = 0; reason < metrics->reason_count; reason++) {
		for (size_t i = 0; i < stats->vip_count; i++)
			add_count(&table, stats->vips[i].name, stats->vips[i].reasons[reason],
				  &metrics->reasons[reason]);
		add_count(&table, "-", stats->unattributed[reason], &metrics->reasons[reason]);
	}
	return table.text;
}
