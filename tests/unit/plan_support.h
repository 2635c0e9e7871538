/* SPDX-License-Identifier: BSD-2-Clause */
/* One plan after another, from JSON, with next hops that a test makes up. */
#ifndef CAROM_TESTS_PLAN_SUPPORT_H
#define CAROM_TESTS_PLAN_SUPPORT_H

#include "config_support.h"
#include "plan.h"

#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DOWN_MAX     4
#define SLOT_COUNT   256
#define INTERFACE    7

/* A VIP of the smallest ring; what else is said of it follows. */
#define WEB   "'address': '192.0.2.1', 'port': 80, 'protocol': 'tcp', 'ring_slots': 256"
#define DNS   "'address': '192.0.2.1', 'port': 53, 'protocol': 'udp', 'ring_slots': 256"
#define B1    "'b1': {'address': '10.0.0.1'}"
#define B2    "'b2': {'address': '10.0.0.2'}"
#define B3    "'b3': {'address': '10.0.0.3'}"
#define B1_B2 "'backends': {" B1 ", " B2 "}"

/* What a plan starts from; what is published follows from plan to plan. */
struct planning {
	struct config *published;
	struct image *image;
	uint64_t revision;
	uint64_t sweep_count;
	bool facts_changed;
	const char *down[DOWN_MAX]; /* those that are not resolved, up to the first NULL */
	const char *reason;	    /* why they are not; NULL: "no route" */
	struct resolution found;    /* the last one */
};

static const struct resolution resolved = {
	.hop =
		{
			.resolved = true,
			.interface = INTERFACE,
			.mtu = 1500,
			.destination_mac = {2, 0, 0, 0, 0, 1},
			.source_mac = {2, 0, 0, 0, 0, 2},
		},
};

static const struct resolution *find_next_hop(const void *context,
					      const struct carom_address *destination)
{
	struct planning *planning = (struct planning *)(uintptr_t)context;
	char text[ADDRESS_TEXT_BYTES];

	address_format(destination, text);
	planning->found = resolved;
	address_parse(address_is_ipv4(destination) ? "10.9.9.9" : "fd00:9::9",
		      &planning->found.hop.source);
	for (size_t i = 0; i < DOWN_MAX && planning->down[i]; i++) {
		if (strcmp(planning->down[i], text) == 0) {
			planning->found = (struct resolution){0};
			snprintf(planning->found.reason, sizeof(planning->found.reason), "%s",
				 planning->reason ? planning->reason : "no route");
		}
	}
	return strcmp(text, "10.0.0.99") == 0 ? NULL : &planning->found;
}

/* Plans what is desired, and takes it as published. Borrows the image until the next plan. */
static struct image *plan_config(struct planning *planning, struct config *desired)
{
	struct plan_input input = {
		.desired = desired,
		.revision = ++planning->revision,
		.published = planning->published,
		.image = planning->image,
		.facts_changed = planning->facts_changed,
		.sweep_count = planning->sweep_count,
		.facts = {find_next_hop, planning},
	};
	struct error error;
	struct image *image = plan_make(&input, &error);

	if (!image)
		fail_msg("%s", error.message);
	image_unref(planning->image);
	config_unref(planning->published);
	planning->image = image;
	planning->published = desired;
	return image;
}

/* A document with these VIPs. */
static struct image *plan(struct planning *planning, const char *vips)
{
	char text[4096];

	snprintf(text, sizeof(text), "{" NODE ", 'vips': {%s}}", vips);
	return plan_config(planning, config_of(text));
}

/* The same desired state once more, after next hops have changed. */
static struct image *plan_again(struct planning *planning)
{
	planning->facts_changed = true;
	return plan_config(planning, config_ref(planning->published));
}

static void planning_done(struct planning *planning)
{
	image_unref(planning->image);
	config_unref(planning->published);
}

/* One VIP, 'web', with these members. */
static struct image_vip *plan_web(struct planning *planning, const char *members)
{
	char text[2048];

	snprintf(text, sizeof(text), "'web': {" WEB ", %s}", members);
	return plan(planning, text)->vips[0];
}

static int ordinal_of(const struct image_vip *vip, const char *name)
{
	for (size_t i = 0; i < vip->backend_count; i++) {
		if (vip->backends[i].state != CAROM_BACKEND_UNUSED &&
		    strcmp(vip->backends[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static inline const struct image_backend *backend_of(const struct image_vip *vip, const char *name)
{
	int ordinal = ordinal_of(vip, name);

	if (ordinal < 0)
		fail_msg("no backend '%s'", name);
	return &vip->backends[ordinal];
}

#endif
