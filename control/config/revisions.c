/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of revisions, the newest last. Owns a reference to the config of each; the engine has one
 * of what was published, and others of what is on its way to the disk.
 *
 * What a revision replaced is the memory that the one before it holds alone: it is free once that
 * one is forgotten. So the sum over all but the oldest bounds what the history costs.
 */
#include "revisions.h"

#include <stdlib.h>

struct revisions {
	size_t kept, bytes_max;
	size_t first; /* the oldest's place in the ring */
	size_t count;
	size_t bytes; /* the sum of replaced_bytes, but the oldest's */
	struct revision ring[];
};

struct revisions *revisions_new(size_t kept, size_t bytes_max)
{
	struct revisions *revisions =
		calloc(1, sizeof(*revisions) + kept * sizeof(revisions->ring[0]));

	if (!revisions)
		return NULL;
	revisions->kept = kept;
	revisions->bytes_max = bytes_max;
	return revisions;
}

void revisions_free(struct revisions *revisions)
{
	if (!revisions)
		return;
	revisions_clear(revisions);
	free(revisions);
}

/* ---- looking ---- */

static struct revision *at_age(const struct revisions *revisions, size_t age)
{
	size_t place = revisions->first + revisions->count - 1 - age;

	return (struct revision *)&revisions->ring[place % revisions->kept];
}

size_t revisions_count(const struct revisions *revisions)
{
	return revisions->count;
}

const struct revision *revisions_at(const struct revisions *revisions, size_t age)
{
	return at_age(revisions, age);
}

const struct revision *revisions_newest(const struct revisions *revisions)
{
	return revisions->count ? at_age(revisions, 0) : NULL;
}

const struct revision *revisions_oldest(const struct revisions *revisions)
{
	return revisions->count ? at_age(revisions, revisions->count - 1) : NULL;
}

/* How many are newer than this number. */
static size_t age_of(const struct revisions *revisions, uint64_t number)
{
	size_t first = 0, end = revisions->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (at_age(revisions, middle)->number > number)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

const struct revision *revisions_find(const struct revisions *revisions, uint64_t number)
{
	size_t age = age_of(revisions, number);

	if (age == revisions->count || at_age(revisions, age)->number != number)
		return NULL;
	return at_age(revisions, age);
}

const struct revision *revisions_before(const struct revisions *revisions, uint64_t number)
{
	size_t age = number ? age_of(revisions, number - 1) : revisions->count;

	return age < revisions->count ? at_age(revisions, age) : NULL;
}

/* ---- adding and forgetting ---- */

static void forget_oldest(struct revisions *revisions)
{
	struct revision *oldest = at_age(revisions, revisions->count - 1);

	if (revisions->count > 1)
		revisions->bytes -= at_age(revisions, revisions->count - 2)->replaced_bytes;
	config_unref(oldest->config);
	*oldest = (struct revision){0};
	revisions->first = (revisions->first + 1) % revisions->kept;
	revisions->count--;
}

void revisions_forget_after(struct revisions *revisions, uint64_t number)
{
	while (revisions->count && at_age(revisions, 0)->number > number) {
		struct revision *newest = at_age(revisions, 0);

		if (revisions->count > 1)
			revisions->bytes -= newest->replaced_bytes;
		config_unref(newest->config);
		*newest = (struct revision){0};
		revisions->count--;
	}
}

void revisions_clear(struct revisions *revisions)
{
	while (revisions->count)
		forget_oldest(revisions);
}

/* The config itself, with its pointers to objects. */
static size_t config_bytes(const struct config *config)
{
	size_t bytes = sizeof(*config);

	for (size_t kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		bytes += config->sets[kind].count * sizeof(config->sets[kind].objects[0]);
	return bytes;
}

static void count_changes(const struct config *before, struct revision *revision)
{
	struct config_changes walk = {.before = before, .after = revision->config};
	struct config_change change;

	while (config_changes_next(&walk, &change)) {
		if (!change.before)
			revision->changes.added++;
		else if (!change.after)
			revision->changes.removed++;
		else
			revision->changes.changed++;
		if (change.before)
			revision->replaced_bytes += config_object_bytes(change.kind, change.before);
	}
	revision->replaced_bytes += config_bytes(before);
}

void revisions_add(struct revisions *revisions, const struct revision *revision)
{
	const struct revision *before = revisions_newest(revisions);
	struct revision added = *revision;

	config_ref(added.config);
	added.has_changes = before != NULL;
	added.changes = (struct revision_changes){0};
	added.replaced_bytes = 0;
	if (before)
		count_changes(before->config, &added);
	if (revisions->count == revisions->kept)
		forget_oldest(revisions);
	if (revisions->count)
		revisions->bytes += added.replaced_bytes;
	revisions->count++;
	*at_age(revisions, 0) = added;
	while (revisions->count > 1 && revisions->bytes > revisions->bytes_max)
		forget_oldest(revisions);
}
