/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generations of tables: one is active, the others are idle or wait until no packet reads them.
 * Epochs count the flips. What epoch n retired is reusable once a grace period that began at epoch
 * n or later is over.
 */
#ifndef CAROM_GENERATIONS_H
#define CAROM_GENERATIONS_H

#include "abi.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>

struct image;
struct placed;
struct published;

#define GENERATIONS_NONE UINT32_MAX

/* Zeroed but for `published` it is whole. */
struct generations {
	const struct published *published; /* borrowed */
	uint64_t epoch;
	uint64_t reclaimed;
	struct generations_layout *layout; /* of the published keys; NULL: not known */
	uint64_t layout_count;		   /* made so far */
	/* By generation: the epoch that retired it, and its tables' layout; 0: not known. */
	uint64_t retired_by[CAROM_GENERATION_COUNT];
	uint64_t layouts[CAROM_GENERATION_COUNT];
};

void generations_done(struct generations *generations);

/* An idle one's number, or GENERATIONS_NONE. */
uint32_t generations_find_idle(const struct generations *generations);
/* Fills an idle one's tables for these VIPs, placed as `vips` has it. Returns 0, or -1: it stays
 * idle. */
int generations_write(struct generations *generations, uint32_t number, const struct image *image,
		      struct placed *const *vips, struct error *ret_error);
/* Makes packets read it. */
void generations_flip(struct generations *generations, uint32_t number);

/* The predecessor's are being read: each may be, of those that are not active. */
void generations_adopt(struct generations *generations);

uint64_t generations_epoch(const struct generations *generations);
/* A grace period that began when the epoch was `epoch` is over. */
void generations_reclaim(struct generations *generations, uint64_t epoch);
bool generations_is_waiting(const struct generations *generations);

#endif
