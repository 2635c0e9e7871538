/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether an image can be published, before it is. */
#ifndef CAROM_PUBLISH_CHECK_H
#define CAROM_PUBLISH_CHECK_H

#include "publish.h"

enum publish_room {
	PUBLISH_ROOM_NOW,
	PUBLISH_ROOM_RECLAIMED, /* when all that is retired now is reusable */
};

/*
 * Whether an image that was planned from what is published has room in the maps, so that it can be
 * told before anything depends on it. Nothing is written. Returns 0; -1: ERROR_LIMIT, as
 * publish_commit() would fail.
 */
int publish_check(const struct publish *publish, const struct image *image, enum publish_room room,
		  struct error *ret_error);

#endif
