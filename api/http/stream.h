/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A response that comes piece by piece, for as long as its producer has something to say and the
 * client listens. What is written waits in a bounded buffer until the client takes it; while there
 * is nothing, the connection is suspended and costs nothing.
 */
#ifndef CAROM_STREAM_H
#define CAROM_STREAM_H

#include "client.h"

#include <microhttpd.h>
#include <stddef.h>
#include <uv.h>

/* Of what is written and not yet taken; what exceeds it is refused. */
#define STREAM_BYTES_MAX ((size_t)2 << 20)

struct stream;

/* Called once, when the client has gone before the producer was through. */
typedef void stream_stop(void *producer);

/* NULL: out of memory. client, loop: borrowed. */
struct stream *stream_new(struct client *client, uv_loop_t *loop);
/* Stops the producer, if it is not through. Takes NULL. */
void stream_free(struct stream *stream);

/* content_type: static. A producer that ended the stream already is not stopped any more. */
void stream_start(struct stream *stream, const char *content_type, stream_stop *stop,
		  void *producer);

/* ---- for the producer, until it ends the stream or is stopped; sink: a struct stream ---- */

/* False: there is no room now, and nothing of it is taken. */
bool stream_write(void *sink, const void *bytes, size_t length);
void stream_end(void *sink);
/* False: its client has gone. */
bool stream_has_reader(const void *sink);

/* ---- for request.c ---- */

/* Hands it to libmicrohttpd as the response to the request under way. The stream must live until
 * libmicrohttpd has completed the request. */
enum MHD_Result stream_queue(struct stream *stream, struct MHD_Connection *connection);

#endif
