/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bodies of requests to explain a packet and to capture packets: each is refused with errors
 * that point into it, or comes to something within its bounds.
 */
#include "capture_request.h"
#include "explain_request.h"
#include "fuzz.h"

static void try_explain(const json_t *body)
{
	struct error_list errors = {0};
	struct explain_request request;

	if (explain_request_decode(body, &request, &errors))
		fuzz_expect_errors_within(&errors, body);
	else if (request.length < EXPLAIN_REQUEST_FRAME_MIN ||
		 request.length > EXPLAIN_REQUEST_FRAME_MAX || !error_list_is_empty(&errors))
		fuzz_fail("a frame of %zu bytes, and %zu faults", request.length, errors.count);
	error_list_done(&errors);
}

static void try_capture(const json_t *body)
{
	struct error_list errors = {0};
	struct capture_request request;

	if (capture_request_decode(body, &request, &errors)) {
		fuzz_expect_errors_within(&errors, body);
	} else {
		if (!request.count || !request.duration_ms || !request.verdicts ||
		    request.snap_bytes > CAROM_CAPTURE_SNAP_MAX || !error_list_is_empty(&errors))
			fuzz_fail("a request out of bounds, and %zu faults", errors.count);
		capture_request_done(&request);
	}
	error_list_done(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	json_t *body = fuzz_load(bytes, length);

	if (body) {
		try_explain(body);
		try_capture(body);
	}
	json_decref(body);
	return 0;
}
