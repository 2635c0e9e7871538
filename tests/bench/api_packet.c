/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_api_packet SOCKET PROGRAM_ID COUNT VIP TARGET BODY BODY
 *
 * From a PUT to the first packet that sees it. TARGET gets the two bodies in turn; among UDP flows
 * to port 53 of VIP there is one that they send to different backends. The clock runs from before
 * the request is sent until BPF_PROG_TEST_RUN of the program that is on the interface, asked again
 * and again meanwhile, first wraps the packet towards the other backend. Prints a line of JSON, the
 * times in microseconds.
 *
 * One thread; it keeps a CPU busy while caromd works on another.
 */
#include "api_http.h"
#include "packet.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DNS_PORT	     53
#define FIRST_PORT	     1024
#define BODY_COUNT	     2
#define COUNT_MAX	     100000
#define AT_OUTER_DESTINATION AT_IPV4_DESTINATION
#define PATIENCE_NS	     (5 * 1000000000ull)

enum argument {
	ARGUMENT_SOCKET = 1,
	ARGUMENT_PROGRAM,
	ARGUMENT_COUNT,
	ARGUMENT_VIP,
	ARGUMENT_TARGET,
	ARGUMENT_BODIES,
	ARGUMENT_END = ARGUMENT_BODIES + BODY_COUNT,
};

struct bench {
	struct http_connection connection;
	struct http_request requests[BODY_COUNT];
	int program;
	const char *vip;
	struct frame frame;
	uint32_t destinations[BODY_COUNT]; /* of the packet, under either body */
};

static void __attribute__((noreturn)) give_up(const char *what)
{
	fprintf(stderr, "bench_api_packet: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* Where the program sends the packet, as in the outer IPv4 header. */
static uint32_t send_packet(const struct bench *bench, const struct frame *frame)
{
	struct frame out;
	uint32_t destination;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		    .data_size_in = (uint32_t)frame->length, .data_out = out.bytes,
		    .data_size_out = sizeof(out.bytes));

	if (bpf_prog_test_run_opts(bench->program, &options))
		give_up("BPF_PROG_TEST_RUN");
	if (options.retval != XDP_TX && options.retval != XDP_REDIRECT) {
		fprintf(stderr, "bench_api_packet: XDP action %u\n", options.retval);
		exit(EXIT_FAILURE);
	}
	memcpy(&destination, out.bytes + AT_OUTER_DESTINATION, sizeof(destination));
	return destination;
}

static struct frame frame_from(const struct bench *bench, uint32_t source_port)
{
	return packet_build(&(struct packet){
		.destination = bench->vip,
		.protocol = IPPROTO_UDP,
		.source_port = (uint16_t)source_port,
		.destination_port = DNS_PORT,
	});
}

static void find_flow(struct bench *bench)
{
	static uint32_t before[UINT16_MAX + 1];

	http_exchange(&bench->connection, &bench->requests[0]);
	for (uint32_t port = FIRST_PORT; port <= UINT16_MAX; port++) {
		bench->frame = frame_from(bench, port);
		before[port] = send_packet(bench, &bench->frame);
	}
	http_exchange(&bench->connection, &bench->requests[1]);
	for (uint32_t port = FIRST_PORT; port <= UINT16_MAX; port++) {
		bench->frame = frame_from(bench, port);
		bench->destinations[0] = before[port];
		bench->destinations[1] = send_packet(bench, &bench->frame);
		if (bench->destinations[0] != bench->destinations[1])
			return;
	}
	fputs("bench_api_packet: both bodies send every flow to the same backend\n", stderr);
	exit(EXIT_FAILURE);
}

static double measure(struct bench *bench, size_t body)
{
	uint64_t began_ns = http_now_ns(), now_ns;
	int status = 0;

	http_send(&bench->connection, &bench->requests[body]);
	do {
		uint32_t destination = send_packet(bench, &bench->frame);

		now_ns = http_now_ns();
		if (destination == bench->destinations[body])
			break;
	} while (now_ns - began_ns < PATIENCE_NS);
	while (!status)
		status = http_read(&bench->connection);
	http_expect_success(&bench->connection, status);
	return (double)(now_ns - began_ns) / 1000;
}

int main(int count, char **values)
{
	static struct bench bench;
	unsigned long times;

	if (count != ARGUMENT_END) {
		fputs("usage: bench_api_packet SOCKET PROGRAM_ID COUNT VIP TARGET BODY BODY\n",
		      stderr);
		return EXIT_FAILURE;
	}
	times = strtoul(values[ARGUMENT_COUNT], NULL, 10);
	bench.vip = values[ARGUMENT_VIP];
	bench.program =
		bpf_prog_get_fd_by_id((uint32_t)strtoul(values[ARGUMENT_PROGRAM], NULL, 10));
	if (bench.program < 0)
		give_up("the program");
	for (size_t i = 0; i < BODY_COUNT; i++)
		bench.requests[i] = http_request_new("PUT", values[ARGUMENT_TARGET],
						     values[ARGUMENT_BODIES + i]);
	http_connect(&bench.connection, values[ARGUMENT_SOCKET]);
	find_flow(&bench);
	fputs("{\"latencies_us\": [", stdout);
	for (size_t i = 0; i < times && i < COUNT_MAX; i++)
		printf("%s%.1f", i ? ", " : "", measure(&bench, i % BODY_COUNT));
	puts("]}");
	return EXIT_SUCCESS;
}
