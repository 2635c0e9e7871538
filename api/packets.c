/* SPDX-License-Identifier: BSD-2-Clause */
#include "packets.h"

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

void packets_explain(const struct route_call *call, struct reply *ret_reply)
{
	struct error_list faults = {0};
	json_t *explanation = commands_explain(call->commands, call->body, &faults);

	if (!explanation)
		reply_set_faults(ret_reply, &faults);
	else if (call->prefers_text)
		reply_set(ret_reply, MHD_HTTP_OK, TABLE_CONTENT_TYPE,
			  explanation_text(explanation));
	else
		reply_set_json(ret_reply, json_incref(explanation), NULL);
	reply_add_header(ret_reply, MHD_HTTP_HEADER_VARY, "%s", MHD_HTTP_HEADER_ACCEPT);
	json_decref(explanation);
	error_list_done(&faults);
}

static void stop_capture(void *capture)
{
	capture_command_stop(capture);
}

void packets_capture(const struct route_call *call, struct stream *stream, struct reply *ret_reply)
{
	const struct capture_command_order order = {call->body, call->write.author};
	struct error_list faults = {0};
	struct capture_command *capture =
		capture_command_start(call->commands, &order, stream_sink(stream), &faults);

	if (capture)
		stream_start(stream, CAPTURE_COMMAND_CONTENT_TYPE, stop_capture, capture);
	else
		reply_set_faults(ret_reply, &faults);
	error_list_done(&faults);
}
