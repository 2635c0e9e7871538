/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict.h"

#include <linux/bpf.h>
#include <stddef.h>

uint32_t verdict_action(uint32_t verdict)
{
	static const uint32_t actions[VERDICT_COUNT] = {
#define REASON_ACTION(name, number, label, action, help) [CAROM_REASON_##name] = XDP_##action,
		CAROM_REASONS(REASON_ACTION)
#undef REASON_ACTION
			[CAROM_VERDICT_TX] = XDP_TX,
		[CAROM_VERDICT_REDIRECT] = XDP_REDIRECT,
		[CAROM_VERDICT_FOREIGN] = XDP_PASS,
	};

	return verdict < VERDICT_COUNT ? actions[verdict] : XDP_ABORTED;
}

const char *verdict_action_name(uint32_t action)
{
	switch (action) {
	case XDP_PASS: return "pass";
	case XDP_DROP: return "drop";
	case XDP_TX: return "tx";
	case XDP_REDIRECT: return "redirect";
	default: return "aborted";
	}
}

const char *verdict_reason(uint32_t verdict)
{
	static const char *const labels[] = {
#define REASON_LABEL(name, number, label, action, help) label,
		CAROM_REASONS(REASON_LABEL)
#undef REASON_LABEL
	};

	return verdict < CAROM_REASON_COUNT ? labels[verdict] : NULL;
}
