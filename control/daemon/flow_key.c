/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_key.h"

#include "dataplane.h"
#include "hash_key.h"
#include "key_file.h"
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#define KEY_BYTES (2 * sizeof(uint64_t))

static int make_random(uint64_t ret_key[2], struct error *ret_error)
{
	if (getrandom(ret_key, KEY_BYTES, 0) == KEY_BYTES)
		return 0;
	return error_set_errno(ret_error, errno, "no random key for the flow hash");
}

/* What cannot be read is told, and replaced. */
static bool read_stored(const char *folder, uint64_t ret_key[2])
{
	struct error error;

	if (key_file_read(folder, ret_key, &error) == 0)
		return true;
	if (error.kind != ERROR_NOT_FOUND)
		log_line(LOG_LEVEL_ERROR, "%s; another key is stored", error.message);
	return false;
}

static void store(const char *folder, const uint64_t key[2])
{
	struct error error;

	if (key_file_write(folder, key, &error))
		log_line(LOG_LEVEL_ERROR, "%s; the flow hash's key lasts as long as the maps",
			 error.message);
}

static void log_source(const char *source, const uint64_t key[2])
{
	log_line(LOG_LEVEL_INFO,
		 "node.hash_seed is not set: the flow hash's key is %s, fingerprint %016" PRIx64
		 "; the nodes of a fleet need one seed",
		 source, hash_key_fingerprint(key));
}

int flow_key_find(const struct config_node *node, uint64_t ret_key[2], struct error *ret_error)
{
	const char *folder = node->state_dir;
	uint64_t stored[2];
	bool is_stored;

	if (node->hash_seed[0]) {
		hash_key_from_seed(node->hash_seed, ret_key);
		return 0;
	}
	is_stored = folder[0] && read_stored(folder, stored);
	/* Connections stay whole under the key that they were hashed with. */
	if (dataplane_pinned_hash_key(node->bpf_dir, ret_key)) {
		log_source("the predecessor's", ret_key);
	} else if (is_stored) {
		memcpy(ret_key, stored, KEY_BYTES);
		log_source("the stored one", ret_key);
	} else {
		if (make_random(ret_key, ret_error))
			return -1;
		log_source("a new random one", ret_key);
	}
	if (folder[0] && !(is_stored && memcmp(stored, ret_key, KEY_BYTES) == 0))
		store(folder, ret_key);
	return 0;
}
