/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The desired state: an immutable value with parts that are shared between revisions.
 *
 * JSON comes in and goes out through the one codec here, the same for the file and for REST, and
 * what goes out can come straight back in. Nothing here touches running state: parse, check, and
 * only then apply. An edit makes a new config that shares all objects but the one that it touches.
 *
 * At one time these configs can exist, and most of their objects are the same ones:
 *
 *   a draft     a write under decoding, patching or checking; its maker's, and often given up
 *   desired     the last draft that was accepted: what all writes edit, and GET shows
 *   pending     desired states since the last staging, one a revision (engine/ledger.h)
 *   staged      the round's: it is planned, stored and published (engine/round.h)
 *   published   what the data plane forwards by; until the round ends, the one before
 *   followed    those two, as far as next hops follow their backends (engine/next_hops.h)
 *   stored      the last on disk: what the next journal entry tells its changes of
 *   history     the published revisions (revisions.h)
 *
 * With nothing under way, desired, published, followed, stored and the newest of the history are
 * one config. A write that only the engine has accepted differs from what packets see; a stored one
 * that is not published yet must survive a power cut; each needs a config of its own until then.
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
	char hash_seed[CONFIG_SEED_BYTES];	    /* empty: there is a random key instead */
	struct prefix outer_source4, outer_source6; /* all zero: the node's own address */
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

/*
 * The kinds of objects, one row each: what the enum below calls it, and its row in full, which its
 * file defines (config_kind.h says what is in one, and config_vip.c is an example). The members of
 * struct config that name a kind's set are a convenience.
 */
#ifndef CONFIG_KINDS_MORE
#define CONFIG_KINDS_MORE(kind) /* for tests */
#endif
#define CONFIG_KINDS(kind) kind(VIP, config_vip_kind) CONFIG_KINDS_MORE(kind)

enum config_kind {
#define CONFIG_KIND_NAME(name, row) CONFIG_KIND_##name,
	CONFIG_KINDS(CONFIG_KIND_NAME)
#undef CONFIG_KIND_NAME
		CONFIG_KIND_COUNT
};

/* An object of any kind. One allocation, counted references, immutable once it is decoded. */
struct config_object {
	unsigned references;
	char name[CAROM_NAME_BYTES];
};

/* Stands first in the struct of each kind. */
#define CONFIG_OBJECT                                                                              \
	union {                                                                                    \
		struct config_object object;                                                       \
		struct {                                                                           \
			unsigned references;                                                       \
			char name[CAROM_NAME_BYTES];                                               \
		};                                                                                 \
	}

struct config_vip {
	CONFIG_OBJECT;
	struct carom_address address;
	uint32_t port;	     /* host order; 0: every port that no other VIP has */
	uint32_t protocol;   /* IPPROTO_TCP or IPPROTO_UDP */
	uint32_t ring_slots; /* 0: by the number of backends */
	enum config_tracking tracking;
	enum config_on_down on_down;
	size_t backend_count;
	struct config_backend backends[]; /* sorted by name */
};

/* Reads the pointers of a set, which code that knows its kind reads as those of that kind. */
typedef struct config_object *__attribute__((may_alias)) config_object_pointer;

/* All objects of one kind, sorted by name; each holds a reference. */
struct config_set {
	size_t count;
	config_object_pointer *objects; /* behind the config, in its allocation */
};

struct config {
	unsigned references;
	struct config_node node;
	struct config_api api;
	union {
		struct config_set sets[CONFIG_KIND_COUNT];
		struct {
			size_t vip_count;
			struct config_vip **vips;
		};
	};
};

/* References are counted without locks: one thread. unref takes NULL. */
struct config *config_ref(struct config *config);
void config_unref(struct config *config);
struct config_object *config_object_ref(struct config_object *object);
void config_object_unref(struct config_object *object);

static inline struct config_vip *config_vip_ref(struct config_vip *vip)
{
	config_object_ref(&vip->object);
	return vip;
}

static inline void config_vip_unref(struct config_vip *vip)
{
	config_object_unref((struct config_object *)vip);
}

/* An object of this kind, or NULL. */
static inline struct config_vip *config_vip_of(struct config_object *object)
{
	return (struct config_vip *)object;
}

/* ---- codec: JSON to values ---- */

/*
 * JSON to a checked value. Every fault is listed, with its pointer, what was found and what was
 * expected; NULL if there is any. `pointer` is the prefix of the pointers: "" or "/vips/web".
 */
struct config *config_from_json(const json_t *json, struct error_list *errors);
/* The same, with all that could be decoded even if there are errors: to look for more of them in
 * the files that it names, and for nothing else. NULL: out of memory. */
struct config *config_from_faulty_json(const json_t *json, struct error_list *errors);
struct config_vip *config_vip_from_json(const json_t *json, const char *name, const char *pointer,
					struct error_list *errors);
/* For a VIP that replaces one (NULL: none): of backends that clash, the changed ones are blamed. */
struct config_vip *config_vip_replace_from_json(const struct config_vip *before, const json_t *json,
						const char *name, const char *pointer,
						struct error_list *errors);
int config_backend_from_json(const json_t *json, const char *name, const char *pointer,
			     struct config_backend *ret_backend, struct error_list *errors);
/* {"web-1": {…}, …}. ret_backends: owned by the caller, sorted, to be freed with free(). */
int config_backends_from_json(const json_t *json, const char *pointer,
			      struct config_backend **ret_backends, size_t *ret_count,
			      struct error_list *errors);
/* A REST body for the whole config: its objects replace the base's; `node` and `api`, if they are
 * there at all, must say what the base says, for only a restart changes them. */
struct config *config_replace_from_json(const struct config *base, const json_t *json,
					struct error_list *errors);

/* ---- codec: values to JSON; every default is spelled out. NULL: out of memory. ---- */

json_t *config_to_json(const struct config *config);
/* Adds a member for each kind: "vips": {"web": {…}, …}. Returns 0, or -1: out of memory. */
int config_put_objects(json_t *json, const struct config *config);
json_t *config_vip_to_json(const struct config_vip *vip);
json_t *config_backends_to_json(const struct config_vip *vip);
json_t *config_backend_to_json(const struct config_backend *backend);

/* ---- look-ups and edits; errors of edits point into the whole config: "/vips/web/address" ---- */

const struct config_vip *config_find_vip(const struct config *config, const char *name);
const struct config_backend *config_find_backend(const struct config_vip *vip, const char *name);
bool config_vip_equal(const struct config_vip *left, const struct config_vip *right);
/* Whether the objects of all kinds are equal; node and api are not compared. */
bool config_objects_equal(const struct config *left, const struct config *right);

/* A new config with this VIP added or replaced, checked against the others (clashing addresses,
 * limits). Takes a reference of its own. NULL on failure, described in errors. */
struct config *config_with_vip(const struct config *base, struct config_vip *vip,
			       struct error_list *errors);
struct config *config_without_vip(const struct config *base, const char *name,
				  struct error_list *errors);
/* One of several edits that are made, and checked, as one. */
struct config_edit {
	enum config_kind kind;
	const char *name;
	struct config_object *object; /* of this name; NULL: there is to be none */
};
/* A new config, as above; the edits are sorted by kind and name, and none is there twice. Only the
 * result is checked: two VIPs may exchange their addresses. */
struct config *config_with_edits(const struct config *base, const struct config_edit *edits,
				 size_t count, struct error_list *errors);
/* An unchecked config: config_check() must have the last word. An edit that removes what is not
 * there does no harm. NULL: out of memory. */
struct config *config_merge_edits(const struct config *base, const struct config_edit *edits,
				  size_t count);
/* For qsort: by kind and name. */
int config_compare_edits(const void *left, const void *right);
/* The base with all objects of another config instead; likewise. */
struct config *config_with_objects_of(const struct config *base, const struct config *other);
/* New VIPs with other backends; the same checks as from JSON. */
struct config_vip *config_vip_with_backends(const struct config_vip *base,
					    const struct config_backend *backends, size_t count,
					    struct error_list *errors);
struct config_vip *config_vip_with_backend(const struct config_vip *base,
					   const struct config_backend *backend,
					   struct error_list *errors);
struct config_vip *config_vip_without_backend(const struct config_vip *base, const char *name,
					      struct error_list *errors);

/* ---- differences ---- */

/* A walk over the objects that differ, kind by kind, in the order of their names. Begins with
 * before and after given and the rest zero. Unchanged objects cost next to nothing where both share
 * them. It touches no reference, so it may run on any thread. */
struct config_changes {
	const struct config *before, *after;
	enum config_kind kind;
	size_t before_at, after_at;
};

struct config_change {
	enum config_kind kind;
	const char *name;
	struct config_object *before; /* NULL: after has it new */
	struct config_object *after;  /* NULL: after has it no more */
};

/* false: there is none any more. */
bool config_changes_next(struct config_changes *changes, struct config_change *ret_change);
/* "vips": the set's name in the document. */
const char *config_kind_key(enum config_kind kind);
/* One object that is judged by itself; its errors point into the whole config. */
struct config_object *config_object_from_json(enum config_kind kind, const json_t *json,
					      const char *name, struct error_list *errors);
json_t *config_object_to_json(enum config_kind kind, const struct config_object *object);
/* The memory that an object takes. */
size_t config_object_bytes(enum config_kind kind, const struct config_object *object);

/* Lets a config that only its maker has yet share with the base the objects that are equal. */
void config_share_equal(struct config *config, const struct config *base);

/* The objects against each other and the node's limits, as any new config is. 0, or -1 with errors.
 */
int config_check(const struct config *config, struct error_list *errors);

/* How many bits number the slots of its ring: ring_slots, or else the smallest ring with at least
 * 100 slots a backend, at least 4,096 slots, and at most 1 << CAROM_RING_BITS_MAX. */
unsigned config_vip_ring_bits(const struct config_vip *vip);

const char *config_state_name(enum config_state state);
const char *config_tracking_name(enum config_tracking tracking);
const char *config_on_down_name(enum config_on_down on_down);
const char *config_protocol_name(uint8_t protocol); /* of IPPROTO_TCP or IPPROTO_UDP */

#endif
