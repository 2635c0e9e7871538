/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One capture at a time: packets come from the ring (balancer/capture.h), pass the filter, and go
 * as pcapng blocks into a buffer that is handed to the sink at the end of each turn.
 *
 * A turn reads a bounded number of packets, so that a capture of everything does not keep the event
 * loop from its other work. Owned by itself: it is freed when both of its handles are closed.
 */
#include "capture_command.h"

#include "capture.h"
#include "capture_request.h"
#include "commands_parts.h"
#include "log.h"
#include "pcapng.h"
#include "verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TURN_PACKETS	 256
#define LAST_TURNS	 64 /* at the end, for what was copied already */
#define RETRY_MS	 50
#define FILTER_LOG_BYTES 512 /* a longer one is cut in the log */
#define NS_PER_S	 1000000000
#define COMMENT_BYTES	 PCAPNG_TEXT_BYTES_MAX
#define APPLICATION	 "caromd " CAROM_VERSION

_Static_assert(CAPTURE_COMMAND_WRITE_BYTES_MAX >=
		       CAROM_CAPTURE_SNAP_MAX + PCAPNG_PACKET_OVERHEAD_MAX,
	       "a packet fits an empty buffer");

/* An interface of the file. */
struct source {
	uint32_t ifindex;
	uint64_t delivered; /* packets that the sink took */
	uint64_t pending;   /* packets in the buffer */
};

struct capture_command {
	struct commands *commands;
	struct commands_sink sink;
	struct capture_request request;
	char author[COMMANDS_AUTHOR_BYTES];
	const char *ended_by;
	struct source sources[CONFIG_INTERFACES_MAX];
	size_t source_count;
	uint64_t begin_ns;
	uint64_t taken;	   /* packets that passed the filter */
	uint64_t unsent;   /* of these, those that the sink did not take */
	uint64_t unplaced; /* came in by an interface that was attached since */
	bool left_unread;
	bool is_ending; /* only the last blocks are still to be written */
	uv_poll_t readable;
	uv_timer_t deadline; /* and, after it, of the next try to write the last blocks */
	unsigned open_handles;
	struct pcapng blocks;
	uint8_t buffer[CAPTURE_COMMAND_WRITE_BYTES_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- to the sink ---- */

static bool flush(struct capture_command *capture)
{
	bool is_taken =
		!capture->blocks.used ||
		capture->sink.write(capture->sink.context, capture->buffer, capture->blocks.used);

	capture->blocks.used = 0;
	for (size_t i = 0; i < capture->source_count; i++) {
		*(is_taken ? &capture->sources[i].delivered : &capture->unsent) +=
			capture->sources[i].pending;
		capture->sources[i].pending = 0;
	}
	return is_taken;
}

static void capture_describe(const struct capture_packet *packet, char ret_comment[COMMENT_BYTES])
{
	const char *reason = verdict_reason(packet->verdict);
	size_t used = (size_t)snprintf(ret_comment, COMMENT_BYTES, "%s%s%s",
				       verdict_action_name(verdict_action(packet->verdict)),
				       reason ? " " : "", reason ? reason : "");

	if (packet->vip)
		used += (size_t)snprintf(ret_comment + used, COMMENT_BYTES - used, " vip '%s'",
					 packet->vip);
	if (packet->backend)
		snprintf(ret_comment + used, COMMENT_BYTES - used, " backend '%s'",
			 packet->backend);
}

/* The number of its interface in the file, or source_count. */
static size_t find_source(const struct capture_command *capture, uint32_t ifindex)
{
	size_t number = 0;

	while (number < capture->source_count && capture->sources[number].ifindex != ifindex)
		number++;
	return number;
}

static void write_packet(struct capture_command *capture, const struct capture_packet *packet,
			 size_t source)
{
	char comment[COMMENT_BYTES];
	struct pcapng_packet block = {
		.interface = (uint32_t)source,
		.time_ns = packet->time_ns,
		.bytes = packet->frame,
		.captured = packet->captured,
		.length = packet->length,
		.xdp_action = verdict_action(packet->verdict),
		.comment = comment,
	};

	capture_describe(packet, comment);
	if (!pcapng_packet(&capture->blocks, &block)) {
		flush(capture);
		pcapng_packet(&capture->blocks, &block);
	}
	capture->sources[source].pending++;
}

static bool take(void *context, const struct capture_packet *packet)
{
	struct capture_command *capture = context;
	size_t source = find_source(capture, packet->interface);

	if (!capture_filter_matches(capture->request.filter, packet->frame, packet->captured,
				    packet->length))
		return true;
	if (source < capture->source_count)
		write_packet(capture, packet, source);
	else
		capture->unplaced++;
	return ++capture->taken < capture->request.count;
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
	struct capture_command *capture = handle->data;

	if (--capture->open_handles)
		return;
	capture_request_done(&capture->request);
	free(capture);
}

static void close_capture(struct capture_command *capture)
{
	log_line(LOG_LEVEL_INFO, "audit: %s: capture ended by %s: %" PRIu64 " packets",
		 capture->author, capture->ended_by, capture->taken);
	capture_stop(capture->commands->capture);
	capture->commands->capturing = NULL;
	uv_close((uv_handle_t *)&capture->readable, on_closed);
	uv_close((uv_handle_t *)&capture->deadline, on_closed);
}

/* What the file lacks is told where it is read first, at the first interface. */
static void write_statistics(struct capture_command *capture)
{
	struct capture_losses losses = {0};
	bool is_unknown = capture_losses(capture->commands->capture, &losses);
	char comment[COMMENT_BYTES];
	struct pcapng_statistics statistics = {
		.begin_ns = capture->begin_ns,
		.end_ns = now_ns(),
		.lost = losses.rate_limited + losses.ring_full + capture->unsent +
			capture->unplaced,
		.comment = comment,
	};

	snprintf(comment, sizeof(comment),
		 "ended by %s. Of all interfaces, %" PRIu64 " packets passed the filter. Not here: "
		 "%" PRIu64 " over %d a second and CPU, %" PRIu64 " that caromd was too slow for, "
		 "%" PRIu64 " that the client was too slow for, %" PRIu64 " of new interfaces%s%s",
		 capture->ended_by, capture->taken, losses.rate_limited, CAROM_CAPTURE_PER_SECOND,
		 losses.ring_full, capture->unsent, capture->unplaced,
		 capture->left_unread ? ", and some that were left unread" : "",
		 is_unknown ? "; what the program left out is not known" : "");
	statistics.time_ns = statistics.end_ns;
	for (size_t i = 0; i < capture->source_count; i++) {
		statistics.interface = (uint32_t)i;
		statistics.delivered = capture->sources[i].delivered;
		pcapng_statistics(&capture->blocks, &statistics);
		statistics.comment = "";
		statistics.lost = 0;
	}
}

static void on_retry(uv_timer_t *timer);

/* The last blocks are what a client that was too slow needs most: they wait for room in the sink,
 * and with them the next capture, until that client takes them or is cut off. */
static void capture_finish(struct capture_command *capture)
{
	if (capture->sink.write(capture->sink.context, capture->buffer, capture->blocks.used)) {
		capture->sink.end(capture->sink.context);
		close_capture(capture);
	} else {
		uv_timer_start(&capture->deadline, on_retry, RETRY_MS, 0);
	}
}

static void on_retry(uv_timer_t *timer)
{
	capture_finish(timer->data);
}

static void capture_end(struct capture_command *capture, const char *ended_by)
{
	capture->is_ending = true;
	capture->ended_by = ended_by;
	capture_stop(capture->commands->capture);
	uv_poll_stop(&capture->readable);
	flush(capture);
	write_statistics(capture);
	capture_finish(capture);
}

void capture_command_stop(struct capture_command *capture)
{
	close_capture(capture);
}

static bool has_enough(const struct capture_command *capture)
{
	return capture->taken >= capture->request.count;
}

/* What was copied before the end belongs to the capture. */
static void read_last_and_end(struct capture_command *capture, const char *ended_by)
{
	size_t turns = 0;

	capture_stop(capture->commands->capture);
	while (!has_enough(capture) && turns < LAST_TURNS &&
	       capture_read(capture->commands->capture, TURN_PACKETS, take, capture))
		turns++;
	capture->left_unread = turns == LAST_TURNS;
	capture_end(capture, has_enough(capture) ? "count" : ended_by);
}

void capture_command_end(struct commands *commands)
{
	struct capture_command *capture = commands->capturing;

	if (capture && !capture->is_ending)
		read_last_and_end(capture, "caromd, which stops");
}

void capture_command_cut(struct commands *commands)
{
	struct capture_command *capture = commands->capturing;

	if (!capture)
		return;
	capture->sink.end(capture->sink.context);
	close_capture(capture);
}

/* ---- under way ---- */

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct capture_command *capture = poll->data;

	(void)events;
	if (status < 0) {
		capture_end(capture, "a failure of the ring");
		return;
	}
	capture_read(capture->commands->capture, TURN_PACKETS, take, capture);
	if (has_enough(capture))
		capture_end(capture, "count");
	else
		flush(capture);
}

static void on_deadline(uv_timer_t *timer)
{
	read_last_and_end(timer->data, "duration_ms");
}

/* ---- the beginning ---- */

static int capture_find_vip(const struct commands *commands, const struct capture_request *request,
			    uint32_t *ret_number, struct error_list *errors)
{
	const struct image *image = publish_image(engine_publish(commands->engine));
	int index = image ? image_find_index(image, request->vip) : -1;

	*ret_number = 0;
	if (!request->vip[0])
		return 0;
	if (index < 0)
		return error_list_add(errors, ERROR_INVALID, "/vip", "there is no vip '%s'",
				      request->vip);
	*ret_number = publish_vip_number(engine_publish(commands->engine), (size_t)index);
	return 0;
}

static bool write_head(struct capture_command *capture)
{
	struct engine_attachments attachments = engine_attachments(capture->commands->engine);

	pcapng_section(&capture->blocks, APPLICATION, "");
	for (size_t i = 0; i < attachments.count; i++) {
		capture->sources[capture->source_count++].ifindex = attachments.items[i].ifindex;
		pcapng_interface(&capture->blocks, attachments.items[i].interface,
				 capture->request.snap_bytes);
	}
	return flush(capture);
}

static int start_handles(struct capture_command *capture)
{
	struct commands *commands = capture->commands;

	if (uv_poll_init(engine_loop(commands->engine), &capture->readable,
			 capture_fd(commands->capture)))
		return -1;
	uv_timer_init(engine_loop(commands->engine), &capture->deadline);
	capture->open_handles = 2;
	capture->readable.data = capture;
	capture->deadline.data = capture;
	commands->capturing = capture;
	uv_poll_start(&capture->readable, UV_READABLE, on_readable);
	uv_update_time(engine_loop(commands->engine));
	uv_timer_start(&capture->deadline, on_deadline, capture->request.duration_ms, 0);
	return 0;
}

/* A filter may hold line ends: a client must not forge a line, nor steer a terminal. */
static void log_begin(const struct capture_command *capture, const json_t *body)
{
	const char *filter = json_string_value(json_object_get(body, "filter"));
	char text[FILTER_LOG_BYTES];

	snprintf(text, sizeof(text), "%s", filter ? filter : "");
	for (char *each = text; *each; each++)
		if (*each < ' ' || *each > '~')
			*each = '?';
	log_line(LOG_LEVEL_INFO, "audit: %s: capture begins: vip '%s', filter '%s', %u bytes each",
		 capture->author, capture->request.vip[0] ? capture->request.vip : "*", text,
		 capture->request.snap_bytes);
}

/* Takes ownership of what is in the request, on failure too. */
static struct capture_command *capture_begin(struct commands *commands,
					     struct capture_request *request,
					     struct commands_sink sink, uint32_t vip)
{
	struct capture_command *capture = calloc(1, sizeof(*capture));
	struct capture_order order = {
		.verdicts = request->verdicts,
		.vip = vip,
		.snap_bytes = request->snap_bytes,
	};

	if (!capture) {
		capture_request_done(request);
		return NULL;
	}
	capture->commands = commands;
	capture->sink = sink;
	capture->request = *request;
	capture->ended_by = "the client, which has gone";
	capture->begin_ns = now_ns();
	capture->blocks = (struct pcapng){capture->buffer, sizeof(capture->buffer), 0};
	if (write_head(capture) && start_handles(capture) == 0) {
		capture_start(commands->capture, &order);
		return capture;
	}
	capture_request_done(&capture->request);
	free(capture);
	return NULL;
}

static int find_room(const struct commands *commands, struct error_list *errors)
{
	if (commands->capturing)
		return error_list_add(errors, ERROR_BUSY, "",
				      "another capture is on, and there is one at a time");
	if (commands->is_ending || !engine_attachments(commands->engine).count)
		return error_list_add(errors, ERROR_BUSY, "",
				      "caromd is starting or stopping: nothing to capture");
	return 0;
}

/* The request is judged in whole before it may be told to come again. */
struct capture_command *capture_command_start(struct commands *commands,
					      const struct capture_command_order *order,
					      struct commands_sink sink, struct error_list *errors)
{
	struct capture_command *capture;
	struct capture_request request;
	uint32_t vip;

	if (capture_request_decode(order->body, &request, errors))
		return NULL;
	if (capture_find_vip(commands, &request, &vip, errors) || find_room(commands, errors)) {
		capture_request_done(&request);
		return NULL;
	}
	capture = capture_begin(commands, &request, sink, vip);
	if (!capture) {
		error_list_add(errors, ERROR_SYSTEM, "", "the capture cannot be started");
		return NULL;
	}
	snprintf(capture->author, sizeof(capture->author), "%s", order->author);
	log_begin(capture, order->body);
	return capture;
}
