/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From desired state and next hops to an image: what is shared with the former image, who keeps
 * which ordinal, who is in the ring. Next hops are what a test says.
 */
#include "plan_support.h"

static size_t count_slots(const struct image_vip *vip, int ordinal)
{
	size_t count = 0;

	for (size_t i = 0; i < (size_t)1 << vip->ring->bits; i++)
		count += vip->ring->slots[i] == ordinal;
	return count;
}

static size_t share_of(const struct image_vip *vip, const char *name)
{
	return count_slots(vip, ordinal_of(vip, name));
}

static void assert_address(const struct carom_address *found, const char *expected)
{
	char text[ADDRESS_TEXT_BYTES];

	assert_string_equal(address_format(found, text), expected);
}

/* ---- what an image says ---- */

static void the_image_says_what_is_desired(void **state)
{
	struct planning planning = {0};
	struct image *image = plan(&planning, "'web': {" WEB ", " B1_B2 "}, 'dns': {" DNS
					      ", 'backends': {" B3 "}}, 'raw': {'address': "
					      "'2001:db8::1', 'port': 0, 'protocol': 'tcp', "
					      "'tracking': 'never', 'backends': {}}");

	(void)state;
	assert_int_equal(image->revision, 1);
	assert_int_equal(image->vip_count, 3);
	assert_string_equal(image->vips[0]->name, "dns");
	assert_int_equal(image->vips[0]->protocol, IPPROTO_UDP);
	assert_int_equal(image->vips[0]->tracking, TRACKING_ALWAYS);
	assert_string_equal(image->vips[1]->name, "raw");
	assert_address(&image->vips[1]->address, "2001:db8::1");
	assert_int_equal(image->vips[1]->port, 0);
	assert_int_equal(image->vips[1]->tracking, TRACKING_NEVER);
	assert_string_equal(image->vips[2]->name, "web");
	assert_int_equal(image->vips[2]->port, 80);
	assert_int_equal(image->vips[2]->tracking, TRACKING_CHANGES);
	assert_int_equal(image->vips[2]->backend_count, 2);
	assert_int_equal(image->vips[2]->ring->bits, 8);
	assert_int_equal(share_of(image->vips[2], "b1"), SLOT_COUNT / 2);
	assert_address(&backend_of(image->vips[2], "b2")->address, "10.0.0.2");
	assert_int_equal(backend_of(image->vips[2], "b2")->next_hop.interface, INTERFACE);
	planning_done(&planning);
}

static void nothing_desired_is_an_empty_image(void **state)
{
	struct planning planning = {0};

	(void)state;
	assert_int_equal(plan(&planning, "")->vip_count, 0);
	assert_int_equal(plan(&planning, "'web': {" WEB ", " B1_B2 "}")->vip_count, 1);
	assert_int_equal(plan(&planning, "")->vip_count, 0);
	planning_done(&planning);
}

/* ---- who is in the ring ---- */

struct eligible_row {
	const char *members; /* of b2, beside its address */
	const char *down;    /* NULL: nobody */
	enum carom_backend_state state;
	const char *reason; /* NULL: it is in the ring */
};

static const struct eligible_row eligible_rows[] = {
	{"", NULL, CAROM_BACKEND_ACTIVE, NULL},
	{", 'weight': 1", NULL, CAROM_BACKEND_ACTIVE, NULL},
	{", 'weight': 0", NULL, CAROM_BACKEND_DRAIN, "its weight is 0"},
	{", 'state': 'drain'", NULL, CAROM_BACKEND_DRAIN, "drained"},
	{", 'state': 'disabled'", NULL, CAROM_BACKEND_DISABLED, "disabled"},
	{"", "10.0.0.2", CAROM_BACKEND_ACTIVE, "no route"},
	{", 'state': 'drain'", "10.0.0.2", CAROM_BACKEND_DRAIN, "drained"},
};

static void check_eligible(const struct eligible_row *row)
{
	struct planning planning = {.down = {row->down}};
	char members[256];
	struct image_vip *vip;
	const struct image_backend *backend;
	struct facts facts = {find_next_hop, &planning};

	snprintf(members, sizeof(members), "'backends': {" B1 ", 'b2': {'address': '10.0.0.2'%s}}",
		 row->members);
	vip = plan_web(&planning, members);
	backend = backend_of(vip, "b2");
	assert_int_equal(backend->state, row->state);
	assert_int_equal(plan_is_eligible(backend), !row->reason);
	assert_int_equal(share_of(vip, "b2"), row->reason ? 0 : SLOT_COUNT / 2);
	assert_int_equal(share_of(vip, "b1"), row->reason ? SLOT_COUNT : SLOT_COUNT / 2);
	if (row->reason)
		assert_string_equal(facts_why_ineligible(&facts, backend), row->reason);
	planning_done(&planning);
}

static void only_the_eligible_are_in_the_ring(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(eligible_rows); i++)
		check_eligible(&eligible_rows[i]);
}

static void an_unknown_next_hop_is_not_resolved(void **state)
{
	struct planning planning = {0};
	struct image_vip *vip = plan_web(&planning, "'backends': {'b9': {'address': '10.0.0.99'}}");
	const struct image_backend *backend = backend_of(vip, "b9");
	struct facts facts = {find_next_hop, &planning};

	(void)state;
	assert_false(backend->next_hop.resolved);
	assert_string_equal(facts_why_ineligible(&facts, backend), "its next hop is not known yet");
	planning_done(&planning);
}

static void weights_are_shares(void **state)
{
	struct planning planning = {0};
	struct image_vip *vip =
		plan_web(&planning, "'backends': {'b1': {'address': '10.0.0.1', 'weight': 3}, " B2
				    ", 'b3': {'address': '10.0.0.3', 'weight': 12}}");

	(void)state;
	assert_int_equal(share_of(vip, "b1"), SLOT_COUNT * 3 / 16);
	assert_int_equal(share_of(vip, "b2"), SLOT_COUNT * 1 / 16);
	assert_int_equal(share_of(vip, "b3"), SLOT_COUNT * 12 / 16);
	planning_done(&planning);
}

static void a_ring_without_backends_says_none(void **state)
{
	static const char *const members[] = {
		"'backends': {}",
		"'backends': {'b1': {'address': '10.0.0.1', 'state': 'drain'}}",
		"'backends': {'b1': {'address': '10.0.0.1', 'weight': 0},"
		" 'b2': {'address': '10.0.0.2', 'state': 'disabled'}}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++) {
		struct planning planning = {0};
		struct image_vip *vip = plan_web(&planning, members[i]);

		assert_int_equal(count_slots(vip, CAROM_ORDINAL_NONE), SLOT_COUNT);
		assert_int_equal(vip->ring->digest, 0);
		planning_done(&planning);
	}
}

/* ---- what is shared ---- */

static void an_untouched_vip_is_shared(void **state)
{
	struct planning planning = {0};
	struct image *former = image_ref(
		plan(&planning, "'web': {" WEB ", " B1_B2 "}, 'dns': {" DNS ", " B1_B2 "}"));
	struct config_vip *edited =
		vip_of("web", "{" WEB ", 'backends': {" B1 ", " B2 ", " B3 "}}");
	struct error_list errors = {0};
	struct image *image =
		plan_config(&planning, config_with_vip(planning.published, edited, &errors));

	(void)state;
	assert_ptr_equal(image->vips[0], former->vips[0]);
	assert_ptr_not_equal(image->vips[1], former->vips[1]);
	config_vip_unref(edited);
	image_unref(former);
	planning_done(&planning);
}

static void an_equal_vip_is_shared(void **state)
{
	struct planning planning = {0};
	struct image *former = image_ref(plan(&planning, "'web': {" WEB ", " B1_B2 "}"));

	(void)state;
	assert_ptr_equal(plan(&planning, "'web': {" WEB ", " B1_B2 "}")->vips[0], former->vips[0]);
	assert_ptr_equal(plan_again(&planning)->vips[0], former->vips[0]);
	image_unref(former);
	planning_done(&planning);
}

/* Of what a former process published, nobody knows what it was planned from. */
static void an_adopted_image_is_shared(void **state)
{
	struct planning planning = {0};
	struct image *former = image_ref(plan(&planning, "'web': {" WEB ", " B1_B2 "}"));

	(void)state;
	config_unref(planning.published);
	planning.published = NULL;
	assert_ptr_equal(plan(&planning, "'web': {" WEB ", " B1_B2 "}")->vips[0], former->vips[0]);
	image_unref(former);
	planning_done(&planning);
}

struct ring_row {
	const char *change;
	const char *members;
	bool is_shared; /* the ring is; the VIP never is */
};

/* From b1 and b2, and b3 that is drained. */
static const struct ring_row ring_rows[] = {
	{"a drained backend goes", B1_B2, true},
	{"a drained backend is disabled",
	 "'backends': {" B1 ", " B2 ", 'b3': {'address': '10.0.0.3', 'state': 'disabled'}}", true},
	{"a drained backend gets another weight",
	 "'backends': {" B1 ", " B2
	 ", 'b3': {'address': '10.0.0.3', 'state': 'drain', 'weight': 5}}",
	 true},
	{"one more is drained already",
	 "'backends': {" B1 ", " B2 ", 'b3': {'address': '10.0.0.3', 'state': 'drain'},"
	 " 'b4': {'address': '10.0.0.4', 'state': 'drain'}}",
	 true},
	{"on_down",
	 "'on_down': 'reset', 'backends': {" B1 ", " B2
	 ", 'b3': {'address': '10.0.0.3', 'state': 'drain'}}",
	 true},
	{"undrain", "'backends': {" B1 ", " B2 ", " B3 "}", false},
	{"a weight",
	 "'backends': {" B1 ", 'b2': {'address': '10.0.0.2', 'weight': 2},"
	 " 'b3': {'address': '10.0.0.3', 'state': 'drain'}}",
	 false},
	{"another address",
	 "'backends': {" B1 ", 'b2': {'address': '10.0.0.22'},"
	 " 'b3': {'address': '10.0.0.3', 'state': 'drain'}}",
	 false},
	{"another drain",
	 "'backends': {" B1 ", 'b2': {'address': '10.0.0.2', 'state': 'drain'},"
	 " 'b3': {'address': '10.0.0.3', 'state': 'drain'}}",
	 false},
};

static void check_ring(const struct ring_row *row)
{
	struct planning planning = {0};
	struct image_vip *before =
		plan_web(&planning, "'backends': {" B1 ", " B2
				    ", 'b3': {'address': '10.0.0.3', 'state': 'drain'}}");
	struct image *former = image_ref(planning.image);
	struct image_vip *after = plan_web(&planning, row->members);

	if (after == before)
		fail_msg("%s: the VIP is shared", row->change);
	if ((after->ring == before->ring) != row->is_shared)
		fail_msg("%s: expected %s ring", row->change,
			 row->is_shared ? "the former" : "a new");
	image_unref(former);
	planning_done(&planning);
}

static void a_ring_is_shared_unless_its_shares_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ring_rows); i++)
		check_ring(&ring_rows[i]);
}

/* ---- ordinals ---- */

static void a_backend_keeps_its_ordinal(void **state)
{
	struct planning planning = {0};
	struct image_vip *vip = plan_web(&planning, "'backends': {" B2 ", " B3 "}");

	(void)state;
	assert_int_equal(ordinal_of(vip, "b2"), 0);
	assert_int_equal(ordinal_of(vip, "b3"), 1);
	vip = plan_web(&planning, "'backends': {" B1 ", " B2 ", " B3 "}");
	assert_int_equal(ordinal_of(vip, "b1"), 2);
	assert_int_equal(ordinal_of(vip, "b2"), 0);
	assert_int_equal(ordinal_of(vip, "b3"), 1);
	planning_done(&planning);
}

static void an_ordinal_is_free_only_after_sweeps(void **state)
{
	struct planning planning = {.sweep_count = 10};
	struct image_vip *vip = plan_web(&planning, "'backends': {" B1 ", " B2 ", " B3 "}");

	(void)state;
	vip = plan_web(&planning, "'backends': {" B2 ", " B3 "}");
	assert_int_equal(vip->backend_count, 3);
	assert_int_equal(vip->backends[0].state, CAROM_BACKEND_UNUSED);
	planning.sweep_count = 11;
	vip = plan_web(&planning, "'backends': {" B1 ", " B2 ", " B3 "}");
	assert_int_equal(ordinal_of(vip, "b1"), 3);
	assert_int_equal(vip->backends[0].state, CAROM_BACKEND_UNUSED);
	planning.sweep_count = 12;
	vip = plan_web(&planning,
		       "'backends': {" B1 ", " B2 ", " B3 ", 'b4': {'address': '10.0.0.4'}}");
	assert_int_equal(ordinal_of(vip, "b1"), 3);
	assert_int_equal(ordinal_of(vip, "b4"), 0);
	planning_done(&planning);
}

/* Edits between them must not put the day off. */
static void an_ordinal_waits_only_once(void **state)
{
	struct planning planning = {.sweep_count = 10};
	struct image_vip *vip = plan_web(&planning, "'backends': {" B1 ", " B2 "}");

	(void)state;
	plan_web(&planning, "'backends': {" B2 "}");
	planning.sweep_count = 11;
	plan_web(&planning, "'backends': {'b2': {'address': '10.0.0.2', 'weight': 3}}");
	planning.sweep_count = 12;
	vip = plan_web(&planning,
		       "'backends': {'b2': {'address': '10.0.0.2', 'weight': 3}, " B3 "}");
	assert_int_equal(ordinal_of(vip, "b3"), 0);
	planning_done(&planning);
}

static void ordinals_at_the_end_are_given_up(void **state)
{
	struct planning planning = {0};
	struct image_vip *vip = plan_web(&planning, "'backends': {" B1 ", " B2 ", " B3 "}");

	(void)state;
	vip = plan_web(&planning, "'backends': {" B1 "}");
	assert_int_equal(vip->backend_count, 3);
	planning.sweep_count = 2;
	vip = plan_web(&planning, "'backends': {'b1': {'address': '10.0.0.1', 'weight': 2}}");
	assert_int_equal(vip->backend_count, 1);
	planning_done(&planning);
}

static void another_address_is_another_backend(void **state)
{
	struct planning planning = {0};
	struct image_vip *vip = plan_web(&planning, B1_B2);

	(void)state;
	vip = plan_web(&planning, "'backends': {'b1': {'address': '10.0.0.11'}, " B2 "}");
	assert_int_equal(ordinal_of(vip, "b1"), 2);
	assert_int_equal(ordinal_of(vip, "b2"), 1);
	assert_int_equal(vip->backends[0].state, CAROM_BACKEND_UNUSED);
	planning_done(&planning);
}

static void the_way_to_a_ring_does_not_matter(void **state)
{
	struct planning straight = {0}, winding = {0};
	uint64_t expected = plan_web(&straight, B1_B2)->ring->digest;

	(void)state;
	plan_web(&winding, "'backends': {" B3 "}");
	plan_web(&winding, "'backends': {" B2 ", " B3 "}");
	assert_int_equal(plan_web(&winding, B1_B2)->ring->digest, expected);
	planning_done(&winding);
	planning_done(&straight);
}

/* ---- rings of other sizes ---- */

#define WEB_OF(slots)                                                                              \
	"'web': {'address': '192.0.2.1', 'port': 80, 'protocol': 'tcp', 'ring_slots': " #slots     \
	", " B1_B2 "}"

static void a_ring_grows_and_never_shrinks(void **state)
{
	struct planning planning = {0};
	struct image_ring *ring;

	(void)state;
	assert_int_equal(plan(&planning, WEB_OF(256))->vips[0]->ring->bits, 8);
	ring = image_ring_ref(plan(&planning, WEB_OF(1024))->vips[0]->ring);
	assert_int_equal(ring->bits, 10);
	assert_ptr_equal(plan(&planning, WEB_OF(256))->vips[0]->ring, ring);
	assert_int_equal(plan(&planning, WEB_OF(0))->vips[0]->ring->bits, 12);
	image_ring_unref(ring);
	planning_done(&planning);
}

static void another_wording_of_a_reason_is_no_change(void **state)
{
	struct planning planning = {.down = {"10.0.0.1"}};
	struct image_vip *before = image_vip_ref(plan_web(&planning, B1_B2));

	(void)state;
	planning.reason = "neighbour 10.0.0.1 does not answer";
	assert_ptr_equal(plan_again(&planning)->vips[0], before);
	image_vip_unref(before);
	planning_done(&planning);
}

/* ---- in two steps ---- */

static struct plan start(struct planning *planning, struct config *desired)
{
	struct plan_input input = {
		.desired = desired,
		.published = planning->published,
		.image = planning->image,
		.facts = {find_next_hop, planning},
	};
	struct error error;
	struct plan plan;

	if (plan_start(&input, &plan, &error))
		fail_msg("%s", error.message);
	return plan;
}

static void only_new_rings_are_left_to_fill(void **state)
{
	struct planning planning = {0};
	uint64_t former = plan_web(&planning, B1_B2)->ring->digest;
	struct config *desired =
		config_of("{" NODE ", 'vips': {'dns': {" DNS ", " B1_B2 "}, 'web': {" WEB
			  ", 'backends': {" B1 ", " B2 ", " B3 "}}}}");
	struct plan plan = start(&planning, desired);

	(void)state;
	assert_int_equal(plan.unfilled_count, 2);
	assert_int_equal(plan.unfilled_slots, 2 * SLOT_COUNT);
	assert_int_equal(plan_fill(&plan, NULL), 0);
	assert_int_equal(plan.image->vips[0]->ring->digest, former);
	assert_int_equal(plan.image->vips[1]->ring->digest,
			 plan_config(&planning, desired)->vips[1]->ring->digest);
	plan_done(&plan);
	plan_done(&plan);

	plan = start(&planning, desired);
	assert_int_equal(plan.unfilled_count, 0);
	assert_ptr_equal(plan.image->vips[0], planning.image->vips[0]);
	plan_done(&plan);
	planning_done(&planning);
}

/* ---- backends that are down ---- */

static void a_backend_that_is_down_keeps_its_last_next_hop(void **state)
{
	struct planning planning = {0};
	struct image_vip *vip = plan_web(&planning, B1_B2);

	(void)state;
	planning.down[0] = "10.0.0.1";
	vip = plan_again(&planning)->vips[0];
	assert_false(backend_of(vip, "b1")->next_hop.resolved);
	assert_true(backend_of(vip, "b1")->keeps_flows);
	assert_int_equal(backend_of(vip, "b1")->next_hop.interface, INTERFACE);
	assert_memory_equal(backend_of(vip, "b1")->next_hop.destination_mac,
			    resolved.hop.destination_mac, sizeof(resolved.hop.destination_mac));
	assert_address(&backend_of(vip, "b1")->outer_source, "10.9.9.9");
	assert_int_equal(share_of(vip, "b1"), 0);
	planning.down[0] = NULL;
	vip = plan_again(&planning)->vips[0];
	assert_true(backend_of(vip, "b1")->next_hop.resolved);
	assert_int_equal(share_of(vip, "b1"), SLOT_COUNT / 2);
	planning_done(&planning);
}

static void a_backend_that_was_never_up_has_no_next_hop(void **state)
{
	struct planning planning = {.down = {"10.0.0.1"}};
	struct image_vip *vip = plan_web(&planning, "'on_down': 'reset', " B1_B2);

	(void)state;
	assert_false(backend_of(vip, "b1")->keeps_flows);
	assert_int_equal(backend_of(vip, "b1")->next_hop.interface, 0);
	planning_done(&planning);
}

/* ---- the outer source ---- */

struct source_row {
	const char *node; /* its outer sources */
	const char *backend;
	const char *source;
	uint32_t mask; /* host order */
};

static const struct source_row source_rows[] = {
	{"", "10.0.0.1", "10.9.9.9", 0},
	{"", "2001:db8::1", "fd00:9::9", 0},
	{", 'outer_source4': '10.255.0.0/16'", "10.0.0.1", "10.255.0.0", 0xffff},
	{", 'outer_source4': '10.255.0.0/16'", "2001:db8::1", "fd00:9::9", 0},
	{", 'outer_source4': '10.255.3.4/32'", "10.0.0.1", "10.255.3.4", 0},
	{", 'outer_source4': '10.255.3.4/31'", "10.0.0.1", "10.255.3.4", 1},
	{", 'outer_source4': '10.0.0.0/8'", "10.0.0.1", "10.0.0.0", 0xffffff},
	{", 'outer_source6': 'fd00:1::/96'", "2001:db8::1", "fd00:1::", 0xffffffff},
	{", 'outer_source6': 'fd00:1::/112'", "2001:db8::1", "fd00:1::", 0xffff},
	{", 'outer_source6': 'fd00:1::5/128'", "2001:db8::1", "fd00:1::5", 0},
	{", 'outer_source6': 'fd00:1::/96'", "10.0.0.1", "10.9.9.9", 0},
};

static void outer_sources_leave_host_bits_to_the_flow(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(source_rows); i++) {
		const struct source_row *row = &source_rows[i];
		struct planning planning = {0};
		char text[512];
		const struct image_backend *backend;

		snprintf(text, sizeof(text),
			 "{'node': {'interfaces': [{'name': 'eth0'}]%s}, 'vips': {'web': {" WEB
			 ", 'backends': {'b1': {'address': '%s'}}}}}",
			 row->node, row->backend);
		backend = &plan_config(&planning, config_of(text))->vips[0]->backends[0];
		assert_address(&backend->outer_source, row->source);
		assert_int_equal(ntohl(backend->source_host_mask), row->mask);
		planning_done(&planning);
	}
}

static void what_nobody_remembers_is_no_change(void **state)
{
	struct planning planning = {0};
	struct image_vip *vip;

	(void)state;
	plan_web(&planning, "'backends': {" B1 ", " B2 ", " B3 "}");
	vip = plan_web(&planning, B1_B2);
	assert_int_equal(vip->backend_count, 3);
	planning.sweep_count += IMAGE_SWEEPS_TO_FORGET;
	assert_ptr_equal(plan_again(&planning)->vips[0], vip);
	planning.facts_changed = false;
	vip = plan_web(&planning,
		       "'backends': {'b1': {'address': '10.0.0.1', 'weight': 2}, " B2 "}");
	assert_int_equal(vip->backend_count, 2);
	planning_done(&planning);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_remembers_is_no_change),
		cmocka_unit_test(the_image_says_what_is_desired),
		cmocka_unit_test(nothing_desired_is_an_empty_image),
		cmocka_unit_test(only_the_eligible_are_in_the_ring),
		cmocka_unit_test(an_unknown_next_hop_is_not_resolved),
		cmocka_unit_test(weights_are_shares),
		cmocka_unit_test(a_ring_without_backends_says_none),
		cmocka_unit_test(an_untouched_vip_is_shared),
		cmocka_unit_test(an_equal_vip_is_shared),
		cmocka_unit_test(an_adopted_image_is_shared),
		cmocka_unit_test(a_ring_is_shared_unless_its_shares_change),
		cmocka_unit_test(a_backend_keeps_its_ordinal),
		cmocka_unit_test(an_ordinal_is_free_only_after_sweeps),
		cmocka_unit_test(an_ordinal_waits_only_once),
		cmocka_unit_test(ordinals_at_the_end_are_given_up),
		cmocka_unit_test(another_address_is_another_backend),
		cmocka_unit_test(the_way_to_a_ring_does_not_matter),
		cmocka_unit_test(a_ring_grows_and_never_shrinks),
		cmocka_unit_test(another_wording_of_a_reason_is_no_change),
		cmocka_unit_test(only_new_rings_are_left_to_fill),
		cmocka_unit_test(a_backend_that_is_down_keeps_its_last_next_hop),
		cmocka_unit_test(a_backend_that_was_never_up_has_no_next_hop),
		cmocka_unit_test(outer_sources_leave_host_bits_to_the_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
