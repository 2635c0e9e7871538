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

#define PACE_BITS 20 /* of a pace's fraction */
#define ONE_STEP  (1u << PACE_BITS)
#define END_SLOTS 64

#define CLEAR_PART 8 /* how large a part of the racers may run on although they have finished */

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

/* A seeker that lacked slots when the race lined up, or when it was last cleared. */
struct racer {
	uint64_t pace;	   /* steps a round, in parts of which ONE_STEP make one */
	uint32_t fraction; /* of a step, in such parts, that rounds before have left over */
	uint32_t position; /* the slot it steps on next */
	uint32_t skip;
	uint32_t seeker;
};

/* A step onto a slot that was free when the round began: the racer's index and, in the low half,
 * the slot. One number, so that one store notes it. */
static uint64_t attempt_make(uint64_t racer, uint32_t slot)
{
	return racer << 32 | slot;
}

/* What a round has at most for each racer: their paces add up to less than twice their number, as
 * the average, at least 1, was rounded down by less than 1; and each may have one step more. */
#define ATTEMPTS_PER_RACER 3

struct filling {
	struct seeker *seekers; /* owned, in the order of identity */
	struct racer *racers;	/* owned, likewise */
	uint64_t *attempts;	/* owned, in the order of the race */
	uint8_t *is_free;	/* owned, by slot: 1 or 0; a byte is tested faster than a bit */
	uint16_t *slots;	/* borrowed */
	struct seeker **by_fraction; /* owned, to the seekers */
	size_t seeker_count;
	size_t racer_count;
	size_t finished_count; /* of the racers: they have their shares by now */
	uint64_t pace_left;    /* in the race */
	uint32_t slot_count;
	uint32_t free_count;
	bool is_even; /* all racers take one step a round */
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

/* Notes where the racers are, as the next line-up starts from there. */
static void stop_race(struct filling *filling)
{
	for (size_t index = 0; index < filling->racer_count; index++) {
		const struct racer *racer = &filling->racers[index];

		filling->seekers[racer->seeker].position = racer->position;
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
	/* A slot is free, so a racer lacks one. NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
	return weight / count;
}

static void line_up(struct filling *filling)
{
	uint64_t average = average_weight(filling);

	filling->racer_count = 0;
	filling->finished_count = 0;
	filling->pace_left = 0;
	filling->is_even = true;
	for (size_t index = 0; index < filling->seeker_count; index++) {
		const struct seeker *seeker = &filling->seekers[index];
		uint64_t pace;

		if (seeker->lacks == 0)
			continue;
		pace = ((uint64_t)seeker->weight << PACE_BITS) / average;
		filling->pace_left += pace;
		filling->is_even &= pace == ONE_STEP;
		filling->racers[filling->racer_count++] = (struct racer){
			.pace = pace,
			.position = seeker->position,
			.skip = seeker->skip,
			.seeker = (uint32_t)index,
		};
	}
}

static void claim(struct filling *filling, struct seeker *seeker, uint32_t slot)
{
	filling->is_free[slot] = 0;
	filling->slots[slot] = seeker->ordinal;
	filling->free_count--;
	seeker->lacks--;
}

/*
 * The inner loops, for some N log N steps in all; they list the attempts of a round and return how
 * many there are. Most steps find their slot taken, but which ones do a CPU cannot guess: so each
 * is written to the list's end, and stays there by arithmetic, not by a branch.
 */
static size_t take_steps(const struct filling *filling)
{
	const uint8_t *is_free = filling->is_free;
	uint64_t *attempts = filling->attempts;
	uint32_t mask = filling->slot_count - 1;
	size_t count = 0;

	for (size_t index = 0; index < filling->racer_count; index++) {
		struct racer *racer = &filling->racers[index];
		uint64_t due = racer->fraction + racer->pace;
		uint32_t steps = (uint32_t)(due >> PACE_BITS);
		uint32_t slot = racer->position;

		attempts[count] = attempt_make(index, slot);
		count += (steps > 0) & is_free[slot];
		slot = (slot + racer->skip) & mask;
		attempts[count] = attempt_make(index, slot);
		count += (steps > 1) & is_free[slot];
		for (uint32_t step = 2; step < steps; step++) {
			slot = (slot + racer->skip) & mask;
			attempts[count] = attempt_make(index, slot);
			count += is_free[slot];
		}
		racer->fraction = due & (ONE_STEP - 1);
		racer->position = (racer->position + steps * racer->skip) & mask;
	}
	return count;
}

/* The same when all weights are equal, and so each takes one step. */
static size_t take_single_steps(const struct filling *filling)
{
	const uint8_t *is_free = filling->is_free;
	uint64_t *attempts = filling->attempts;
	uint32_t mask = filling->slot_count - 1;
	size_t count = 0;

	for (size_t index = 0; index < filling->racer_count; index++) {
		struct racer *racer = &filling->racers[index];
		uint32_t slot = racer->position;

		attempts[count] = attempt_make(index, slot);
		count += is_free[slot];
		racer->position = (slot + racer->skip) & mask;
	}
	return count;
}

/* Another may have claimed the slot since the round began, and the seeker found its last one. */
static void decide(struct filling *filling, uint64_t attempt)
{
	const struct racer *racer = &filling->racers[attempt >> 32];
	struct seeker *seeker = &filling->seekers[racer->seeker];
	uint32_t slot = (uint32_t)attempt;

	if (!filling->is_free[slot] || seeker->lacks == 0)
		return;
	claim(filling, seeker, slot);
	if (seeker->lacks > 0)
		return;
	filling->pace_left -= racer->pace;
	filling->finished_count++;
}

/* Takes those who have their shares off the course. */
static void clear_course(struct filling *filling)
{
	size_t count = 0;

	for (size_t index = 0; index < filling->racer_count; index++) {
		struct racer *racer = &filling->racers[index];

		if (filling->seekers[racer->seeker].lacks > 0)
			filling->racers[count++] = *racer;
	}
	filling->racer_count = count;
	filling->finished_count = 0;
}

static void run_round(struct filling *filling)
{
	size_t count = filling->is_even ? take_single_steps(filling) : take_steps(filling);

	for (size_t index = 0; index < count; index++)
		decide(filling, filling->attempts[index]);
	if (filling->finished_count > filling->racer_count / CLEAR_PART)
		clear_course(filling);
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
	const uint8_t *next = filling->is_free;

	while (filling->free_count > 0) {
		uint32_t slot;

		next = memchr(next, 1, filling->slot_count - (size_t)(next - filling->is_free));
		slot = (uint32_t)(next - filling->is_free);
		claim(filling, soonest_at(filling, slot), slot);
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
	free(filling->attempts);
	free(filling->is_free);
	free(filling->by_fraction);
}

static bool filling_init(struct filling *filling, size_t seeker_count, unsigned bits)
{
	*filling = (struct filling){
		.seekers = calloc(seeker_count, sizeof(*filling->seekers)),
		.racers = calloc(seeker_count, sizeof(*filling->racers)),
		.attempts =
			calloc(seeker_count + 1, ATTEMPTS_PER_RACER * sizeof(*filling->attempts)),
		.is_free = malloc((size_t)1 << bits),
		.by_fraction = calloc(seeker_count, sizeof(struct seeker *)),
		.slot_count = 1u << bits,
		.free_count = 1u << bits,
	};
	if (filling->seekers && filling->racers && filling->attempts && filling->is_free &&
	    filling->by_fraction) {
		memset(filling->is_free, 1, filling->slot_count);
		return true;
	}
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
