/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens a data plane as caromd would, in a mount namespace of its own: its bpffs, and every pin in
 * it, is gone with the process, however that ends.
 *
 * Images are laid out here by hand. Packets go through BPF_PROG_TEST_RUN, one by one, with the
 * counters read before and after each. One thread, but for the tests that say otherwise.
 */
#include "harness.h"

#include "address.h"
#include "maglev.h"
#include "twin.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define BPFFS	       "/sys/fs/bpf"
#define MTU	       1500
#define RING_BITS      CAROM_RING_BITS_MIN
#define METADATA_BYTES 216 /* all of the 256 before a frame that the kernel does not keep */

static void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("harness: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

static void *taken(void *memory)
{
	if (!memory)
		give_up("out of memory");
	return memory;
}

/* ---- the data plane ---- */

static void mount_own_bpffs(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", BPFFS, "bpf", 0, "mode=0700"))
		give_up("cannot mount a bpffs of its own (is this root?): %s", strerror(errno));
}

static struct dataplane *open_dataplane(const struct harness_options *options)
{
	const struct dataplane_options dataplane_options = {
		.bpf_dir = HARNESS_BPF_DIR,
		.limits = options->limits,
		.hash_key = {options->hash_key[0], options->hash_key[1]},
	};
	struct error error;
	struct dataplane *dataplane = dataplane_new(&dataplane_options, &error);

	if (!dataplane)
		give_up("%s", error.message);
	return dataplane;
}

static struct publish *open_publish(const struct dataplane_memory *memory)
{
	struct error error;
	struct publish *publish = publish_new(memory, &error);

	if (!publish)
		give_up("%s", error.message);
	return publish;
}

static int load_program(const struct dataplane *dataplane)
{
	struct error error;
	int program = dataplane_load(dataplane, &error);

	if (program < 0)
		give_up("%s", error.message);
	return program;
}

static struct explain *load_twin(const struct dataplane *dataplane)
{
	struct error error;
	struct explain *twin = explain_new(dataplane, &error);

	if (!twin)
		give_up("%s", error.message);
	return twin;
}

struct harness harness_open(const struct harness_options *options)
{
	struct harness harness;

	mount_own_bpffs();
	harness.dataplane = open_dataplane(options);
	harness.publish = open_publish(dataplane_memory(harness.dataplane));
	harness.program = load_program(harness.dataplane);
	harness.twin = load_twin(harness.dataplane);
	return harness;
}

void harness_close(struct harness *harness)
{
	explain_free(harness->twin);
	close(harness->program);
	publish_free(harness->publish);
	dataplane_free(harness->dataplane);
}

static bool inherit(const struct harness *harness)
{
	const struct dataplane_memory *memory = dataplane_predecessor(harness->dataplane);
	struct publish *former = memory ? open_publish(memory) : NULL;
	bool inherited = former && publish_adopt(former, NULL) == 0 &&
			 publish_inherit(harness->publish, former, NULL) == 0;

	publish_free(former);
	dataplane_forget_predecessor(harness->dataplane);
	return inherited;
}

bool harness_restart(struct harness *harness, const struct harness_options *options)
{
	struct error error;

	if (dataplane_keep(harness->dataplane, &error))
		give_up("%s", error.message);
	harness_close(harness);
	harness->dataplane = open_dataplane(options);
	harness->publish = open_publish(dataplane_memory(harness->dataplane));
	harness->program = load_program(harness->dataplane);
	harness->twin = load_twin(harness->dataplane);
	if (!dataplane_is_adopted(harness->dataplane))
		return inherit(harness);
	if (publish_adopt(harness->publish, NULL))
		return false;
	publish_reclaim(harness->publish, publish_epoch(harness->publish));
	return true;
}

/* ---- an image from the test's description ---- */

static uint8_t protocol_of(const struct vip *vip)
{
	return vip->protocol ? vip->protocol : IPPROTO_TCP;
}

static void name_vip(const struct vip *vip, char ret_name[CAROM_NAME_BYTES])
{
	snprintf(ret_name, CAROM_NAME_BYTES, "%s %u %u", vip->address, vip->port, protocol_of(vip));
}

static struct carom_address outer_source_of(const struct backend *backend)
{
	struct carom_address address = address_of(backend->address);

	if (backend->outer_source)
		return address_of(backend->outer_source);
	return address_of(address_is_ipv4(&address) ? "10.255.0.1" : "fd00:255::1");
}

static __be32 host_mask(const struct backend *backend)
{
	return htonl((uint32_t)((1ull << backend->source_host_bits) - 1));
}

/* MAC addresses that differ from backend to backend. */
struct tunnel harness_tunnel(const struct backend *backend)
{
	struct tunnel tunnel = {
		.source = outer_source_of(backend),
		.destination = address_of(backend->address),
		.source_mac = {0x02, 0x50},
		.destination_mac = {0x02, 0xd0},
	};

	memcpy(tunnel.source_mac + 2, &tunnel.destination.words[3], 4);
	memcpy(tunnel.destination_mac + 2, &tunnel.destination.words[3], 4);
	return tunnel;
}

static void fill_backend(struct image_backend *filled, const struct backend *backend)
{
	struct tunnel tunnel = harness_tunnel(backend);

	snprintf(filled->name, sizeof(filled->name), "%s", backend->address);
	filled->address = tunnel.destination;
	filled->weight = backend->weight;
	filled->state = backend->is_drained ? CAROM_BACKEND_DRAIN : CAROM_BACKEND_ACTIVE;
	filled->outer_source = tunnel.source;
	filled->source_host_mask = host_mask(backend);
	filled->next_hop = (struct next_hop){
		.resolved = true,
		.interface = backend->interface ? backend->interface : HARNESS_INGRESS,
		.mtu = backend->mtu ? backend->mtu : MTU,
		.source = tunnel.source,
	};
	memcpy(filled->next_hop.source_mac, tunnel.source_mac, sizeof(tunnel.source_mac));
	memcpy(filled->next_hop.destination_mac, tunnel.destination_mac,
	       sizeof(tunnel.destination_mac));
}

static void fill_ring(struct image_ring *ring, const struct image_vip *vip)
{
	struct maglev_backend *backends = taken(calloc(vip->backend_count, sizeof(backends[0])));

	for (size_t i = 0; i < vip->backend_count; i++)
		backends[i] = (struct maglev_backend){
			.identity =
				maglev_identity(vip->backends[i].name, &vip->backends[i].address),
			.weight = vip->backends[i].weight,
			.ordinal = (uint16_t)i,
		};
	if (maglev_fill(backends, vip->backend_count, ring->bits, ring->slots))
		give_up("vip '%s': no ring: %s", vip->name, strerror(errno));
	free(backends);
}

static void clear_ring(struct image_ring *ring)
{
	for (size_t i = 0; i < 1u << ring->bits; i++)
		ring->slots[i] = CAROM_ORDINAL_NONE;
}

static uint64_t total_weight(const struct vip *vip)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < vip->backend_count; i++)
		sum += vip->backends[i].weight;
	return sum;
}

static struct image_ring *make_ring(const struct vip *vip, const struct image_vip *filled)
{
	struct image_ring *ring =
		taken(image_ring_new(vip->ring_bits ? vip->ring_bits : RING_BITS));

	if (vip->slots)
		memcpy(ring->slots, vip->slots, sizeof(ring->slots[0]) << ring->bits);
	else if (total_weight(vip))
		fill_ring(ring, filled);
	else
		clear_ring(ring);
	return ring;
}

static enum tracking_mode tracking_of(const struct vip *vip)
{
	if (vip->records_all)
		return TRACKING_ALWAYS;
	return vip->tracked ? TRACKING_CHANGES : TRACKING_NEVER;
}

static struct image_vip *make_vip(const struct vip *vip)
{
	struct image_vip *filled = taken(image_vip_new(vip->backend_count));

	name_vip(vip, filled->name);
	filled->address = address_of(vip->address);
	filled->port = vip->port;
	filled->protocol = protocol_of(vip);
	filled->tracking = tracking_of(vip);
	for (size_t i = 0; i < vip->backend_count; i++)
		fill_backend(&filled->backends[i], &vip->backends[i]);
	filled->ring = make_ring(vip, filled);
	return filled;
}

static int compare_names(const void *left, const void *right)
{
	const struct image_vip *const *vips[] = {left, right};

	return strcmp((*vips[0])->name, (*vips[1])->name);
}

void harness_commit(struct harness *harness, const struct vip *vips, size_t count)
{
	struct image *image = taken(image_new(count));
	struct error error;

	for (size_t i = 0; i < count; i++)
		image->vips[i] = make_vip(&vips[i]);
	qsort(image->vips, count, sizeof(image->vips[0]), compare_names);
	if (publish_commit(harness->publish, image, &error))
		give_up("%s", error.message);
	image_unref(image);
}

void harness_publish(struct harness *harness, const struct vip *vips, size_t count)
{
	harness_commit(harness, vips, count);
	publish_reclaim(harness->publish, publish_epoch(harness->publish));
}

size_t harness_find_vip(const struct harness *harness, const struct vip *vip)
{
	const struct image *image = publish_image(harness->publish);
	char name[CAROM_NAME_BYTES];

	name_vip(vip, name);
	for (size_t i = 0; i < image->vip_count; i++) {
		if (strcmp(image->vips[i]->name, name) == 0)
			return i;
	}
	give_up("vip '%s' is not published", name);
}

/* ---- packets ---- */

uint32_t harness_run_program(int program, const struct frame *frame, struct frame *ret_frame)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		    .data_size_in = (uint32_t)frame->length, .data_out = ret_frame->bytes,
		    .data_size_out = sizeof(ret_frame->bytes));

	if (bpf_prog_test_run_opts(program, &options))
		give_up("BPF_PROG_TEST_RUN of %zu bytes: %s", frame->length, strerror(errno));
	ret_frame->length = options.data_size_out;
	return options.retval;
}

/* Each number's counters lie in one lane a CPU; number 0 counts for packets of no VIP. */
static struct ledger read_ledger(const struct harness *harness)
{
	const struct dataplane_memory *memory = dataplane_memory(harness->dataplane);
	size_t counter_count = (size_t)memory->lane_count * memory->counters_per_lane;
	size_t reasons_count = (size_t)memory->lane_count * memory->reasons_per_lane;
	struct ledger ledger = {0};

	for (size_t i = 0; i < counter_count; i++) {
		ledger.forwarded.packets += memory->counters[i].packets;
		ledger.forwarded.bytes += memory->counters[i].bytes;
		ledger.forwarded.connections += memory->counters[i].connections;
	}
	for (size_t i = 0; i < reasons_count; i++) {
		uint64_t *sums = i % memory->reasons_per_lane ? ledger.of_vip : ledger.of_none;

		for (size_t reason = 0; reason < CAROM_REASON_COUNT; reason++)
			sums[reason] += memory->reasons[i].packets[reason];
	}
	return ledger;
}

static struct ledger ledger_since(const struct harness *harness, const struct ledger *before)
{
	struct ledger counted = read_ledger(harness);

	counted.forwarded.packets -= before->forwarded.packets;
	counted.forwarded.bytes -= before->forwarded.bytes;
	counted.forwarded.connections -= before->forwarded.connections;
	for (size_t reason = 0; reason < CAROM_REASON_COUNT; reason++) {
		counted.of_vip[reason] -= before->of_vip[reason];
		counted.of_none[reason] -= before->of_none[reason];
	}
	return counted;
}

struct harness_result harness_run(const struct harness *harness, const struct frame *frame)
{
	struct explain_result said =
		twin_run_guarded(harness->twin, dataplane_memory(harness->dataplane), frame);
	struct ledger before = read_ledger(harness);
	struct harness_result result;

	result.action = harness_run_program(harness->program, frame, &result.frame);
	result.counted = ledger_since(harness, &before);
	twin_compare(&said, result.action, &result.frame);
	return result;
}

/* Metadata before the frame takes the room up; before Linux 6.10 it may not be so much. */
bool harness_run_cramped(const struct harness *harness, const struct frame *frame,
			 struct harness_result *ret_result)
{
	uint8_t bytes[METADATA_BYTES + FRAME_BYTES_MAX] = {0};
	struct ledger before = read_ledger(harness);
	struct xdp_md context = {
		.data = METADATA_BYTES,
		.data_end = (uint32_t)(METADATA_BYTES + frame->length),
	};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes, .data_size_in = context.data_end,
		    .data_out = bytes, .data_size_out = sizeof(bytes), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .ctx_out = &context,
		    .ctx_size_out = sizeof(context));

	memcpy(bytes + METADATA_BYTES, frame->bytes, frame->length);
	if (bpf_prog_test_run_opts(harness->program, &options))
		return false;
	ret_result->action = options.retval;
	ret_result->frame.length = options.data_size_out - context.data;
	memcpy(ret_result->frame.bytes, bytes + context.data, ret_result->frame.length);
	ret_result->counted = ledger_since(harness, &before);
	return true;
}

void harness_stay_on_this_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus)) {
		perror("sched_setaffinity");
		exit(EXIT_FAILURE);
	}
}
