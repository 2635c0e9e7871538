/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcapng.h"

#include <string.h>

/* Block types, and the options of each that are written here. */
enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
};

enum {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_TIME_RESOLUTION = 9,
	PACKET_FLAGS = 2,
	PACKET_VERDICT = 7,
	STATISTICS_BEGIN = 2,
	STATISTICS_END = 3,
	STATISTICS_LOST = 7, /* isb_osdrop */
	STATISTICS_DELIVERED = 8,
};

#define BYTE_ORDER_MAGIC    0x1a2b3c4d
#define VERSION_MAJOR	    1
#define VERSION_MINOR	    0
#define LENGTH_UNKNOWN	    UINT64_MAX
#define LINK_ETHERNET	    1
#define NANOSECONDS	    9 /* ten to the minus so many seconds */
#define PACKET_INBOUND	    1
#define VERDICT_BY_XDP	    2
#define WORD_BYTES	    4
#define BLOCK_LENGTH_OFFSET 4 /* of the block's length, behind its type */

/* A block that is being written: it does not count until it ends, whole. */
struct block {
	struct pcapng *pcapng;
	size_t used;
	bool is_full;
};

static void put(struct block *block, const void *bytes, size_t length)
{
	static const uint8_t zeros[WORD_BYTES];
	size_t padding = -length % WORD_BYTES, room = block->pcapng->size - block->used;

	if (block->is_full || length + padding > room) {
		block->is_full = true;
		return;
	}
	memcpy(block->pcapng->bytes + block->used, bytes, length);
	memcpy(block->pcapng->bytes + block->used + length, zeros, padding);
	block->used += length + padding;
}

static void put16s(struct block *block, uint16_t first, uint16_t second)
{
	const uint16_t pair[] = {first, second};

	put(block, pair, sizeof(pair));
}

static void put32(struct block *block, uint32_t value)
{
	put(block, &value, sizeof(value));
}

/* A time: the high half comes first, in either byte order. */
static void put_time(struct block *block, uint64_t time_ns)
{
	put32(block, (uint32_t)(time_ns >> 32));
	put32(block, (uint32_t)time_ns);
}

static void put_option(struct block *block, uint16_t code, const void *value, size_t length)
{
	put16s(block, code, (uint16_t)length);
	put(block, value, length);
}

/* An empty text is left out. */
static void put_text(struct block *block, uint16_t code, const char *text)
{
	size_t length = strnlen(text, PCAPNG_TEXT_BYTES_MAX);

	if (length)
		put_option(block, code, text, length);
}

static void put_time_option(struct block *block, uint16_t code, uint64_t time_ns)
{
	put16s(block, code, sizeof(time_ns));
	put_time(block, time_ns);
}

static struct block begin(struct pcapng *pcapng, uint32_t type)
{
	struct block block = {.pcapng = pcapng, .used = pcapng->used};

	put32(&block, type);
	put32(&block, 0);
	return block;
}

/* The length stands at both ends of a block. */
static bool end(struct block *block)
{
	uint32_t length = (uint32_t)(block->used - block->pcapng->used) + 2 * WORD_BYTES;

	put16s(block, OPTION_END, 0);
	put32(block, length);
	if (block->is_full)
		return false;
	memcpy(block->pcapng->bytes + block->pcapng->used + BLOCK_LENGTH_OFFSET, &length,
	       sizeof(length));
	block->pcapng->used = block->used;
	return true;
}

bool pcapng_section(struct pcapng *pcapng, const char *application, const char *comment)
{
	struct block block = begin(pcapng, BLOCK_SECTION);
	uint64_t length = LENGTH_UNKNOWN;

	put32(&block, BYTE_ORDER_MAGIC);
	put16s(&block, VERSION_MAJOR, VERSION_MINOR);
	put(&block, &length, sizeof(length));
	put_text(&block, SECTION_APPLICATION, application);
	put_text(&block, OPTION_COMMENT, comment);
	return end(&block);
}

bool pcapng_interface(struct pcapng *pcapng, const char *name, uint32_t snap_bytes)
{
	static const uint8_t resolution = NANOSECONDS;
	struct block block = begin(pcapng, BLOCK_INTERFACE);

	put16s(&block, LINK_ETHERNET, 0);
	put32(&block, snap_bytes);
	put_text(&block, INTERFACE_NAME, name);
	put_option(&block, INTERFACE_TIME_RESOLUTION, &resolution, sizeof(resolution));
	return end(&block);
}

/* The kind of program, and its action. */
static void put_verdict(struct block *block, uint64_t xdp_action)
{
	uint8_t verdict[1 + sizeof(xdp_action)] = {VERDICT_BY_XDP};

	memcpy(verdict + 1, &xdp_action, sizeof(xdp_action));
	put_option(block, PACKET_VERDICT, verdict, sizeof(verdict));
}

bool pcapng_packet(struct pcapng *pcapng, const struct pcapng_packet *packet)
{
	static const uint32_t flags = PACKET_INBOUND;
	struct block block = begin(pcapng, BLOCK_PACKET);

	put32(&block, packet->interface);
	put_time(&block, packet->time_ns);
	put32(&block, packet->captured);
	put32(&block, packet->length);
	put(&block, packet->bytes, packet->captured);
	put_option(&block, PACKET_FLAGS, &flags, sizeof(flags));
	put_verdict(&block, packet->xdp_action);
	put_text(&block, OPTION_COMMENT, packet->comment);
	return end(&block);
}

bool pcapng_statistics(struct pcapng *pcapng, const struct pcapng_statistics *statistics)
{
	struct block block = begin(pcapng, BLOCK_STATISTICS);

	put32(&block, statistics->interface);
	put_time(&block, statistics->time_ns);
	put_time_option(&block, STATISTICS_BEGIN, statistics->begin_ns);
	put_time_option(&block, STATISTICS_END, statistics->end_ns);
	put_option(&block, STATISTICS_LOST, &statistics->lost, sizeof(statistics->lost));
	put_option(&block, STATISTICS_DELIVERED, &statistics->delivered,
		   sizeof(statistics->delivered));
	put_text(&block, OPTION_COMMENT, statistics->comment);
	return end(&block);
}
