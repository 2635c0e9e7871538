/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prometheus' text format: for each family "# HELP", "# TYPE", and then all its samples together.
 *
 * 4,096 VIPs with 16 backends each are 315,000 lines at each scrape: so lines are put together from
 * parts by hand, which is several times as fast as printf. Pure: stats_routes.c calls it, on
 * libuv's pool if there is much to write, else on the event loop's thread.
 */
#include "metrics.h"

#include "json_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct family {
	const char *name;
	const char *type;
	const char *help;
};

/* A number that every VIP, or every backend, has. */
struct member_family {
	struct family family;
	size_t offset; /* in struct stats_vip, or stats_backend */
};

static const struct member_family vip_families[] = {
	{{"carom_vip_packets_total", "counter", "Packets forwarded to a VIP's backends."},
	 offsetof(struct stats_vip, traffic.packets)},
	{{"carom_vip_bytes_total", "counter",
	  "Bytes of the clients' IP packets forwarded to a VIP's backends."},
	 offsetof(struct stats_vip, traffic.bytes)},
	{{"carom_vip_connections_total", "counter",
	  "TCP connections begun (SYN packets forwarded) through a VIP."},
	 offsetof(struct stats_vip, traffic.connections)},
	{{"carom_vip_tracked_slots", "gauge",
	  "Slots of a VIP's ring whose flows are recorded, since a change touched them."},
	 offsetof(struct stats_vip, tracked_slots)},
	{{"carom_vip_flows_unrecorded_total", "counter",
	  "Times that a flow of a VIP could not be recorded: a drain may not know of such flows."},
	 offsetof(struct stats_vip, unrecorded)},
};

static const struct member_family backend_families[] = {
	{{"carom_backend_packets_total", "counter", "Packets forwarded to a backend."},
	 offsetof(struct stats_backend, traffic.packets)},
	{{"carom_backend_bytes_total", "counter",
	  "Bytes of the clients' IP packets forwarded to a backend."},
	 offsetof(struct stats_backend, traffic.bytes)},
	{{"carom_backend_connections_total", "counter",
	  "TCP connections begun (SYN packets forwarded) to a backend."},
	 offsetof(struct stats_backend, traffic.connections)},
	{{"carom_backend_flows", "gauge", "Living recorded flows of a backend."},
	 offsetof(struct stats_backend, flows)},
};

static const struct family not_forwarded_family = {
	"carom_not_forwarded_packets_total", "counter",
	"Packets to a VIP's address that were not forwarded. vip=\"\": no VIP is known."};
static const struct family flows_family = {"carom_flows", "gauge",
					   "Living flows in the flow table."};
static const struct family flows_limit_family = {"carom_flows_limit", "gauge",
						 "Flows that the flow table has room for."};
static const struct family recorded_family = {"carom_flows_recorded_total", "counter",
					      "Flows that were recorded."};
static const struct family unrecorded_family = {
	"carom_flows_unrecorded_total", "counter",
	"Times that a flow could not be recorded; its packet was forwarded all the same."};
static const struct family revision_family = {"carom_revision", "gauge",
					      "Revision of the configuration in force."};
static const struct family ready_family = {
	"carom_ready", "gauge",
	"Whether a configuration is published and every interface attached: 1 or 0."};
static const struct family hash_info_family = {
	"carom_hash_info", "gauge",
	"Always 1; the label tells the key of the flow hash, which a fleet shares."};
static const struct family build_info_family = {"carom_build_info", "gauge",
						"Always 1; the labels tell the build."};

static uint64_t member(const void *stats, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + offset, sizeof(value));
	return value;
}

static void add_family(struct text *text, const struct family *family)
{
	text_add(text, "# HELP ");
	text_add(text, family->name);
	text_add(text, " ");
	text_add(text, family->help);
	text_add(text, "\n# TYPE ");
	text_add(text, family->name);
	text_add(text, " ");
	text_add(text, family->type);
	text_add(text, "\n");
}

/* opening: `{name="` or `,name="`. Backslashes, quotes and line feeds are escaped. */
static void add_label(struct text *text, const char *opening, const char *value)
{
	text_add(text, opening);
	for (;;) {
		size_t plain = strcspn(value, "\\\"\n");

		text_add_bytes(text, value, plain);
		value += plain;
		if (!*value)
			break;
		text_add(text, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\");
		value++;
	}
	text_add(text, "\"");
}

static void metrics_add_value(struct text *text, const char *separator, uint64_t value)
{
	text_add(text, separator);
	text_add_number(text, value);
	text_add(text, "\n");
}

static void add_single(struct text *text, const struct family *family, uint64_t value)
{
	add_family(text, family);
	text_add(text, family->name);
	metrics_add_value(text, " ", value);
}

/* opening: `{name="`. */
static void add_info(struct text *text, const struct family *family, const char *opening,
		     const char *value)
{
	add_family(text, family);
	text_add(text, family->name);
	add_label(text, opening, value);
	metrics_add_value(text, "} ", 1);
}

static void add_hash_info(struct text *text, uint64_t fingerprint)
{
	char label[17];

	snprintf(label, sizeof(label), "%016" PRIx64, fingerprint);
	add_info(text, &hash_info_family, "{fingerprint=\"", label);
}

/* ---- labels: a line each, without the closing brace; they hold no line feed ---- */

/* Every VIP or backend has several samples, and its names are escaped once. */
struct labels {
	struct text vips;
	struct text backends;
	struct text reasons; /* of which each follows a VIP's */
};

static void add_backend_labels(struct labels *labels, const struct stats_vip *vip)
{
	for (size_t i = 0; i < vip->backend_count; i++) {
		add_label(&labels->backends, "{vip=\"", vip->name);
		add_label(&labels->backends, ",backend=\"", vip->backends[i].name);
		text_add(&labels->backends, "\n");
	}
}

static struct labels make_labels(const struct metrics *metrics)
{
	struct labels labels = {0};

	for (size_t i = 0; i < metrics->stats->vip_count; i++) {
		const struct stats_vip *vip = &metrics->stats->vips[i];

		add_label(&labels.vips, "{vip=\"", vip->name);
		text_add(&labels.vips, "\n");
		add_backend_labels(&labels, vip);
	}
	for (size_t i = 0; i < metrics->reason_count; i++) {
		add_label(&labels.reasons, ",reason=\"", metrics->reasons[i].name);
		add_label(&labels.reasons, ",action=\"", metrics->reasons[i].action);
		text_add(&labels.reasons, "\n");
	}
	return labels;
}

static bool labels_failed(const struct labels *labels)
{
	return labels->vips.failed || labels->backends.failed || labels->reasons.failed;
}

static void labels_done(struct labels *labels)
{
	text_done(&labels->vips);
	text_done(&labels->backends);
	text_done(&labels->reasons);
}

/* Adds a line without its feed; returns the next one. */
static const char *metrics_add_line(struct text *text, const char *line)
{
	const char *end = rawmemchr(line, '\n');

	text_add_bytes(text, line, (size_t)(end - line));
	return end + 1;
}

/* ---- families of many samples ---- */

static void add_vips(struct text *text, const struct stats *stats, const struct labels *labels,
		     const struct member_family *member_family)
{
	const char *line = labels->vips.bytes;

	add_family(text, &member_family->family);
	for (size_t i = 0; i < stats->vip_count; i++) {
		text_add(text, member_family->family.name);
		line = metrics_add_line(text, line);
		metrics_add_value(text, "} ", member(&stats->vips[i], member_family->offset));
	}
}

static const char *add_backends_of(struct text *text, const struct stats_vip *vip, const char *line,
				   const struct member_family *member_family)
{
	const char *name = member_family->family.name;
	size_t name_length = strlen(name);

	for (size_t i = 0; i < vip->backend_count; i++) {
		text_add_bytes(text, name, name_length);
		line = metrics_add_line(text, line);
		metrics_add_value(text, "} ", member(&vip->backends[i], member_family->offset));
	}
	return line;
}

static void metrics_add_backends(struct text *text, const struct stats *stats,
				 const struct labels *labels,
				 const struct member_family *member_family)
{
	const char *line = labels->backends.bytes;

	add_family(text, &member_family->family);
	for (size_t i = 0; i < stats->vip_count; i++)
		line = add_backends_of(text, &stats->vips[i], line, member_family);
}

/* Returns the line after the VIP's. */
static const char *metrics_add_reasons(struct text *text, const char *vip_line,
				       const struct metrics *metrics, const struct labels *labels,
				       const uint64_t *counts)
{
	const char *line = labels->reasons.bytes, *next = vip_line;

	for (size_t i = 0; i < metrics->reason_count; i++) {
		text_add(text, not_forwarded_family.name);
		next = metrics_add_line(text, vip_line);
		line = metrics_add_line(text, line);
		metrics_add_value(text, "} ", counts[i]);
	}
	return next;
}

static void add_not_forwarded(struct text *text, const struct metrics *metrics,
			      const struct labels *labels)
{
	const struct stats *stats = metrics->stats;
	const char *line = labels->vips.bytes;

	add_family(text, &not_forwarded_family);
	for (size_t i = 0; i < stats->vip_count; i++)
		line = metrics_add_reasons(text, line, metrics, labels, stats->vips[i].reasons);
	metrics_add_reasons(text, "{vip=\"\"\n", metrics, labels, stats->unattributed);
}

static void add_unrecorded(struct text *text, const char *reason, uint64_t count)
{
	text_add(text, unrecorded_family.name);
	add_label(text, "{reason=\"", reason);
	metrics_add_value(text, "} ", count);
}

static void add_flow_table(struct text *text, const struct stats_flow_table *table)
{
	add_single(text, &flows_family, table->used);
	add_single(text, &flows_limit_family, table->limit);
	add_single(text, &recorded_family, table->recorded);
	add_family(text, &unrecorded_family);
	add_unrecorded(text, "rate_limited", table->rate_limited);
	add_unrecorded(text, "table_full", table->table_full);
}

static void add_all(struct text *text, const struct metrics *metrics, const struct labels *labels)
{
	add_info(text, &build_info_family, "{version=\"", metrics->version);
	add_hash_info(text, metrics->stats->hash_fingerprint);
	add_single(text, &revision_family, metrics->revision);
	add_single(text, &ready_family, metrics->is_ready);
	for (size_t i = 0; i < sizeof(vip_families) / sizeof(*vip_families); i++)
		add_vips(text, metrics->stats, labels, &vip_families[i]);
	for (size_t i = 0; i < sizeof(backend_families) / sizeof(*backend_families); i++)
		metrics_add_backends(text, metrics->stats, labels, &backend_families[i]);
	add_flow_table(text, &metrics->stats->flow_table);
	add_not_forwarded(text, metrics, labels);
}

struct text metrics_prometheus(const struct metrics *metrics)
{
	struct labels labels = make_labels(metrics);
	struct text text = {.failed = labels_failed(&labels)};

	if (!text.failed)
		add_all(&text, metrics, &labels);
	labels_done(&labels);
	return text;
}

/* ---- JSON ---- */

static void write_traffic(struct json_text *json, const struct stats_traffic *traffic)
{
	json_text_number(json, "packets", traffic->packets);
	json_text_number(json, "bytes", traffic->bytes);
	json_text_number(json, "connections", traffic->connections);
}

static void write_reasons(struct json_text *json, const char *key, const struct metrics *metrics,
			  const uint64_t *counts)
{
	json_text_open_object(json, key);
	for (size_t i = 0; i < metrics->reason_count; i++)
		json_text_number(json, metrics->reasons[i].name, counts[i]);
	json_text_close_object(json);
}

static void write_backends(struct json_text *json, const struct stats_vip *vip)
{
	json_text_open_object(json, "backends");
	for (size_t i = 0; i < vip->backend_count; i++) {
		json_text_open_object(json, vip->backends[i].name);
		write_traffic(json, &vip->backends[i].traffic);
		json_text_number(json, "flows", vip->backends[i].flows);
		json_text_close_object(json);
	}
	json_text_close_object(json);
}

static void write_vip(struct json_text *json, const struct metrics *metrics,
		      const struct stats_vip *vip)
{
	json_text_open_object(json, vip->name);
	write_traffic(json, &vip->traffic);
	json_text_number(json, "flows", vip->flows);
	json_text_number(json, "tracked_slots", vip->tracked_slots);
	write_reasons(json, "not_forwarded", metrics, vip->reasons);
	write_backends(json, vip);
	json_text_close_object(json);
}

static void write_flow_table(struct json_text *json, const struct stats_flow_table *table)
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
		write_vip(&json, metrics, &stats->vips[i]);
	json_text_close_object(&json);
	write_reasons(&json, "unattributed", metrics, stats->unattributed);
	write_flow_table(&json, &stats->flow_table);
	json_text_close_object(&json);
	return json_text_finish(&json);
}
