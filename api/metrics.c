/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prometheus' text format: for each family "# HELP", "# TYPE", and then all its samples together.
 *
 * 4,096 VIPs with 16 backends each are 230,000 lines, written on the event loop's thread while
 * everything else waits: so lines are put together from parts by hand, which is several times as
 * fast as printf. Called by handlers.c, once a scrape.
 */
#include "metrics.h"

#include <string.h>

struct family {
	const char *name;
	const char *type;
	const char *help;
};

/* One field of struct commands_traffic, which VIPs and backends have alike. */
struct traffic_families {
	size_t offset;
	struct family vip;
	struct family backend;
};

static const struct traffic_families traffic_families[] = {
	{offsetof(struct commands_traffic, packets),
	 {"carom_vip_packets_total", "counter", "Packets forwarded to a VIP's backends."},
	 {"carom_backend_packets_total", "counter", "Packets forwarded to a backend."}},
	{offsetof(struct commands_traffic, bytes),
	 {"carom_vip_bytes_total", "counter",
	  "Bytes of the clients' IP packets forwarded to a VIP's backends."},
	 {"carom_backend_bytes_total", "counter",
	  "Bytes of the clients' IP packets forwarded to a backend."}},
	{offsetof(struct commands_traffic, connections),
	 {"carom_vip_connections_total", "counter",
	  "TCP connections begun (SYN packets forwarded) through a VIP."},
	 {"carom_backend_connections_total", "counter",
	  "TCP connections begun (SYN packets forwarded) to a backend."}},
};

static const struct family not_forwarded_family = {
	"carom_not_forwarded_packets_total", "counter",
	"Packets to a VIP's address that were not forwarded. vip=\"\": no VIP is known."};
static const struct family revision_family = {"carom_revision", "gauge",
					      "Revision of the configuration in force."};
static const struct family ready_family = {
	"carom_ready", "gauge",
	"Whether a configuration is published and every interface attached: 1 or 0."};
static const struct family build_info_family = {"carom_build_info", "gauge",
						"Always 1; the labels tell the build."};

static uint64_t traffic_value(const struct commands_traffic *traffic, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)traffic + offset, sizeof(value));
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

static void add_value(struct text *text, const char *separator, uint64_t value)
{
	text_add(text, separator);
	text_add_number(text, value);
	text_add(text, "\n");
}

static void add_gauge(struct text *text, const struct family *family, uint64_t value)
{
	add_family(text, family);
	text_add(text, family->name);
	add_value(text, " ", value);
}

static void add_build_info(struct text *text, const char *version)
{
	add_family(text, &build_info_family);
	text_add(text, build_info_family.name);
	add_label(text, "{version=\"", version);
	add_value(text, "} ", 1);
}

static void add_vips(struct text *text, const struct commands_stats *stats,
		     const struct traffic_families *families)
{
	add_family(text, &families->vip);
	for (size_t i = 0; i < stats->vip_count; i++) {
		const struct commands_vip_stats *vip = &stats->vips[i];

		text_add(text, families->vip.name);
		add_label(text, "{vip=\"", vip->name);
		add_value(text, "} ", traffic_value(&vip->traffic, families->offset));
	}
}

static void add_backends_of(struct text *text, const struct commands_vip_stats *vip,
			    const struct traffic_families *families)
{
	for (size_t i = 0; i < vip->backend_count; i++) {
		const struct commands_backend_stats *backend = &vip->backends[i];

		text_add(text, families->backend.name);
		add_label(text, "{vip=\"", vip->name);
		add_label(text, ",backend=\"", backend->name);
		add_value(text, "} ", traffic_value(&backend->traffic, families->offset));
	}
}

static void add_backends(struct text *text, const struct commands_stats *stats,
			 const struct traffic_families *families)
{
	add_family(text, &families->backend);
	for (size_t i = 0; i < stats->vip_count; i++)
		add_backends_of(text, &stats->vips[i], families);
}

static void add_reasons(struct text *text, const struct metrics *metrics, const char *vip,
			const uint64_t *counts)
{
	for (size_t i = 0; i < metrics->reason_count; i++) {
		text_add(text, not_forwarded_family.name);
		add_label(text, "{vip=\"", vip);
		add_label(text, ",reason=\"", metrics->reasons[i].name);
		add_label(text, ",action=\"", metrics->reasons[i].action);
		add_value(text, "} ", counts[i]);
	}
}

static void add_not_forwarded(struct text *text, const struct metrics *metrics)
{
	const struct commands_stats *stats = metrics->stats;

	add_family(text, &not_forwarded_family);
	for (size_t i = 0; i < stats->vip_count; i++)
		add_reasons(text, metrics, stats->vips[i].name, stats->vips[i].reasons);
	add_reasons(text, metrics, "", stats->unattributed);
}

struct text metrics_prometheus(const struct metrics *metrics)
{
	struct text text = {0};

	add_build_info(&text, metrics->version);
	add_gauge(&text, &revision_family, metrics->revision);
	add_gauge(&text, &ready_family, metrics->is_ready);
	for (size_t i = 0; i < sizeof(traffic_families) / sizeof(*traffic_families); i++) {
		add_vips(&text, metrics->stats, &traffic_families[i]);
		add_backends(&text, metrics->stats, &traffic_families[i]);
	}
	add_not_forwarded(&text, metrics);
	return text;
}
