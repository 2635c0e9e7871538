/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rule by which packets of a tracked slot make, keep and end the records of their flows. Pure:
 * tests run it without a program. README.md has it as a table.
 *
 * Only the client's half of a connection is seen, and anybody may make up packets in a client's
 * name. So a second packet confirms a record only if it goes on where the first one was, and a
 * confirmed record is ended only by a FIN or RST that is where the client is.
 */
#ifndef CAROM_TRACK_H
#define CAROM_TRACK_H

#include "record.h"

/* What a packet says of its flow. */
struct carom_track {
	__u64 seen;	      /* its flow's record, if that lives; else 0 */
	__u64 fresh;	      /* the record that it makes if it is the first of its flow */
	__u32 opens;	      /* TCP: SYN without ACK */
	__u32 closes;	      /* TCP: FIN or RST */
	__u32 idle_timeout_s; /* of confirmed records */
};

#define CAROM_FLOW_CLOCK 0xffffULL
#define CAROM_FLOW_STATE (3ULL << 31)
#define CAROM_FLOW_PLACE (0x7fffULL << 16) /* the ordinal */
#define CAROM_FLOW_BLOCK (~0ULL << 50)

/* `record` with some fields of another. */
static inline __u64 carom_track_with(__u64 record, __u64 fields, __u64 other)
{
	return (record & ~fields) | (other & fields);
}

/* A SYN to a living record leaves it time for a handshake, but does not keep it alive for long. */
static inline __u64 carom_track_spare(const struct carom_track *track)
{
	__u32 now = (__u32)track->fresh, age_s = carom_flow_age(track->seen, now), most_s = 0;

	if (track->idle_timeout_s > CAROM_FLOW_UNCONFIRMED_S)
		most_s = track->idle_timeout_s - CAROM_FLOW_UNCONFIRMED_S;
	if (age_s <= most_s)
		return track->seen;
	return carom_track_with(track->seen, CAROM_FLOW_CLOCK, now - most_s);
}

/*
 * A SYN opens a flow, unless its flow has a confirmed record, or it repeats the SYN that made the
 * record. A SYN that is made up must not take a connection away: the recorded backend's kernel
 * answers it (RFC 5961), and a client that did lose its connection ends it by the RST that this
 * answer brings.
 */
static inline __u64 carom_track_open(const struct carom_track *track)
{
	switch (carom_flow_state(track->seen)) {
	case CAROM_FLOW_CONFIRMED: return carom_track_spare(track);
	case CAROM_FLOW_OPENING:
		if (track->seen && !((track->seen ^ track->fresh) & CAROM_FLOW_BLOCK))
			return carom_track_with(track->fresh, CAROM_FLOW_PLACE, track->seen);
		break;
	case CAROM_FLOW_SEEN:
	case CAROM_FLOW_CLOSED: break;
	}
	return track->fresh;
}

static inline __u64 carom_track_known(const struct carom_track *track)
{
	enum carom_flow_state state = carom_flow_state(track->seen);
	__u64 next = carom_track_with(track->seen, CAROM_FLOW_CLOCK, track->fresh);

	if (carom_flow_fits(track->seen, track->fresh >> 50)) {
		next = carom_track_with(next, CAROM_FLOW_BLOCK, track->fresh);
		if (track->closes || state == CAROM_FLOW_CLOSED)
			state = CAROM_FLOW_CLOSED;
		else
			state = CAROM_FLOW_CONFIRMED;
		return carom_track_with(next, CAROM_FLOW_STATE, (__u64)state << 31);
	}
	/* Of an older connection, which a SYN that was made up must not take. */
	if (state == CAROM_FLOW_OPENING)
		return 0;
	/* One of the two was made up. */
	if (state == CAROM_FLOW_SEEN && !track->closes)
		return carom_track_with(next, CAROM_FLOW_BLOCK, track->fresh);
	return next;
}

/* The flow's record from now on, whose backend takes the packet; 0: it makes none, and the packet
 * goes where flows without a record belong. */
static inline __u64 carom_track_next(const struct carom_track *track)
{
	if (track->opens)
		return carom_track_open(track);
	if (track->seen)
		return carom_track_known(track);
	/* The last packets of an older connection must not meet the port's next one. */
	return track->closes ? 0 : track->fresh;
}

#endif
