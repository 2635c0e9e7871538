/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The desired state: an immutable value with parts that are shared between revisions.
 *
 * JSON comes in and goes out through the one codec here, the same for the file and for REST, and
 * what goes out can come straight back in. Nothing here touches running state: parse, check, and
 * only then apply. An edit makes a new config that shares all VIPs but the one that it touches.
 */
#ifndef CAROM_CONFIG_H
#define CAROM_CONFIG_H

#include "abi.h"
#include "address.h"
#include "error.h"
#include "json_parse.h"
#include "json_place.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_INTERFACES_MAX  16
#define CONFIG_LISTENS_MAX     8
#define CONFIG_PATH_BYTES      108 /* so that a Unix socket's path fits sun_path */
#define CONFIG_INTERFACE_BYTES 16  /* IFNAMSIZ */
#define CONFIG_GROUP_BYTES     33  /* as useradd allows */
#define CONFIG_SEED_BYTES      128
#define CONFIG_WEIGHT_MAX      65535

enum config_attach_mode { CONFIG_MODE_AUTO, CONFIG_MODE_NATIVE, CONFIG_MODE_GENERIC };

struct config_interface {
	char name[CONFIG_INTERFACE_BYTES];
	enum config_attach_mode mode;
};

/* How much fits; map sizes follow from them. Defaults and bounds: config.c. */
struct config_limits {
	uint32_t vips;
	uint32_t backends; /* over all VIPs */
	uint32_t slots;	   /* over all rings */
	uint32_t flows;
	uint32_t flow_inserts_per_s; /* that one CPU may record */
};

/* Only the file sets it, and only a restart changes it. */
struct config_node {
	char name[CAROM_NAME_BYTES]; /* default: the host's name */
	struct config_interface interfaces[CONFIG_INTERFACES_MAX];
	size_t interface_count;
	char hash_seed[CONFIG_SEED_BYTES];
	bool has_outer_source4, has_outer_source6;
	struct prefix outer_source4, outer_source6;
	struct config_limits limits;
	uint32_t flow_idle_timeout_ms; /* whole seconds */
	char bpf_dir[CONFIG_PATH_BYTES];
	char state_dir[CONFIG_PATH_BYTES]; /* empty: writes are not stored */
};

/* "unix:/run/carom/api.sock", "127.0.0.1:7007", "[::1]:7007" */
struct config_listen {
	bool is_unix;
	char path[CONFIG_PATH_BYTES];
	struct carom_address address;
	uint16_t port; /* host order */
};

/* Paths of PEM files. All TCP listeners speak TLS if there is a certificate, or none. */
struct config_tls {
	char certificate[CONFIG_PATH_BYTES]; /* and the chain up to a CA; empty: no TLS */
	char key[CONFIG_PATH_BYTES];
	char client_ca[CONFIG_PATH_BYTES]; /* empty: clients need no certificate */
};

struct config_api {
	struct config_listen listens[CONFIG_LISTENS_MAX];
	size_t listen_count;
	uint32_t socket_mode;		       /* of Unix sockets: permission bits */
	char socket_group[CONFIG_GROUP_BYTES]; /* theirs, too; empty: caromd's own */
	struct config_tls tls;
	char tokens[CONFIG_PATH_BYTES]; /* a file of them; empty: none */
};

/* Operator's intent; health never writes it. */
enum config_state { CONFIG_STATE_ACTIVE, CONFIG_STATE_DRAIN, CONFIG_STATE_DISABLED };

/* Which flows are recorded: those that a change made ambiguous, all, or none. */
enum config_tracking {
	CONFIG_TRACKING_CHANGES, /* TCP's default */
	CONFIG_TRACKING_ALWAYS,	 /* UDP's default, for it has no SYN */
	CONFIG_TRACKING_NEVER,
};

/* What a backend that is down (it has no next hop) does to its flows. */
enum config_on_down { CONFIG_ON_DOWN_KEEP, CONFIG_ON_DOWN_RESET };

struct config_backend {
	char name[CAROM_NAME_BYTES];
	struct carom_address address;
	uint32_t weight; /* 0 … CONFIG_WEIGHT_MAX; 0: as drained */
	enum config_state state;
};

struct config_vip {
	unsigned references;
	char name[CAROM_NAME_BYTES];
	struct carom_address address;
	uint16_t port;	     /* host order; 0: every port that no other VIP has */
	uint8_t protocol;    /* IPPROTO_TCP or IPPROTO_UDP */
	uint32_t ring_slots; /* 0: by the number of backends */
	enum config_tracking tracking;
	enum config_on_down on_down;
	size_t backend_count;
	struct config_backend backends[]; /* sorted by name */
};

struct config {
	unsigned references;
	struct config_node node;
	struct config_api api;
	size_t vip_count;
	struct config_vip *vips[]; /* sorted by name; each holds a reference */
};

/* References are counted without locks: one thread. unref takes NULL. */
struct config *config_ref(struct config *config);
void config_unref(struct config *config);
struct config_vip *config_vip_ref(struct config_vip *vip);
void config_vip_unref(struct config_vip *vip);

/* ---- codec: JSON to values ---- */

/*
 * JSON to a checked value. Every fault is listed, with its pointer, what was found and what was
 * expected; NULL if there is any. `pointer` is the prefix of the pointers: "" or "/vips/web".
 */
struct config *config_from_json(const json_t *json, struct error_list *faults);
/* The same, and what could be decoded even if there are faults: to look for more of them in what it
 * names, and for nothing else. NULL: out of memory. */
struct config *config_from_faulty_json(const json_t *json, struct error_list *faults);
struct config_vip *config_vip_from_json(const json_t *json, const char *name, const char *pointer,
					struct error_list *faults);
/* The same for a VIP that replaces a former one (NULL: none): of backends that clash, those are
 * blamed that have changed. */
struct config_vip *config_vip_replace_from_json(const struct config_vip *former, const json_t *json,
						const char *name, const char *pointer,
						struct error_list *faults);
int config_backend_from_json(const json_t *json, const char *name, const char *pointer,
			     struct config_backend *ret_backend, struct error_list *faults);
/* {"web-1": {…}, …}. ret_backends: owned by the caller, sorted, to be freed with free(). */
int config_backends_from_json(const json_t *json, const char *pointer,
			      struct config_backend **ret_backends, size_t *ret_count,
			      struct error_list *faults);
/* A REST body for the whole config: `vips` replace the base's; `node` and `api`, if they are there
 * at all, must say what the base says, for only a restart changes them. */
struct config *config_replace_from_json(const struct config *base, const json_t *json,
					struct error_list *faults);

/* ---- codec: values to JSON; every default is spelled out. NULL: out of memory. ---- */

json_t *config_to_json(const struct config *config);
json_t *config_vips_to_json(const struct config *config); /* {"web": {…}, …} */
json_t *config_vip_to_json(const struct config_vip *vip);
json_t *config_backends_to_json(const struct config_vip *vip);
json_t *config_backend_to_json(const struct config_backend *backend);

/* ---- look-ups and edits; faults of edits point into the whole config: "/vips/web/address" ---- */

const struct config_vip *config_find_vip(const struct config *config, const char *name);
const struct config_backend *config_find_backend(const struct config_vip *vip, const char *name);
bool config_vip_equal(const struct config_vip *left, const struct config_vip *right);
/* Same VIPs; node and api are not compared. */
bool config_vips_equal(const struct config *left, const struct config *right);

/* A new config with this VIP added or replaced, checked against the others (clashing addresses,
 * limits). Takes a reference of its own. NULL on failure, described in faults. */
struct config *config_with_vip(const struct config *base, struct config_vip *vip,
			       struct error_list *faults);
struct config *config_without_vip(const struct config *base, const char *name,
				  struct error_list *faults);
/* One of several edits that are made, and checked, as one. */
struct config_edit {
	const char *name;
	struct config_vip *vip; /* of this name; NULL: there is to be none */
};
/* A new config, as above; the edits are sorted by name, and no name is there twice. Only the result
 * is checked: two VIPs may exchange their addresses. */
struct config *config_with_edits(const struct config *base, const struct config_edit *edits,
				 size_t count, struct error_list *faults);
/* The same, unchecked: config_check() must have the last word. An edit that removes what is not
 * there does no harm. NULL: out of memory. */
struct config *config_merge_edits(const struct config *base, const struct config_edit *edits,
				  size_t count);
/* The base with all VIPs of another config instead; likewise. */
struct config *config_with_vips_of(const struct config *base, const struct config *other);
/* New VIPs with other backends; the same checks as from JSON. */
struct config_vip *config_vip_with_backends(const struct config_vip *base,
					    const struct config_backend *backends, size_t count,
					    struct error_list *faults);
struct config_vip *config_vip_with_backend(const struct config_vip *base,
					   const struct config_backend *backend,
					   struct error_list *faults);
struct config_vip *config_vip_without_backend(const struct config_vip *base, const char *name,
					      struct error_list *faults);

/* ---- differences ---- */

/* A walk over the VIPs that differ, in the order of their names. Begins with before and after given
 * and the rest zero. Unchanged VIPs cost next to nothing where the two share them. */
struct config_changes {
	const struct config *before, *after;
	size_t before_at, after_at;
};

struct config_change {
	struct config_vip *before; /* NULL: after has it new */
	struct config_vip *after;  /* NULL: after has it no more */
};

/* false: there is none any more. */
bool config_changes_next(struct config_changes *changes, struct config_change *ret_change);

/* Lets a config that nobody else has yet share with the base those VIPs that are equal. */
void config_share_equal(struct config *config, const struct config *base);

/* The VIPs against each other and the node's limits, as any new config is. 0, or -1 with faults. */
int config_check(const struct config *config, struct error_list *faults);

/* How many bits number the slots of its ring: ring_slots, or else the smallest ring with at least
 * 100 slots a backend, at least 4,096 slots, and at most 1 << CAROM_RING_BITS_MAX. */
unsigned config_vip_ring_bits(const struct config_vip *vip);

const char *config_state_name(enum config_state state);
const char *config_tracking_name(enum config_tracking tracking);
const char *config_on_down_name(enum config_on_down on_down);
const char *config_mode_name(enum config_attach_mode mode);
const char *config_protocol_name(uint8_t protocol); /* of IPPROTO_TCP or IPPROTO_UDP */

#endif
