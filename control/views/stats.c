/* SPDX-License-Identifier: BSD-2-Clause */
/* One reading of all counters, in the order of the published image. */
#include "stats.h"

#include "engine.h"

#include <stdlib.h>
#include <string.h>

#define ACTION_LABEL_PASS			      "pass"
#define ACTION_LABEL_DROP			      "drop"
#define ACTION_LABEL_ABORTED			      "aborted"
#define ACTION_LABEL_RETIRED			      "retired"
#define REASON_ROW(name, number, label, action, help) {label, ACTION_LABEL_##action, help},

static const struct stats_reason reason_table[] = {CAROM_REASONS(REASON_ROW)};

size_t stats_reasons(const struct stats_reason **ret_reasons)
{
	*ret_reasons = reason_table;
	return sizeof(reason_table) / sizeof(reason_table[0]);
}

struct reading {
	struct stats stats;
	struct image *image; /* keeps the names */
	struct stats_vip *vips;
	struct stats_backend *backends;
	uint64_t *reasons; /* of each VIP, and last the unattributed ones */
};

static struct stats_traffic traffic_of(const struct carom_counter *counter)
{
	return (struct stats_traffic){
		.packets = counter->packets,
		.bytes = counter->bytes,
		.connections = counter->connections,
	};
}

static void copy_reasons(uint64_t *row, const struct carom_reason_counter *counter)
{
	memcpy(row, counter->packets, CAROM_REASON_COUNT * sizeof(row[0]));
}

/* Returns how many backends it read. */
static size_t read_backends(const struct engine *engine, const struct image *image, size_t vip,
			    struct stats_backend *backends)
{
	const struct image_vip *owner = image->vips[vip];
	struct carom_counter counter;
	size_t count = 0;

	for (size_t i = 0; i < owner->backend_count; i++) {
		if (owner->backends[i].state == CAROM_BACKEND_UNUSED)
			continue;
		counter = counters_backend(publish_counters(engine_publish(engine)), vip, i);
		backends[count++] = (struct stats_backend){
			.name = owner->backends[i].name,
			.traffic = traffic_of(&counter),
			.flows = flows_remainder(publish_flows(engine_publish(engine)), vip, i)
					 .flows,
		};
	}
	return count;
}

static void read_vip(const struct engine *engine, struct reading *reading, size_t vip,
		     struct stats_backend *backends)
{
	struct stats_vip *stats = &reading->vips[vip];
	struct carom_reason_counter reasons =
		counters_reasons(publish_counters(engine_publish(engine)), vip);
	struct carom_counter counter = counters_vip(publish_counters(engine_publish(engine)), vip);
	struct flows_vip tracking = flows_vip(publish_flows(engine_publish(engine)), vip);
	const struct flows_unrecorded *missed = &tracking.unrecorded;
	uint64_t *row = reading->reasons + vip * CAROM_REASON_COUNT;

	copy_reasons(row, &reasons);
	stats->name = reading->image->vips[vip]->name;
	stats->traffic = traffic_of(&counter);
	stats->flows = tracking.flows;
	stats->tracked_slots = tracking.tracked_slots;
	stats->unrecorded = missed->share_used + missed->table_full + missed->rate_limited;
	stats->reasons = row;
	stats->backends = backends;
	stats->backend_count = read_backends(engine, reading->image, vip, backends);
}

static struct stats_flow_table read_flow_table(const struct engine *engine)
{
	struct flows_recorder recorded = flows_recorder(publish_flows(engine_publish(engine)));
	struct stats_flow_table table = {
		.recorded = recorded.recorded,
		.rate_limited = recorded.rate_limited,
		.table_full = recorded.table_full,
	};

	flows_fill(publish_flows(engine_publish(engine)), &table.used, &table.limit);
	return table;
}

static void read_all(const struct engine *engine, struct reading *reading)
{
	struct carom_reason_counter unattributed =
		counters_unattributed(publish_counters(engine_publish(engine)));
	struct stats_backend *backends = reading->backends;
	size_t count = reading->image ? reading->image->vip_count : 0;
	uint64_t *last = reading->reasons + count * CAROM_REASON_COUNT;

	for (size_t i = 0; i < count; i++) {
		read_vip(engine, reading, i, backends);
		backends += reading->image->vips[i]->backend_count;
	}
	copy_reasons(last, &unattributed);
	reading->stats = (struct stats){
		.vips = reading->vips,
		.vip_count = count,
		.unattributed = last,
		.flow_table = read_flow_table(engine),
		.hash_fingerprint = publish_hash_fingerprint(engine_publish(engine)),
	};
}

struct stats *stats_new(const struct engine *engine)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct image *image = publish_image(engine_publish(engine));
	size_t vip_count = image ? image->vip_count : 0, backend_count = 0;

	if (!reading)
		return NULL;
	for (size_t i = 0; i < vip_count; i++)
		backend_count += image->vips[i]->backend_count;
	reading->image = image ? image_ref(image) : NULL;
	reading->vips = calloc(vip_count + 1, sizeof(reading->vips[0]));
	reading->backends = calloc(backend_count + 1, sizeof(reading->backends[0]));
	reading->reasons =
		calloc((vip_count + 1) * CAROM_REASON_COUNT, sizeof(reading->reasons[0]));
	if (!reading->vips || !reading->backends || !reading->reasons) {
		stats_free(&reading->stats);
		return NULL;
	}
	read_all(engine, reading);
	return &reading->stats;
}

void stats_free(struct stats *stats)
{
	struct reading *reading = (struct reading *)stats; /* its first member */

	if (!reading)
		return;
	image_unref(reading->image);
	free(reading->vips);
	free(reading->backends);
	free(reading->reasons);
	free(reading);
}
