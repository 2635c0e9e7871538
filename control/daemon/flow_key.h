/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the key of the flows' hash comes from. */
#ifndef CAROM_FLOW_KEY_H
#define CAROM_FLOW_KEY_H

#include "config.h"
#include "error.h"

#include <stdint.h>

/*
 * From node.hash_seed; without one the key in the predecessor's maps, or else in state_dir, or else
 * a random one, which is stored in state_dir. Without state_dir the key lasts as long as the maps.
 * Says in the log what it took. Returns 0; -1 if there is no randomness.
 */
int flow_key_find(const struct config_node *node, uint64_t ret_key[2], struct error *ret_error);

#endif
