/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes pcapng, block by block: a section header, the interfaces, packets, and at the end the
 * interfaces' statistics. After draft-ietf-opsawg-pcapng; in this machine's byte order, which the
 * section header tells. Pure.
 *
 * Each function appends one block and returns true; false: it does not fit, and nothing is written.
 * Texts are cut at PCAPNG_TEXT_BYTES_MAX.
 */
#ifndef CAROM_PCAPNG_H
#define CAROM_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_TEXT_BYTES_MAX 512
/* What a packet's block takes at most beside its bytes. */
#define PCAPNG_PACKET_OVERHEAD_MAX (96 + PCAPNG_TEXT_BYTES_MAX)

/* Where blocks go. */
struct pcapng {
	uint8_t *bytes; /* borrowed */
	size_t size;
	size_t used;
};

/* application: what wrote it. comment: on the whole. */
bool pcapng_section(struct pcapng *pcapng, const char *application, const char *comment);

/* Interfaces are numbered from 0, in the order of their blocks. Ethernet; times are nanoseconds. */
bool pcapng_interface(struct pcapng *pcapng, const char *name, uint32_t snap_bytes);

struct pcapng_packet {
	uint32_t interface; /* its number */
	uint64_t time_ns;   /* since 1970 */
	const uint8_t *bytes;
	uint32_t captured;
	uint32_t length; /* on the wire */
	uint64_t xdp_action;
	const char *comment;
};

bool pcapng_packet(struct pcapng *pcapng, const struct pcapng_packet *packet);

struct pcapng_statistics {
	uint32_t interface;
	uint64_t time_ns; /* of this block */
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t delivered; /* packets in this file */
	uint64_t lost;	    /* wanted, and not in this file */
	const char *comment;
};

bool pcapng_statistics(struct pcapng *pcapng, const struct pcapng_statistics *statistics);

#endif
