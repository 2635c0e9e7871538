/* SPDX-License-Identifier: BSD-2-Clause */
/* The path of a request's target, cut at its slashes and percent-decoded (RFC 3986). Pure. */
#ifndef CAROM_PATH_H
#define CAROM_PATH_H

#include "error.h"

#define PATH_BYTES	  1024 /* of a path as it is sent, with its NUL: far more than any route has */
#define PATH_SEGMENTS_MAX 8

struct path {
	size_t segment_count;
	const char *segments[PATH_SEGMENTS_MAX]; /* in storage: so a path is not to be copied */
	char storage[PATH_BYTES];
};

/* "/v1/vips/a%2Fb" is "v1", "vips", "a/b"; "/v1/" is "v1", "". Fails with ERROR_SYNTAX, or with
 * ERROR_NOT_FOUND for a path that is longer or deeper than any that is served. */
int path_parse(const char *text, struct path *ret_path, struct error *error);

#endif
