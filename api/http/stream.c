/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between a producer that writes when it likes and libmicrohttpd, which asks for more when the
 * socket takes more. A connection that finds nothing is suspended, and resumed by the next write.
 *
 * A stream belongs to its request. All of it is on the event loop's thread.
 */
#include "stream.h"

#include "text.h"

#include <stdlib.h>

#define BLOCK_BYTES ((size_t)32 << 10) /* at most so much is asked for at a time */

struct stream {
	struct client *client;
	uv_loop_t *loop;
	const char *content_type;
	struct text text;
	size_t taken; /* of the text */
	bool has_ended;
	stream_stop *stop;
	void *producer;
};

struct stream *stream_new(struct client *client, uv_loop_t *loop)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->client = client;
	stream->loop = loop;
	return stream;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->stop && !stream->has_ended)
		stream->stop(stream->producer);
	text_done(&stream->text);
	free(stream);
}

static void stream_resume(struct stream *stream)
{
	if (stream->client->phase == CLIENT_LISTENING)
		client_resume(stream->client, uv_now(stream->loop));
}

/* ---- the producer's side ---- */

/* What is taken makes room, once it is more than what is left: each byte moves once at most. */
static void forget_taken(struct stream *stream)
{
	struct text *text = &stream->text;

	if (stream->taken < text->length - stream->taken)
		return;
	text->length -= stream->taken;
	memmove(text->bytes, text->bytes + stream->taken, text->length);
	stream->taken = 0;
}

bool stream_write(void *sink, const void *bytes, size_t length)
{
	struct stream *stream = sink;

	if (stream->text.length - stream->taken + length > STREAM_BYTES_MAX)
		return false;
	if (stream->taken > 0)
		forget_taken(stream);
	text_add_bytes(&stream->text, bytes, length);
	stream_resume(stream);
	return !stream->text.failed;
}

void stream_end(void *sink)
{
	struct stream *stream = sink;

	stream->has_ended = true;
	stream_resume(stream);
}

bool stream_has_reader(const void *sink)
{
	const struct stream *stream = sink;

	return !client_has_hung_up(stream->client);
}

void stream_start(struct stream *stream, const char *content_type, stream_stop *stop,
		  void *producer)
{
	stream->content_type = content_type;
	stream->stop = stop;
	stream->producer = producer;
}

/* ---- the client's side ---- */

static size_t stream_take(struct stream *stream, char *buffer, size_t size)
{
	size_t length = stream->text.length - stream->taken;

	if (length > size)
		length = size;
	memcpy(buffer, stream->text.bytes + stream->taken, length);
	stream->taken += length;
	if (stream->taken == stream->text.length)
		stream->text.length = stream->taken = 0;
	return length;
}

/* A MHD_ContentReaderCallback. */
static ssize_t read_piece(void *context, uint64_t position, char *buffer, size_t size)
{
	struct stream *stream = context;
	uint64_t now_ms = uv_now(stream->loop);

	(void)position;
	if (stream->client->phase == CLIENT_CUT || stream->text.failed)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	client_touch(stream->client, now_ms);
	if (stream->text.length > 0)
		return (ssize_t)stream_take(stream, buffer, size);
	if (stream->has_ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	client_suspend(stream->client, CLIENT_LISTENING, now_ms);
	return 0;
}

static enum MHD_Result stream_add_headers(struct MHD_Response *queued, const struct stream *stream)
{
	if (MHD_add_response_header(queued, MHD_HTTP_HEADER_CONTENT_TYPE, stream->content_type) ==
	    MHD_NO)
		return MHD_NO;
	return MHD_add_response_header(queued, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
}

enum MHD_Result stream_queue(struct stream *stream, struct MHD_Connection *connection)
{
	struct MHD_Response *queued = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_piece, stream, NULL);
	enum MHD_Result result = MHD_NO;

	if (!queued)
		return MHD_NO;
	if (stream_add_headers(queued, stream) == MHD_YES)
		result = MHD_queue_response(connection, MHD_HTTP_OK, queued);
	MHD_destroy_response(queued);
	client_enter(stream->client, CLIENT_STREAMING, uv_now(stream->loop));
	return result;
}
