/* SPDX-License-Identifier: BSD-2-Clause */
#include "outcome.h"

#include <linux/bpf.h>
#include <stddef.h>

uint32_t outcome_action(uint32_t outcome)
{
	static const uint32_t actions[OUTCOME_COUNT] = {
#define REASON_ACTION(name, label, action, help) [CAROM_REASON_##name] = XDP_##action,
		CAROM_REASONS(REASON_ACTION)
#undef REASON_ACTION
			[CAROM_OUTCOME_TX] = XDP_TX,
		[CAROM_OUTCOME_REDIRECT] = XDP_REDIRECT,
		[CAROM_OUTCOME_FOREIGN] = XDP_PASS,
	};

	return outcome < OUTCOME_COUNT ? actions[outcome] : XDP_ABORTED;
}

const char *outcome_verdict(uint32_t action)
{
	switch (action) {
	case XDP_PASS: return "pass";
	case XDP_DROP: return "drop";
	case XDP_TX: return "tx";
	case XDP_REDIRECT: return "redirect";
	default: return "aborted";
	}
}

const char *outcome_reason(uint32_t outcome)
{
	static const char *const labels[] = {
#define REASON_LABEL(name, label, action, help) label,
		CAROM_REASONS(REASON_LABEL)
#undef REASON_LABEL
	};

	return outcome < CAROM_REASON_COUNT ? labels[outcome] : NULL;
}
