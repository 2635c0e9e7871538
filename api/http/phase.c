/* SPDX-License-Identifier: BSD-2-Clause */
#include "phase.h"

#define BIT(phase) (1u << CLIENT_##phase)

/*
 * A handler takes as long as it takes; all else is the client's doing, and has a limit, so that no
 * client holds a connection by silence, by a byte now and then, or by not reading its response.
 *
 * From any phase the connection may end altogether: that is client_free(). A suspended connection
 * cannot: whatever is to end it resumes it first.
 */
static const struct phase phases[CLIENT_PHASES] = {
	[CLIENT_GREETING] = {"greeting", BIT(HEADER) | BIT(CUT), .total_ms = 10000},
	[CLIENT_IDLE] = {"idle", BIT(GREETING) | BIT(HEADER) | BIT(CUT), .silent_ms = 10000},
	[CLIENT_HEADER] = {"header",
			   BIT(BODY) | BIT(SENDING) | BIT(LINGERING) | BIT(IDLE) | BIT(CUT),
			   .silent_ms = 10000, .total_ms = 60000},
	[CLIENT_BODY] = {"body",
			 BIT(WAITING) | BIT(SENDING) | BIT(STREAMING) | BIT(LINGERING) | BIT(IDLE) |
				 BIT(CUT),
			 .silent_ms = 10000, .total_ms = 60000, .goes_on = true},
	[CLIENT_WAITING] = {"waiting", BIT(RESUMED)},
	[CLIENT_RESUMED] = {"resumed", BIT(SENDING) | BIT(IDLE) | BIT(CUT), .total_ms = 60000},
	[CLIENT_SENDING] = {"sending", BIT(IDLE) | BIT(CUT), .total_ms = 60000},
	[CLIENT_STREAMING] = {"streaming", BIT(LISTENING) | BIT(IDLE) | BIT(CUT),
			      .silent_ms = 30000},
	[CLIENT_LISTENING] = {"listening", BIT(STREAMING) | BIT(CUT)},
	[CLIENT_LINGERING] = {"lingering", BIT(CUT), .total_ms = 5000},
	[CLIENT_CUT] = {"cut", 0, .total_ms = 1000},
};

const struct phase *phase_of(enum client_phase phase)
{
	return &phases[phase];
}

bool phase_may_follow(enum client_phase before, enum client_phase after)
{
	return phases[before].next >> after & 1;
}

bool hold_may_follow(enum request_hold before, enum request_hold after)
{
	switch (before) {
	case REQUEST_ATTENDED: return after == REQUEST_HELD;
	case REQUEST_HELD: return after != REQUEST_HELD;
	case REQUEST_ORPHANED: break;
	}
	return false;
}
