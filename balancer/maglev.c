/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills rings, as tests/oracle/maglev_oracle.py does from the same text. Pure, on any thread.
 *
 * Shares. A backend's ideal share is its weight's part of the slots. One whose ideal is below one
 * slot gets exactly one; what is left is divided among the others by weight, until none of them
 * falls below one. A share is its ideal rounded down; the slots then over go, one each, to the
 * largest fractions, among equal ones to the lowest identities.
 *
 * Race. Each backend walks the slots its own way: from a start, the low bits of
 * carom_mix(identity, 0), by an odd skip, the high 32 bits of it with the lowest set. In each
 * round, in the order of identity, each takes steps by its weight: its pace is its weight over the
 * average (rounded down) of those in the race, rounded down to 20 binary places, and in round r it
 * takes floor((r + 1) * pace) - floor(r * pace) steps, the first of all onto its start. A slot
 * belongs to the first that steps on it and lacks slots. After a round that leaves in the race less
 * than half the pace that lined up, those who still lack slots line up anew where they are, at
 * round 0.
 *
 * End. When before or after a round no more than 64 slots are free, each of them, in order, goes to
 * the backend lacking slots that would be there soonest: fewest (steps until it is on it) / weight,
 * among equal ones the lowest identity.
 *
 * Plain Maglev lets a backend that steps on a taken slot step on until it has one, so that each
 * slot that changes hands changes the next choice too: removing one of 1,000 backends from 65,536
 * slots moves 6.7 times its slots. Here the step is lost, and only a backend that has its share
 * passes a change on: 4.4 times, and 1.3 times with 100 backends.
 */
#include "maglev.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_PER_BACKEND 100
#define DEFAULT_BITS_MIN  12
#define BITS_PER_WORD	  64

#define PACE_BITS 20 /* of a pace's fraction */
#define ONE_STEP  (1u << PACE_BITS)
#define END_SLOTS 64

/* A backend that has weight. */
struct seeker {
	uint64_t identity;
	uint64_t fraction; /* of its ideal share: the remainder of a division by weight_left */
	uint32_t weight;
	uint32_t position; /* the slot it steps on next */
	uint32_t skip;
	uint32_t inverse_skip;
	uint32_t lacks; /* slots */
	uint16_t ordinal;
};

/* A seeker that lacked slots when the race lined up. */
struct racer {
	uint64_t pace; /* steps a round; 0: has its share */
	uint32_t start;
	uint32_t skip;
	uint32_t seeker;
};

struct filling {
	struct seeker *seekers;	     /* owned, in the order of identity */
	struct racer *racers;	     /* owned, likewise */
	uint64_t *taken;	     /* owned, a bit a slot */
	uint16_t *slots;	     /* borrowed */
	struct seeker **by_fraction; /* owned, to the seekers */
	size_t seeker_count;
	size_t racer_count;
	uint64_t pace_left; /* in the race */
	uint64_t round;
	uint32_t slot_count;
	uint32_t free_count;
};

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t length)
{
	const unsigned char *bytes = data;
	uint64_t word = 0;

	for (size_t index = 0; index < length; index++) {
		word = word << 8 | bytes[index];
		if (index % sizeof(word) == sizeof(word) - 1) {
			hash = carom_mix(word, hash);
			word = 0;
		}
	}
	return carom_mix(length, carom_mix(word, hash));
}

uint64_t maglev_identity(const char *name, const struct carom_address *address)
{
	return hash_bytes(hash_bytes(0, name, strlen(name)), address, sizeof(*address));
}

unsigned maglev_default_bits(size_t backend_count)
{
	unsigned bits = DEFAULT_BITS_MIN;

	while (bits < CAROM_RING_BITS_MAX && (size_t)1 << bits < backend_count * SLOTS_PER_BACKEND)
		bits++;
	return bits;
}

static int compare_identity(const void *left, const void *right)
{
	const struct seeker *first = left;
	const struct seeker *second = right;

	return (first->identity > second->identity) - (first->identity < second->identity);
}

static int compare_fraction(const void *left, const void *right)
{
	const struct seeker *first = *(struct seeker *const *)left;
	const struct seeker *second = *(struct seeker *const *)right;

	if (first->fraction != second->fraction)
		return first->fraction < second->fraction ? 1 : -1;
	return compare_identity(first, second);
}

/* The inverse of an odd number modulo 2^32: each round of Newton's doubles the right low bits. */
static uint32_t inverse_of(uint32_t odd)
{
	uint32_t inverse = odd; /* right in the low 3 bits */

	for (unsigned bits = 3; bits < 32; bits *= 2)
		inverse *= 2 - odd * inverse;
	return inverse;
}

static void add_seeker(struct filling *filling, const struct maglev_backend *backend)
{
	uint64_t hash = carom_mix(backend->identity, 0);
	uint32_t mask = filling->slot_count - 1;
	uint32_t skip = (uint32_t)(hash >> 32) | 1;

	filling->seekers[filling->seeker_count++] = (struct seeker){
		.identity = backend->identity,
		.weight = backend->weight,
		.position = (uint32_t)hash & mask,
		.skip = skip,
		.inverse_skip = inverse_of(skip),
		.ordinal = backend->ordinal,
	};
}

/* Gives one slot to each whose ideal is below one, as often as that makes others fall below. */
static void set_minimums(struct filling *filling, uint64_t *slots_left, uint64_t *weight_left)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t index = 0; index < filling->seeker_count; index++) {
			struct seeker *seeker = &filling->seekers[index];

			if (seeker->lacks || seeker->weight * *slots_left >= *weight_left)
				continue;
			seeker->lacks = 1;
			*slots_left -= 1;
			*weight_left -= seeker->weight;
			again = true;
		}
	}
}
/* Returns how many slots are over when each share is rounded down. */
static size_t set_rounded_shares(struct filling *filling)
{
	uint64_t slots_left = filling->slot_count;
	uint64_t weight_left = 0;
	size_t over;

	for (size_t index = 0; index < filling->seeker_count; index++)
		weight_left += filling->seekers[index].weight;
	set_minimums(filling, &slots_left, &weight_left);
	over = slots_left;
	for (size_t index = 0; index < filling->seeker_count; index++) {
		struct seeker *seeker = &filling->seekers[index];
		uint64_t ideal = seeker->weight * slots_left;

		if (seeker->lacks)
			continue;
		seeker->lacks = (uint32_t)(ideal / weight_left);
		seeker->fraction = ideal % weight_left;
		over -= seeker->lacks;
	}
	return over;
}

static void set_shares(struct filling *filling)
{
	size_t over = set_rounded_shares(filling);

	for (size_t index = 0; index < filling->seeker_count; index++)
		filling->by_fraction[index] = &filling->seekers[index];
	qsort(filling->by_fraction, filling->seeker_count, sizeof(*filling->by_fraction),
	      compare_fraction);
	for (size_t index = 0; index < over; index++)
		filling->by_fraction[index]->lacks++;
}

static uint32_t slot_after(const struct filling *filling, const struct racer *racer, uint64_t steps)
{
	return (racer->start + (uint32_t)steps * racer->skip) & (filling->slot_count - 1);
}

/* Notes where the racers are, as the next line-up starts from there. */
static void stop_race(struct filling *filling)
{
	for (size_t index = 0; index < filling->racer_count; index++) {
		const struct racer *racer = &filling->racers[index];
		uint64_t steps = filling->round * racer->pace >> PACE_BITS;

		filling->seekers[racer->seeker].position = slot_after(filling, racer, steps);
	}
}

static uint64_t average_weight(const struct filling *filling)
{
	uint64_t weight = 0;
	uint64_t count = 0;

	for (size_t index = 0; index < filling->seeker_count; index++) {
		if (filling->seekers[index].lacks == 0)
			continue;
		weight += filling->seekers[index].weight;
		count++;
	}
	/* A slot is free, so somebody lacks one. NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
	return weight / count;
}

static void line_up(struct filling *filling)
{
	uint64_t average = average_weight(filling);

	filling->racer_count = 0;
	filling->pace_left = 0;
	filling->round = 0;
	for (size_t index = 0; index < filling->seeker_count; index++) {
		const struct seeker *seeker = &filling->seekers[index];
		uint64_t pace;

		if (seeker->lacks == 0)
			continue;
		pace = ((uint64_t)seeker->weight << PACE_BITS) / average;
		filling->pace_left += pace;
		filling->racers[filling->racer_count++] = (struct racer){
			.pace = pace,
			.start = seeker->position,
			.skip = seeker->skip,
			.seeker = (uint32_t)index,
		};
	}
}

static bool is_taken(const uint64_t *taken, uint32_t slot)
{
	return taken[slot / BITS_PER_WORD] >> slot % BITS_PER_WORD & 1;
}

static void claim(struct filling *filling, struct seeker *seeker, uint32_t slot)
{
	filling->taken[slot / BITS_PER_WORD] |= 1ull << slot % BITS_PER_WORD;
	filling->slots[slot] = seeker->ordinal;
	filling->free_count--;
	seeker->lacks--;
}

/* Step number `step` since the line-up. Most often the slot is taken, and nothing is stored. */
static void take_step(struct filling *filling, struct racer *racer, uint64_t step)
{
	struct seeker *seeker = &filling->seekers[racer->seeker];
	uint32_t slot = slot_after(filling, racer, step);

	if (is_taken(filling->taken, slot) || seeker->lacks == 0)
		return;
	claim(filling, seeker, slot);
	if (seeker->lacks > 0)
		return;
	filling->pace_left -= racer->pace;
	racer->pace = 0;
}

/* The inner loop, for some N log N steps in all: equal weights are spared the arithmetic. */
static void run_round(struct filling *filling)
{
	uint64_t round = filling->round++;

	for (size_t index = 0; index < filling->racer_count; index++) {
		struct racer *racer = &filling->racers[index];
		uint64_t step = round * racer->pace >> PACE_BITS;
		uint64_t end = (round + 1) * racer->pace >> PACE_BITS;

		if (racer->pace == ONE_STEP) {
			take_step(filling, racer, round);
			continue;
		}
		for (; step < end; step++)
			take_step(filling, racer, step);
	}
}

static void run_race(struct filling *filling)
{
	while (filling->free_count > END_SLOTS) {
		uint64_t pace;

		line_up(filling);
		pace = filling->pace_left;
		while (filling->free_count > END_SLOTS && filling->pace_left >= pace / 2)
			run_round(filling);
		stop_race(filling);
	}
}

static bool is_sooner(const struct seeker *left, const struct seeker *right, uint32_t slot,
		      uint32_t mask)
{
	uint64_t left_steps = ((slot - left->position) * left->inverse_skip & mask) + 1;
	uint64_t right_steps = ((slot - right->position) * right->inverse_skip & mask) + 1;

	return left_steps * right->weight < right_steps * left->weight;
}

static struct seeker *soonest_at(const struct filling *filling, uint32_t slot)
{
	struct seeker *soonest = NULL;

	for (size_t index = 0; index < filling->seeker_count; index++) {
		struct seeker *seeker = &filling->seekers[index];

		if (seeker->lacks == 0)
			continue;
		if (!soonest || is_sooner(seeker, soonest, slot, filling->slot_count - 1))
			soonest = seeker;
	}
	assert(soonest); /* as many slots are lacked as are free */
	return soonest;
}

static void share_out_the_rest(struct filling *filling)
{
	for (uint32_t word = 0; word < filling->slot_count / BITS_PER_WORD; word++) {
		uint64_t free_slots = ~filling->taken[word];

		for (; free_slots; free_slots &= free_slots - 1) {
			uint32_t slot =
				word * BITS_PER_WORD + (uint32_t)__builtin_ctzll(free_slots);

			claim(filling, soonest_at(filling, slot), slot);
		}
	}
}

static size_t count_weighted(const struct maglev_backend *backends, size_t count)
{
	size_t weighted = 0;

	for (size_t index = 0; index < count; index++)
		weighted += backends[index].weight > 0;
	return weighted;
}

static void filling_done(struct filling *filling)
{
	free(filling->seekers);
	free(filling->racers);
	free(filling->taken);
	free(filling->by_fraction);
}

static bool filling_init(struct filling *filling, size_t seeker_count, unsigned bits)
{
	*filling = (struct filling){
		.seekers = calloc(seeker_count, sizeof(*filling->seekers)),
		.racers = calloc(seeker_count, sizeof(*filling->racers)),
		.taken = calloc(((size_t)1 << bits) / BITS_PER_WORD, sizeof(*filling->taken)),
		.by_fraction = calloc(seeker_count, sizeof(struct seeker *)),
		.slot_count = 1u << bits,
		.free_count = 1u << bits,
	};
	if (filling->seekers && filling->racers && filling->taken && filling->by_fraction)
		return true;
	filling_done(filling);
	return false;
}

int maglev_fill(const struct maglev_backend *backends, size_t count, unsigned bits,
		uint16_t *ret_slots)
{
	size_t weighted = count_weighted(backends, count);
	struct filling filling;

	if (bits < CAROM_RING_BITS_MIN || bits > CAROM_RING_BITS_MAX || weighted == 0 ||
	    weighted > (size_t)1 << bits) {
		errno = EINVAL;
		return -1;
	}
	if (!filling_init(&filling, weighted, bits))
		return -1;
	for (size_t index = 0; index < count; index++)
		if (backends[index].weight > 0)
			add_seeker(&filling, &backends[index]);
	qsort(filling.seekers, weighted, sizeof(*filling.seekers), compare_identity);
	filling.slots = ret_slots;
	set_shares(&filling);
	run_race(&filling);
	share_out_the_rest(&filling);
	filling_done(&filling);
	return 0;
}

uint64_t maglev_digest(const uint16_t *slots, unsigned bits, const uint64_t *identities)
{
	uint64_t digest = bits;

	for (size_t slot = 0; slot < (size_t)1 << bits; slot++)
		digest = carom_mix(identities[slots[slot] & CAROM_SLOT_ORDINAL], digest);
	return digest;
}
