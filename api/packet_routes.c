/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet_routes.h"

#include "capture_command.h"
#include "explain_command.h"
#include "stream.h"
#include "table.h"

static void add_line(struct text *text, const char *before, const json_t *line)
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

	add_line(&text, "", json_object_get(explanation, "summary"));
	json_array_foreach(json_object_get(explanation, "steps"), index, step)
	{
		add_line(&text, index ? "  - " : "\n  - ", step);
	}
	return text;
}

void packet_routes_explain(const struct route_call *call, struct response *ret_response)
{
	struct error_list faults = {0};
	json_t *explanation = commands_explain(call->commands, call->body, &faults);

	if (!explanation)
		response_set_faults(ret_response, &faults);
	else if (call->prefers_text)
		response_set(ret_response, MHD_HTTP_OK, TABLE_CONTENT_TYPE,
			     explanation_text(explanation));
	else
		response_set_json(ret_response, json_incref(explanation), NULL);
	response_add_header(ret_response, MHD_HTTP_HEADER_VARY, "%s", MHD_HTTP_HEADER_ACCEPT);
	json_decref(explanation);
	error_list_done(&faults);
}

static void stop_capture(void *capture)
{
	capture_command_stop(capture);
}

void packet_routes_capture(const struct route_call *call, struct stream *stream,
			   struct response *ret_response)
{
	const struct capture_command_order order = {call->body, call->write.author};
	struct error_list faults = {0};
	struct capture_command *capture =
		capture_command_start(call->commands, &order, stream_sink(stream), &faults);

	if (capture)
		stream_start(stream, CAPTURE_COMMAND_CONTENT_TYPE, stop_capture, capture);
	else
		response_set_faults(ret_response, &faults);
	error_list_done(&faults);
}
