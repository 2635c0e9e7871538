/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generations of tables: one is active, the others are idle or wait until no packet reads them.
 * Epochs count the flips. What epoch n retired is reusable once a grace period that began at epoch
 * n or later is over.
 */
#ifndef CAROM_GENERATIONS_H
#define CAROM_GENERATIONS_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

struct generations;
struct image;
struct placed;
struct published;

#define GENERATIONS_NONE UINT32_MAX

/* published: borrowed until generations_free(). NULL: out of memory. */
struct generations *generations_new(const struct published *published);
void generations_free(struct generations *generations);

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
