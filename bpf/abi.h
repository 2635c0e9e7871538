/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contract between the BPF programs and userspace: every struct, limit and reason that both
 * sides see, and nothing else. Both sides compile this one file, and both assert the sizes. Beside
 * them, hash.h, record.h and track.h are arithmetic.
 *
 * Userspace lays everything out; the program only follows numbers:
 *
 *   control.active ──► generation ──► address table ──► address entry ──► VIP table ──► VIP
 *                                                                                       │
 *   counters, next hop ◄── backend ◄── VIP.first_backend + ordinal ◄── slot ◄── first_slot ┘
 *
 * A published thing is never written again, but for two words of a backend (struct carom_backend).
 * A change writes VIPs, slots and backends beside those before, fills an idle generation, and flips
 * control.active; memory is reused only after an RCU grace period. So a packet sees one generation,
 * whole.
 */
#ifndef CAROM_ABI_H
#define CAROM_ABI_H

#include <linux/types.h>

/*
 * The version of what is pinned. A change of meaning or layout raises the major number: maps of
 * another major number are not adopted. An addition that other versions may leave alone raises the
 * minor one: a map, a member in what is reserved. Maps of the same major number are adopted one by
 * one (balancer/maps/adoption.h).
 */
#define CAROM_ABI_MAJOR 4
#define CAROM_ABI_MINOR 0

#define CAROM_NAME_BYTES       64 /* a VIP's or backend's name, with its terminating NUL */
#define CAROM_CACHE_LINE_BYTES 64

/* One is active; the others wait out their grace periods, so that a commit need not: a grace period
 * takes 10 to 20 ms, and so many commits fit into it. A power of two. */
#define CAROM_GENERATION_COUNT 16

#define CAROM_RING_BITS_MIN	   8
#define CAROM_RING_BITS_MAX	   17
#define CAROM_BACKENDS_PER_VIP_MAX 4096

/* A ring's size, unless it is configured: the smallest with so many slots in all, and so many a
 * backend, which keeps the shares within 1 % of the ideal. */
#define CAROM_RING_SLOTS_PER_BACKEND 100
#define CAROM_RING_BITS_DEFAULT_MIN  12

static inline __u32 carom_ring_bits(__u64 backend_count)
{
	__u32 bits = CAROM_RING_BITS_DEFAULT_MIN;

	while (bits < CAROM_RING_BITS_MAX &&
	       (1ULL << bits) / CAROM_RING_SLOTS_PER_BACKEND < backend_count)
		bits++;
	return bits;
}

#define CAROM_OUTER_TTL 64

/*
 * Every way a packet that reached a VIP's address can end without being forwarded:
 * X(NAME, number, label, XDP action, what it means).
 *
 * A number is a place in pinned counters, so it keeps its label: rows are only appended. A reason
 * that no program gives any more keeps its row, with the action RETIRED.
 */
#define CAROM_REASONS(X)                                                                           \
	X(NOT_SERVED, 0, "not_served", PASS,                                                       \
	  "sent to a VIP's address, but no VIP has this port and protocol; left to the kernel")    \
	X(TRUNCATED, 1, "truncated", DROP,                                                         \
	  "the frame ends before the headers, or the packet, that it announces")                   \
	X(BAD_HEADER, 2, "bad_header", DROP, "an IP or transport header contradicts itself")       \
	X(FRAGMENT, 3, "fragment", DROP, "an IP fragment, whose flow cannot be told")              \
	X(EXTENSIONS, 4, "extensions", DROP, "more IPv6 extension headers than are followed")      \
	X(NO_BACKEND, 5, "no_backend", DROP, "the VIP has no backend that can take the packet")    \
	X(TOO_BIG, 6, "too_big", DROP,                                                             \
	  "with the outer header it exceeds the MTU towards the backend")                          \
	X(NO_HEADROOM, 7, "no_headroom", ABORTED,                                                  \
	  "the driver left no room before the frame for the outer header")                         \
	X(INCONSISTENT, 8, "inconsistent", ABORTED,                                                \
	  "the maps contradict each other: a fault in carom")                                      \
	X(UNRECORDED, 9, "unrecorded", DROP,                                                       \
	  "a new connection to a slot that moved off a backend which takes none, and the flow "    \
	  "table has no place for it now")

#define XDP_RETIRED XDP_ABORTED

/* A reason's number, and its row's place, which must be the same. */
#define CAROM_REASON_NUMBER(name, number, ...)	  CAROM_REASON_##name = (number),
#define CAROM_REASON_PLACE(name, ...)		  CAROM_REASON_PLACE_##name,
#define CAROM_REASON_MISPLACED(name, number, ...) +(CAROM_REASON_PLACE_##name != (number))

enum carom_reason { CAROM_REASONS(CAROM_REASON_NUMBER) CAROM_REASON_COUNT };
enum carom_reason_place { CAROM_REASONS(CAROM_REASON_PLACE) };
_Static_assert((CAROM_REASONS(CAROM_REASON_MISPLACED)) == 0,
	       "a reason's number is its row's place: rows are appended, none is taken out");

#define CAROM_REASON_COUNT_MAX 32 /* room to add reasons without changing struct sizes */

/* An IPv6 address, or an IPv4 address in its IPv4-mapped form, ::ffff:a.b.c.d. */
struct carom_address {
	__be32 words[4];
};

/* A perfect hash: one displacement, then one candidate entry. See balancer/layout/displace.h. */
struct carom_table {
	__u64 seed;
	__u32 first_displacement; /* in the displacements array, counted in displacements */
	__u32 displacement_mask;
	__u32 first_entry;
	__u32 entry_mask;
};

struct carom_generation {
	struct carom_table addresses; /* over address_entries */
	struct carom_table vips;      /* over vips */
	__u64 revision;		      /* of the desired state that it publishes */
	__u64 address_seed;	      /* for carom_address_key() */
};

/* The first of its kind in memory-mapped global data: one cache line a generation. */
struct carom_control {
	__u16 abi_major; /* CAROM_ABI_MAJOR and _MINOR of the caromd that keeps the maps */
	__u16 abi_minor;
	__u32 active; /* which generation packets read; the one word that a commit flips */
	/* Seconds, by userspace: the flow table's time, which stands still while caromd is away. */
	__u32 clock;
	__u32 capture;	   /* number of the capture that is on; 0: none is. See carom_capture. */
	__u64 hash_key[2]; /* that slots and flows were hashed with */
	/* Records that each VIP may have whatever others do, and that all may have beyond that. */
	__u32 flows_guaranteed;
	__u32 flows_lendable;
	__u64 reserved2[3];
	struct carom_generation generations[CAROM_GENERATION_COUNT];
};

enum carom_protocol_index { CAROM_PROTOCOL_TCP, CAROM_PROTOCOL_UDP, CAROM_PROTOCOL_COUNT };

/* A VIP with a port of its own, at an address. */
struct carom_listed_vip {
	__u32 key; /* the low half of the VIP's; 0: none */
	__u32 vip; /* number of the VIP */
};

#define CAROM_LISTED_PER_ADDRESS 4

/*
 * An address that has at least one VIP. The first few VIPs with a port of their own are listed
 * right here, which spares most packets the second table; only addresses that have more need it,
 * and then it has all of them.
 */
struct carom_address_entry {
	struct carom_address address;
	/* 1 + number of the VIP that takes every port, by carom_protocol_index; 0: none. */
	__u32 any_port[CAROM_PROTOCOL_COUNT];
	__u32 number;	  /* names this address in the keys of its VIPs; unique in a generation */
	__u32 port_count; /* how many VIPs with a port of their own it has */
	struct carom_listed_vip listed[CAROM_LISTED_PER_ADDRESS];
};

/* The key of a VIP within a generation: see carom_vip_key(). */
struct carom_vip {
	__u64 key;
	__u32 first_slot;    /* in the slots array, counted in slots; a multiple of the line */
	__u32 first_backend; /* in the backends array */
	__u32 counter;	     /* in the reasons array; 0 is not a VIP's */
	__u16 backend_count; /* of ordinals */
	__u8 ring_bits;	     /* the ring has 1 << ring_bits slots */
	__u8 records_all;    /* flows are recorded even where current and previous agree */
	__u8 tracking;	     /* enum tracking_mode: no program reads it */
	__u8 reserved[7];
};

/* address_number: of the address entry; port: as on the wire; protocol: IPPROTO_…. */
static inline __u64 carom_vip_key(__u32 address_number, __be16 port, __u8 protocol)
{
	return (__u64)address_number << 32 | (__u32)port << 8 | protocol;
}

/* ---- arithmetic that both sides must agree on ---- */

/* Odd, and of no pattern: the fractions of the golden ratio and of the square root of three. */
#define CAROM_MIX_FIRST	 0x9e3779b97f4a7c15ULL
#define CAROM_MIX_SECOND 0xbb67ae8584caa73bULL

/* A bijection for each seed; any bit of the key flips any bit of the hash in half of all cases. */
static inline __u64 carom_mix(__u64 key, __u64 seed)
{
	__u64 hash = key ^ seed;

	hash = (hash ^ hash >> 32) * CAROM_MIX_FIRST;
	hash = (hash ^ hash >> 32) * CAROM_MIX_SECOND;
	return hash ^ hash >> 32;
}

/*
 * The key of an address in a table with this seed. high, low: the halves as they lie in memory; of
 * an IPv4 address the high one is 0. Addresses that agree in one half never share a key; should two
 * others, userspace takes another seed.
 */
static inline __u64 carom_address_key(__u64 high, __u64 low, __u64 seed)
{
	return high * (CAROM_MIX_FIRST + 2 * seed) ^ low;
}

/* hash: carom_mix(key, the table's seed). Bucket and entry come from different halves of it. */
static inline __u32 carom_bucket(__u64 hash, __u32 displacement_mask)
{
	return (__u32)(hash >> 32) & displacement_mask;
}

/* The stride is the key's own, or keys of one bucket that meet once would meet always. */
static inline __u32 carom_entry(__u64 hash, __u32 displacement, __u32 entry_mask)
{
	__u32 stride = (__u32)(hash >> 16) | 1;

	return ((__u32)hash + displacement * stride) & entry_mask;
}

/* A sum of 16-bit words, folded to one in ones' complement (RFC 1071). */
static inline __u32 carom_fold_checksum(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* A slot: the ordinal of a backend within its VIP's block, and whether the slot is tracked. */
#define CAROM_SLOT_TRACKED   0x8000
#define CAROM_SLOT_ORDINAL   0x7fff
#define CAROM_SLOTS_PER_LINE 32

struct carom_slot_line {
	__u16 slots[CAROM_SLOTS_PER_LINE];
};

/* No backend: a slot of a VIP that has none which takes new flows. */
#define CAROM_ORDINAL_NONE CAROM_SLOT_ORDINAL

/*
 * The flow table: which backend a flow of a tracked slot belongs to. A line of four flows is one
 * cache line, and a flow may lie in either of two lines, which its hash tells. A writer takes an
 * entry by exchanging its record for CAROM_FLOW_BUSY, writes the hash, and then the new record; a
 * free entry's record is 0. A reader that finds its hash before and after the record has
 * read a record of that flow.
 */
struct carom_flow {
	__u64 hash;   /* of the 5-tuple, whole */
	__u64 record; /* see record.h */
};

#define CAROM_FLOWS_PER_LINE 4
#define CAROM_FLOW_CHOICES   2
#define CAROM_FLOW_BUSY	     (~0ULL)

/* A record that one packet alone has made is kept so long, until a second one confirms it. */
#define CAROM_FLOW_UNCONFIRMED_S 10
/* In a full table, a SYN's record is safe from other SYNs for so many turns of the clock. */
#define CAROM_FLOW_HANDSHAKE_S 2

struct carom_flow_line {
	struct carom_flow flows[CAROM_FLOWS_PER_LINE];
};

/* Where a flow may lie. line_mask: number of lines, a power of two, less one. */
static inline __u32 carom_flow_line_number(__u64 hash, int choice, __u32 line_mask)
{
	return (__u32)(choice ? hash >> 20 : hash) & line_mask;
}

/*
 * A VIP's part in the flow table, by the number that it counts under. All CPUs count together. Of
 * number 0, which is no VIP's, `held` counts what all VIPs hold beyond their guarantees.
 */
struct carom_share {
	__u32 held; /* as of the last sweep, and taken since */
	__u32 reserved;
	/* Flows that were not recorded: */
	__u64 share_used; /* the VIP's guarantee is used, and all that is lent, too */
	__u64 table_full; /* all places of the flow are held by living flows */
	__u64 rate_limited;
};

/* Of the table's places every other one is given out: then one flow in 4,000 finds all of its own
 * taken, and no other. */
static inline __u32 carom_flows_usable(__u32 flow_count)
{
	return flow_count / 2;
}

/* What one CPU did to the flow table. */
struct carom_recorder {
	__u32 second;  /* of control.clock, in which ... */
	__u32 inserts; /* ... so many flows were recorded */
	__u64 recorded;
	__u64 rate_limited; /* not recorded: too many in that second */
	__u64 table_full;   /* not recorded: all places of the flow are held by living flows */
	__u64 reserved[4];
};

#define CAROM_DISPLACEMENTS_PER_LINE 32

struct carom_displacement_line {
	__u16 displacements[CAROM_DISPLACEMENTS_PER_LINE]; /* 0: no key lands here */
};

enum carom_family { CAROM_IPV4, CAROM_IPV6 };

enum carom_backend_state {
	CAROM_BACKEND_UNUSED,	/* an ordinal that no backend holds */
	CAROM_BACKEND_ACTIVE,	/* takes new flows */
	CAROM_BACKEND_DRAIN,	/* keeps its flows, takes no new ones */
	CAROM_BACKEND_DOWN,	/* as DRAIN, but by the word of health */
	CAROM_BACKEND_DISABLED, /* gives its flows up */
};

/* Whether the flows of a backend in this state may stay with it. A macro: of a function, clang
 * makes longer code. */
#define CAROM_STATE_SERVES(state)                                                                  \
	((state) == CAROM_BACKEND_ACTIVE || (state) == CAROM_BACKEND_DRAIN ||                      \
	 (state) == CAROM_BACKEND_DOWN)

/*
 * All that forwarding needs of one backend, in one cache line. Two words of a published backend are
 * written again, in place, each by one store: its next hop and its state. So a gateway's new
 * address needs no room beside what is published, however full the maps are.
 */
struct carom_backend {
	struct carom_address outer_source;
	struct carom_address outer_destination;
	__be32 source_host_mask; /* bits of outer_source.words[3] that the flow's hash fills */
	__u32 counter;		 /* in the counters array */
	__u32 next_hop;		 /* in the next_hops array; 0: none was ever found */
	__u16 header_checksum;	 /* ones' complement sum of the outer IPv4 header's fixed fields */
	__u8 outer_family;	 /* enum carom_family */
	__u8 state;		 /* enum carom_backend_state */
	__u8 reserved[16];
};

/* The way to one or more backends. */
struct carom_next_hop {
	__u8 destination_mac[6];
	__u8 source_mac[6];
	__u32 interface; /* ifindex to leave by */
	__u16 mtu;	 /* of the way to the backend, outer header included */
	__u8 reserved[14];
};

/*
 * Names that people gave. No program reads them, but a caromd that adopts the maps does. A VIP's
 * lies where its reasons are counted, a backend's where the backend is in `backends`.
 */
struct carom_vip_label {
	char name[CAROM_NAME_BYTES];
};

struct carom_backend_label {
	char name[CAROM_NAME_BYTES];
	__u32 weight;
	__u8 state; /* enum carom_backend_state, as wanted */
	__u8 is_resolved;
	__u8 keeps_flows;
	__u8 reserved[57];
};

/*
 * Counters lie in one lane a possible CPU, and one lane more that only userspace writes: there a
 * VIP keeps what its removed backends had counted, so that no total ever falls.
 */
struct carom_counter {
	__u64 packets;
	__u64 bytes;	   /* of the client's IP packets: neither Ethernet nor outer header */
	__u64 connections; /* TCP packets with SYN and without ACK */
	__u64 reserved;
};

struct carom_reason_counter {
	__u64 packets[CAROM_REASON_COUNT_MAX];
};

/* A key of hash.h, for each of the hash's halves. */
struct carom_hash_word {
	__u64 first;
	__u64 second;
};

/* The constant, ports, protocol, and two IPv6 addresses of four characters each. */
#define CAROM_HASH_WORDS 11

/* What userspace makes of a hash key of 128 bits: see balancer/base/hash_key.h. */
struct carom_hash_key {
	__u64 multipliers[2]; /* of the finaliser; odd */
	struct carom_hash_word words[CAROM_HASH_WORDS];
};

/* What a program is told at load and never again; the verifier prunes by it. */
struct carom_settings {
	__u64 instance; /* whose program it is; comes first, as in every program's settings */
	struct carom_hash_key hash_key;
	__u32 counters_per_lane;
	__u32 reasons_per_lane;
	__u32 flow_line_mask;
	__u32 flow_idle_timeout_s; /* at most CAROM_FLOW_IDLE_MAX_S */
	__u32 flow_inserts_per_s;  /* by one CPU */
	__u32 explains;		   /* it is the twin: it changes nothing and fills `explanation` */
};

#define CAROM_FLOW_IDLE_MAX_S 32768

/* ---- watching packets: explanations and captures ---- */

/* How a packet's way ended: by a reason, by its number, or by one of these. */
#define CAROM_VERDICT_TX       CAROM_REASON_COUNT_MAX
#define CAROM_VERDICT_REDIRECT (CAROM_REASON_COUNT_MAX + 1)
#define CAROM_VERDICT_FOREIGN  (CAROM_REASON_COUNT_MAX + 2) /* not for a VIP's address */

/* A number that is not there: of a slot or a backend. */
#define CAROM_NONE 0xffffffff

/* Why a packet of a tracked slot goes where it goes. */
enum carom_flow_fate {
	CAROM_FLOW_UNTRACKED,  /* its slot is not tracked: no record is looked for */
	CAROM_FLOW_RECORDED,   /* there is a record of it already */
	CAROM_FLOW_RECORDABLE, /* there is none, and one would be made */
	CAROM_FLOW_UNNEEDED,   /* there is none, and none is needed: all say the same */
	CAROM_FLOW_UNRECORDED, /* there is none, and no room or no time left to make one */
};

/* What the twin decided about the packet that it saw last. */
struct carom_explanation {
	__u32 verdict;
	__u32 vip;     /* the number that it counts under; 0: no VIP was found */
	__u32 slot;    /* within the VIP's ring, or CAROM_NONE */
	__u32 backend; /* in the backends array, or CAROM_NONE */
	/* Ordinals, or CAROM_ORDINAL_NONE. */
	__u16 chosen;
	__u16 current;
	__u16 previous; /* of a tracked slot */
	__u16 recorded; /* what the flow's record says, if there is one */
	__u8 flow;	/* enum carom_flow_fate */
	__u8 opens;	/* a tracked slot's packet: it is a SYN */
	__u8 reserved[6];
};

#define CAROM_CAPTURE_SNAP_MAX	 4096
#define CAROM_CAPTURE_PER_SECOND 20000 /* that one CPU copies; the others it counts */
#define CAROM_CAPTURE_RING_BYTES (4 << 20)
/* So many packets a CPU watches in one second of control.clock, which is more than any can: when
 * it has, caromd is gone, the clock stands still, and the CPU ends the capture. */
#define CAROM_CAPTURE_WATCHED_MAX (1 << 25)

/* Which packets to copy. Written before control.capture says that a capture is on. */
struct carom_capture {
	__u64 verdicts;	  /* bit n: those of verdict n */
	__u32 vip;	  /* number; 0: of all */
	__u32 snap_bytes; /* of a frame, at most CAROM_CAPTURE_SNAP_MAX */
};

/* A packet that was copied. */
struct carom_captured {
	__u64 time_ns;	 /* of CLOCK_MONOTONIC */
	__u32 capture;	 /* its number */
	__u32 interface; /* ifindex that it came in by */
	__u32 verdict;
	__u32 vip;	       /* as in the explanation */
	__u32 backend;	       /* likewise */
	__u32 backend_counter; /* that the backend counts under */
	__u32 length;	       /* of the frame on the wire */
	__u32 captured;	       /* bytes of it that follow */
};

/* What one CPU does for a capture; begun anew when the capture's number is another. */
struct carom_capture_lane {
	__u32 capture;
	__u32 second;	    /* of control.clock, in which ... */
	__u32 watched;	    /* ... so many packets were seen ... */
	__u32 copied;	    /* ... and so many copied */
	__u64 rate_limited; /* wanted, and not copied: too many in that second */
	__u64 ring_full;    /* wanted, and not copied: caromd was behind */
	struct carom_captured head;
	__u8 frame[CAROM_CAPTURE_SNAP_MAX];
};

/* ---- decap: the backend's side ---- */

/* As CAROM_REASONS: rows are only appended. */
#define CAROM_DECAP_REASONS(X)                                                                     \
	X(DECAPSULATED, 0, "decapsulated", PASS, "unwrapped and handed to the kernel")             \
	X(FORBIDDEN_SOURCE, 1, "forbidden_source", DROP,                                           \
	  "the outer source address is not on the allow-list")                                     \
	X(TRUNCATED, 2, "truncated", DROP, "the frame ends before the inner packet does")          \
	X(BAD_HEADER, 3, "bad_header", DROP, "an outer or inner header contradicts itself")        \
	X(FRAGMENT, 4, "fragment", PASS, "a fragment of a tunnelled packet; left to the kernel")   \
	X(CONGESTION, 5, "congestion", DROP,                                                       \
	  "marked congested outside, but not ECN-capable inside (RFC 6040)")                       \
	X(NO_HEADROOM, 6, "no_headroom", ABORTED, "the frame could not be cut")

#define CAROM_DECAP_NUMBER(name, number, ...)	 CAROM_DECAP_##name = (number),
#define CAROM_DECAP_PLACE(name, ...)		 CAROM_DECAP_PLACE_##name,
#define CAROM_DECAP_MISPLACED(name, number, ...) +(CAROM_DECAP_PLACE_##name != (number))

enum carom_decap_reason { CAROM_DECAP_REASONS(CAROM_DECAP_NUMBER) CAROM_DECAP_REASON_COUNT };
enum carom_decap_place { CAROM_DECAP_REASONS(CAROM_DECAP_PLACE) };
_Static_assert((CAROM_DECAP_REASONS(CAROM_DECAP_MISPLACED)) == 0,
	       "a reason's number is its row's place: rows are appended, none is taken out");

#define CAROM_DECAP_PREFIXES_MAX 256

struct carom_decap_settings {
	__u64 instance;
};

/* Key of the allow-list, a longest-prefix-match trie. */
struct carom_decap_prefix {
	__u32 bits; /* 0 … 128; an IPv4 prefix counts 96 more */
	struct carom_address address;
};

_Static_assert(sizeof(struct carom_address) == 16, "carom_address");
_Static_assert(sizeof(struct carom_table) == 24, "carom_table");
_Static_assert(sizeof(struct carom_generation) == 64, "carom_generation");
_Static_assert(sizeof(struct carom_control) ==
		       (1 + CAROM_GENERATION_COUNT) * sizeof(struct carom_generation),
	       "carom_control");
_Static_assert(sizeof(struct carom_address_entry) == CAROM_CACHE_LINE_BYTES, "carom_address_entry");
_Static_assert(sizeof(struct carom_vip) == 32, "carom_vip");
_Static_assert(sizeof(struct carom_slot_line) == CAROM_CACHE_LINE_BYTES, "carom_slot_line");
_Static_assert(sizeof(struct carom_displacement_line) == CAROM_CACHE_LINE_BYTES,
	       "carom_displacement_line");
_Static_assert(sizeof(struct carom_backend) == CAROM_CACHE_LINE_BYTES, "carom_backend");
_Static_assert(sizeof(struct carom_next_hop) == 32, "carom_next_hop");
_Static_assert(sizeof(struct carom_flow_line) == CAROM_CACHE_LINE_BYTES, "carom_flow_line");
_Static_assert(sizeof(struct carom_share) == 32, "carom_share");
_Static_assert(sizeof(struct carom_recorder) == CAROM_CACHE_LINE_BYTES, "carom_recorder");
_Static_assert(sizeof(struct carom_vip_label) == 64, "carom_vip_label");
_Static_assert(sizeof(struct carom_backend_label) == 128, "carom_backend_label");
_Static_assert(sizeof(struct carom_counter) == 32, "carom_counter");
_Static_assert(sizeof(struct carom_reason_counter) == 256, "carom_reason_counter");
_Static_assert(sizeof(struct carom_settings) == 224, "carom_settings");
_Static_assert(sizeof(struct carom_explanation) == 32, "carom_explanation");
_Static_assert(sizeof(struct carom_capture) == 16, "carom_capture");
_Static_assert(sizeof(struct carom_captured) == 40, "carom_captured");
_Static_assert(sizeof(struct carom_capture_lane) == 72 + CAROM_CAPTURE_SNAP_MAX,
	       "carom_capture_lane");
_Static_assert(sizeof(struct carom_decap_settings) == 8, "carom_decap_settings");
_Static_assert(sizeof(struct carom_decap_prefix) == 20, "carom_decap_prefix");
_Static_assert(CAROM_REASON_COUNT <= CAROM_REASON_COUNT_MAX, "carom_reason");

#endif
