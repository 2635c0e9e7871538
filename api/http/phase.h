/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a client's connection is, and to whom a request belongs: which step may follow which, and
 * for how long a client may stay in each phase. client_enter() and request_pass() take the steps;
 * an illegal one is a bug of ours, which they tell. Pure.
 */
#ifndef CAROM_PHASE_H
#define CAROM_PHASE_H

#include <stdbool.h>
#include <stdint.h>

enum client_phase {
	CLIENT_GREETING,  /* a TLS handshake, and up to the first line of the first request */
	CLIENT_IDLE,	  /* between requests, or before the first line of one */
	CLIENT_HEADER,	  /* a request's first line has come, its header is coming */
	CLIENT_BODY,	  /* the header is judged; the body is coming, or the request's end */
	CLIENT_WAITING,	  /* suspended, while a handler is under way */
	CLIENT_RESUMED,	  /* the response is there; libmicrohttpd is to ask for it */
	CLIENT_SENDING,	  /* a response is going out */
	CLIENT_STREAMING, /* likewise, without an end in sight */
	CLIENT_LISTENING, /* suspended, until there is more to stream */
	CLIENT_LINGERING, /* refused in mid-request: further input is thrown away */
	CLIENT_CUT,	  /* shut down by us; libmicrohttpd is to see it, and to clean up */
};

#define CLIENT_PHASES (CLIENT_CUT + 1)

struct phase {
	const char *name;
	unsigned next;	    /* a bit for each phase that may follow */
	uint64_t silent_ms; /* allowed without a sign of life; 0: none shows in this phase */
	uint64_t total_ms;  /* allowed in all; 0: no limit */
	bool goes_on;	    /* its time in all began with the phase before */
};

const struct phase *phase_of(enum client_phase phase);
bool phase_may_follow(enum client_phase before, enum client_phase after);

/* A request belongs to its connection, and while something is under way for it, to that, too. */
enum request_hold {
	REQUEST_ATTENDED, /* by its connection alone */
	REQUEST_HELD,	  /* by its connection, and by what is under way for it */
	REQUEST_ORPHANED, /* by what is under way alone: connection and server are gone, or going */
};

bool hold_may_follow(enum request_hold before, enum request_hold after);

#endif
