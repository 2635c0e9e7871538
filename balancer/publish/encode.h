/* SPDX-License-Identifier: BSD-2-Clause */
/* A backend as packets read it, next hop and fixed outer header included, and back. Pure. */
#ifndef CAROM_ENCODE_H
#define CAROM_ENCODE_H

#include "image.h"

#include <stdbool.h>

/* counter, next_hop: the numbers that it has. */
struct carom_backend encode_backend(const struct image_vip *vip,
				    const struct image_backend *backend, uint32_t counter,
				    uint32_t next_hop);
/* False: the backend never had one. */
bool encode_next_hop(const struct image_backend *backend, struct carom_next_hop *ret_hop);
/* What packets do not read, and an adoption does. */
struct carom_backend_label encode_label(const struct image_backend *backend);
struct image_backend encode_read_backend(const struct carom_backend *encoded,
					 const struct carom_next_hop *hop,
					 const struct carom_backend_label *label);

#endif
