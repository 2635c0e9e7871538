/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets, explained one by one or captured as they come; and events as they happen. */
#include "capture_command.h"
#include "events.h"
#include "explain_command.h"
#include "handlers.h"
#include "listing.h"

#define EVENTS_CONTENT_TYPE "text/event-stream"
#define SINCE		    "since"

/* ---- explain ---- */

static void add_sentence(struct text *text, const char *before, const json_t *line)
{
	text_add(text, before);
	text_add(text, json_string_value(line));
	text_add(text, "\n");
}

static struct text explanation_text(const json_t *explanation)
{
	struct text text = {0};
	json_t *step;
	size_t index;

	add_sentence(&text, "", json_object_get(explanation, "summary"));
	json_array_foreach(json_object_get(explanation, "steps"), index, step)
	{
		add_sentence(&text, index ? "  - " : "\n  - ", step);
	}
	return text;
}

/* JSON for programs, sentences for people. */
void watch_explain(const struct route_call *call, struct response *ret_response)
{
	struct error_list errors = {0};
	json_t *explanation = commands_explain(call->context, call->body, &errors);

	if (!explanation)
		response_set_errors(ret_response, &errors);
	else if (call->prefers_text)
		response_set(ret_response, MHD_HTTP_OK, TABLE_CONTENT_TYPE,
			     explanation_text(explanation));
	else
		response_set_json(ret_response, json_incref(explanation), NULL);
	listing_add_vary(ret_response);
	json_decref(explanation);
	error_list_done(&errors);
}

/* ---- capture ---- */

static void stop_capture(void *capture)
{
	capture_command_stop(capture);
}

void watch_capture(const struct route_call *call, struct stream *stream,
		   struct response *ret_response)
{
	const struct capture_command_order order = {call->body, call->caller};
	struct error_list errors = {0};
	struct capture_command *capture =
		capture_command_start(call->context, &order, handlers_sink(stream), &errors);

	if (capture)
		stream_start(stream, CAPTURE_COMMAND_CONTENT_TYPE, stop_capture, capture);
	else
		response_set_errors(ret_response, &errors);
	error_list_done(&errors);
}

/* ---- events ---- */

const struct parameter watch_events_parameters[] = {
	{SINCE, PARAMETER_NUMBER, 0, HANDLERS_REVISION_MAX},
	{0},
};

static void unsubscribe(void *subscriber)
{
	events_unsubscribe(subscriber);
}

/* What a client that was cut off says by itself comes before what its first request said. */
static bool find_known_event(const struct route_call *call, uint64_t *ret_revision,
			     struct response *ret_response)
{
	const char *id = call->last_event_id;

	*ret_revision = parameter_number(call->parameters, SINCE);
	if (!id || parameter_read_number(id, HANDLERS_REVISION_MAX, ret_revision))
		return true;
	response_set_problem(
		ret_response, PROBLEM_BAD_REQUEST,
		"Last-Event-ID is '%s'; expected the id of one of our events, a revision", id);
	return false;
}

void watch_events(const struct route_call *call, struct stream *stream,
		  struct response *ret_response)
{
	struct error error = {0};
	struct subscriber *subscriber;
	uint64_t known;

	if (!find_known_event(call, &known, ret_response))
		return;
	subscriber = events_subscribe(call->context, known, handlers_sink(stream), &error);
	if (subscriber)
		stream_start(stream, EVENTS_CONTENT_TYPE, unsubscribe, subscriber);
	else
		response_set_problem(ret_response, problem_kind_of(error.kind), "%s",
				     error.message);
}
