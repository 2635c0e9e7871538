/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture_request.h"

#include "json_field.h"
#include "verdict.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is being decoded. */
struct draft {
	struct capture_request request;
	const char *verdict; /* NULL: any */
	const char *reason;  /* likewise */
};

static int decode_filter(const struct json_place *place, const json_t *json, void *target)
{
	struct capture_request *request = &((struct draft *)target)->request;
	struct error error = {0};
	const char *text;

	if (json_decode_string(place, json, &text))
		return -1;
	request->filter = capture_filter_new(text, &error);
	return request->filter ? 0 : json_refuse(place, error.kind, ": %s", error.message);
}

static int decode_vip(const struct json_place *place, const json_t *json, void *target)
{
	struct capture_request *request = &((struct draft *)target)->request;

	return json_decode_name(place, json, request->vip);
}

static int decode_verdict(const struct json_place *place, const json_t *json, void *target)
{
	static const char *const names[] = {"tx", "redirect", "pass", "drop", "aborted"};
	struct draft *draft = target;
	size_t index;

	if (json_decode_choice(place, json, (struct json_choices){names, COUNT(names)}, &index))
		return -1;
	draft->verdict = names[index];
	return 0;
}

static int decode_reason(const struct json_place *place, const json_t *json, void *target)
{
	const char *names[CAROM_REASON_COUNT];
	struct draft *draft = target;
	size_t index;

	for (uint32_t reason = 0; reason < CAROM_REASON_COUNT; reason++)
		names[reason] = verdict_reason(reason);
	if (json_decode_choice(place, json, (struct json_choices){names, COUNT(names)}, &index))
		return -1;
	draft->reason = names[index];
	return 0;
}

static int decode_count(const struct json_place *place, const json_t *json, void *target)
{
	struct capture_request *request = &((struct draft *)target)->request;

	return json_decode_integer(place, json, (struct json_bounds){1, CAPTURE_REQUEST_COUNT_MAX},
				   &request->count);
}

static int decode_duration(const struct json_place *place, const json_t *json, void *target)
{
	struct capture_request *request = &((struct draft *)target)->request;

	return json_decode_integer(place, json,
				   (struct json_bounds){1, CAPTURE_REQUEST_DURATION_MS_MAX},
				   &request->duration_ms);
}

static int decode_snap(const struct json_place *place, const json_t *json, void *target)
{
	struct capture_request *request = &((struct draft *)target)->request;

	return json_decode_integer(
		place, json,
		(struct json_bounds){CAPTURE_REQUEST_SNAP_BYTES_MIN, CAROM_CAPTURE_SNAP_MAX},
		&request->snap_bytes);
}

static const struct json_field fields[] = {
	{"filter", false, decode_filter},   {"vip", false, decode_vip},
	{"verdict", false, decode_verdict}, {"reason", false, decode_reason},
	{"count", false, decode_count},	    {"duration_ms", false, decode_duration},
	{"snap_bytes", false, decode_snap}, {NULL, false, NULL},
};

static bool is_wanted(const struct draft *draft, uint32_t verdict)
{
	const char *reason = verdict_reason(verdict);

	if (verdict == CAROM_VERDICT_FOREIGN)
		return false;
	if (!reason && verdict != CAROM_VERDICT_TX && verdict != CAROM_VERDICT_REDIRECT)
		return false;
	if (draft->verdict &&
	    strcmp(verdict_action_name(verdict_action(verdict)), draft->verdict) != 0)
		return false;
	return !draft->reason || (reason && strcmp(reason, draft->reason) == 0);
}

static int choose_verdicts(const struct json_place *document, struct draft *draft)
{
	struct json_place place = json_place_member(document, "verdict");

	for (uint32_t verdict = 0; verdict < VERDICT_COUNT; verdict++)
		draft->request.verdicts |= (uint64_t)is_wanted(draft, verdict) << verdict;
	if (draft->request.verdicts)
		return 0;
	return json_refuse(&place, ERROR_INVALID, " '%s' never comes with reason '%s'",
			   draft->verdict, draft->reason);
}

/* An empty filter cannot be wrong: it lacks memory, or is there. */
static int add_filter(const struct json_place *document, struct draft *draft)
{
	if (!draft->request.filter)
		draft->request.filter = capture_filter_new("", NULL);
	return draft->request.filter ? 0 : json_refuse_memory(document);
}

int capture_request_decode(const json_t *body, struct capture_request *ret_request,
			   struct error_list *errors)
{
	struct json_place document = json_place_document(errors);
	struct draft draft = {
		.request = {.count = CAPTURE_REQUEST_COUNT_DEFAULT,
			    .duration_ms = CAPTURE_REQUEST_DURATION_MS_DEFAULT,
			    .snap_bytes = CAPTURE_REQUEST_SNAP_BYTES_DEFAULT},
	};

	if ((body && json_decode_object(&document, body, fields, &draft)) ||
	    choose_verdicts(&document, &draft) || add_filter(&document, &draft)) {
		capture_request_done(&draft.request);
		return -1;
	}
	*ret_request = draft.request;
	return 0;
}

void capture_request_done(struct capture_request *request)
{
	capture_filter_free(request->filter);
	request->filter = NULL;
}
