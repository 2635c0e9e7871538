/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the config library share: making values, decoding their parts, checking them.
 *
 * Decoders and checks return 0, or -1 with the faults listed. Private to the config library.
 */
#ifndef CAROM_CONFIG_PARTS_H
#define CAROM_CONFIG_PARTS_H

#include "config.h"
#include "json_field.h"
#include "json_place.h"

#define CONFIG_VIPS_KEY	    "vips"
#define CONFIG_BACKENDS_KEY "backends"
#define CONFIG_TRACKING_KEY "tracking"
#define CONFIG_VIP_NOUN	    "vip"
#define CONFIG_BACKEND_NOUN "backend"
#define CONFIG_UNIX_SCHEME  "unix:"

extern const struct json_choices config_trackings;
extern const struct json_choices config_on_downs;
extern const struct json_choices config_states;
extern const struct json_choices config_modes;
extern const struct json_choices config_protocols;

/* ---- new values, with one reference, all zero, with room for so many; NULL: out of memory ---- */

struct config *config_new(size_t vip_room);
struct config_vip *config_vip_new(size_t backend_room);
void config_sort_vips(struct config *config);
void config_sort_backends(struct config_backend *backends, size_t count);
/* Where a VIP of this name is, or would be put. */
size_t config_vip_position(const struct config *config, const char *name);
size_t config_backend_position(const struct config_vip *vip, const char *name);

bool config_backend_equal(const struct config_backend *left, const struct config_backend *right);

/* ---- decoders ---- */

/* A unicast address that a packet can be sent to: of a VIP or a backend. */
int config_decode_host(const struct json_place *place, const json_t *json,
		       struct carom_address *ret_address);
int config_decode_source_prefix(const struct json_place *place, const json_t *json,
				enum carom_family family, struct prefix *ret_prefix);
int config_decode_listen(const struct json_place *place, const json_t *json,
			 struct config_listen *ret_listen);
/* An absolute path that fits CONFIG_PATH_BYTES. */
int config_check_path(const struct json_place *place, const char *path);

/* Of type json_decoder, for these members of a struct config. config_decode_vips needs room for
 * all members; those with faults are left out. */
json_decoder config_decode_node;
json_decoder config_decode_api;
json_decoder config_decode_vips;
/* The same for a config that replaces a base (NULL: none). */
int config_decode_vips_over(const struct json_place *place, const json_t *json,
			    const struct config *base, struct config *config);
void config_api_set_default(struct config_api *ret_api);
/* A host's name, made a node's name. */
void config_name_from_host(const char *host, char ret_name[CAROM_NAME_BYTES]);

/* A body for the whole config, decoded as config_replace_from_json() does, but not checked across
 * values: its VIPs may be a part of all. Those that equal the base's are the base's own. is_whole:
 * node and api must be there, too. */
struct config *config_decode_replacement(const struct json_place *document,
					 const struct config *base, const json_t *json,
					 bool is_whole);

json_t *config_node_to_json(const struct config_node *node);
json_t *config_api_to_json(const struct config_api *api);

/* ---- checks across values ---- */

/* Within one VIP: ring size, number of backends, clashing backends. former: what it was, so that of
 * two that clash the changed one is blamed; NULL: it is new. */
int config_check_vip(const struct json_place *place, const struct config_vip *vip,
		     const struct config_vip *former);
/* Between all VIPs, and against the limits; unset limits (zero) are not checked. base: as `former`
 * above. */
int config_check_all(const struct json_place *document, const struct config *config,
		     const struct config *base);
/* The same for a config that these edits have made of a base, which was checked before. */
int config_check_edits(const struct json_place *document, const struct config *config,
		       const struct config *base, const struct config_edit *edits, size_t count);

#endif
