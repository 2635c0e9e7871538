/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the config library share: making values, decoding their parts, checking them.
 *
 * Decoders and checks return 0, or -1 with the errors listed. Private to the config library.
 */
#ifndef CAROM_CONFIG_PARTS_H
#define CAROM_CONFIG_PARTS_H

#include "config.h"
#include "config_key.h"
#include "config_kind.h"

#define CONFIG_VIPS_KEY	    "vips"
#define CONFIG_BACKENDS_KEY "backends"
#define CONFIG_VIP_NOUN	    "vip"
#define CONFIG_BACKEND_NOUN "backend"

extern const struct json_choices config_trackings;
extern const struct json_choices config_on_downs;
extern const struct json_choices config_states;
extern const struct json_choices config_modes;
extern const struct json_choices config_protocols;

/* ---- config.c: new values, with one reference, all zero. NULL: out of memory ---- */

/* With room for so many objects of each kind. */
struct config *config_new(const size_t room[CONFIG_KIND_COUNT]);
struct config_vip *config_vip_new(size_t backend_room);
void config_sort_objects(struct config_set *set);
void config_sort_backends(struct config_backend *backends, size_t count);

/* NULL: there is none. */
struct config_object *config_find_object(const struct config *config, enum config_kind kind,
					 const char *name);
/* Where an object of this name is, or would be put. */
size_t config_object_position(const struct config_set *set, const char *name);
size_t config_backend_position(const struct config_vip *vip, const char *name);

/* ---- config_node.c: the parts of a document that are no objects ---- */

struct config_section {
	const char *key;
	const struct config_table *table;
	size_t place, bytes; /* in struct config */
	void (*set_default)(struct config *config);
	/* Of the JSON, so that other errors hide none of these; or NULL. */
	int (*check)(const struct json_place *place, const json_t *json);
	bool is_required; /* in the file */
};

#define CONFIG_SECTION_COUNT 2

extern const struct config_section config_sections[CONFIG_SECTION_COUNT];
extern const struct config_table config_node_table, config_api_table;

int config_section_decode(const struct config_section *section, const struct json_place *place,
			  const json_t *json, struct config *config);
json_t *config_section_print(const struct config_section *section, const struct config *config);
/* A host's name, made a node's name. */
void config_name_from_host(const char *host, char ret_name[CAROM_NAME_BYTES]);

/* ---- config_vip.c ---- */

extern const struct config_table config_vip_table, config_backend_table;

/* ---- config_json.c ---- */

/* A body for the whole config, decoded as config_replace_from_json() does, but not checked across
 * values: its objects may be a part of all. Objects that equal the base's are the base's own.
 * is_whole: node and api must be there, too. */
struct config *config_decode_replacement(const struct json_place *document,
					 const struct config *base, const json_t *json,
					 bool is_whole);

/* ---- config_check.c: checks across values ---- */

/* Within one VIP: ring size, number of backends, clashing backends. before: of two that clash the
 * changed one is blamed; NULL: the VIP is new. */
int config_check_vip(const struct json_place *place, const struct config_vip *vip,
		     const struct config_vip *before);
/* Between all VIPs, and against the limits; unset limits (zero) are not checked. base: as `before`
 * above. */
int config_check_vips(const struct json_place *document, const struct config *config,
		      const struct config *base);
/* For a config that these edits of VIPs have made of a base, which was checked before. */
int config_check_edited_vips(const struct json_place *document, const struct config *config,
			     const struct config *base, const struct config_edit *edits,
			     size_t count);

#endif
