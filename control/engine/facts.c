/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts.h"

/* An image may be a round older than the facts. */
static const char *facts_why_unreachable(const struct facts *facts,
					 const struct carom_address *destination)
{
	const struct resolution *found = facts_next_hop(facts, destination);

	if (!found)
		return "its next hop is not known yet";
	return found->hop.resolved ? "its next hop has just been found" : found->reason;
}

const char *facts_why_ineligible(const struct facts *facts, const struct image_backend *backend)
{
	switch (backend->state) {
	case CAROM_BACKEND_UNUSED: return "not there";
	case CAROM_BACKEND_ACTIVE: return facts_why_unreachable(facts, &backend->address);
	case CAROM_BACKEND_DRAIN: return backend->weight ? "drained" : "its weight is 0";
	case CAROM_BACKEND_DOWN: return "down";
	case CAROM_BACKEND_DISABLED: return "disabled";
	}
	return "";
}
