/* SPDX-License-Identifier: BSD-2-Clause */
/* The bodies of requests to explain and to capture: what they come to, and every fault of them. */
#include "capture_request.h"
#include "explain_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define FAULTS_MAX    6
#define AT_IP	      14
#define AT_TCP_FLAGS  47
#define AT_TCP6_FLAGS 67

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_DECODE_ANY, &error);

	if (!json)
		fail_msg("the test's own JSON: %s: %s", error.text, text);
	return json;
}

struct fault_row {
	const char *body;
	/* Each as "pointer: message". */
	const char *errors[FAULTS_MAX];
};

static void check_errors(const char *body, const struct error_list *errors,
			 const char *const expected[FAULTS_MAX])
{
	char line[ERROR_POINTER_BYTES + ERROR_MESSAGE_BYTES + 3];
	size_t count = 0;

	while (count < FAULTS_MAX && expected[count])
		count++;
	for (size_t i = 0; i < errors->count; i++) {
		snprintf(line, sizeof(line), "%s: %s", errors->items[i].pointer,
			 errors->items[i].message);
		if (i >= count || strcmp(line, expected[i]) != 0)
			fail_msg("%s\nfault %zu is \"%s\"\nexpected \"%s\"", body, i, line,
				 i < count ? expected[i] : "none");
	}
	if (errors->count != count)
		fail_msg("%s\nhas %zu faults, expected %zu", body, errors->count, count);
}

/* ---- explain ---- */

static struct explain_request explained(const char *text)
{
	struct explain_request request;
	struct error_list errors = {0};
	json_t *body = parse(text);

	if (explain_request_decode(body, &request, &errors))
		fail_msg("%s\nis refused: %s", text, errors.items[0].message);
	json_decref(body);
	error_list_done(&errors);
	return request;
}

#define PACKET(more)                                                                               \
	"{\"source\": \"198.51.100.7\", \"source_port\": 40000, \"destination\": \"192.0.2.10\", " \
	"\"destination_port\": 443, \"protocol\": \"tcp\"" more "}"
#define PACKET6(protocol, more)                                                                    \
	"{\"source\": \"2001:db8::7\", \"source_port\": 40000, \"destination\": "                  \
	"\"2001:db8::10\", \"destination_port\": 53, \"protocol\": \"" protocol "\"" more "}"

/* Of the header's own bytes; a right one sums up to zero (RFC 1071). */
static uint16_t checksum(const uint8_t *bytes, size_t length, uint32_t sum)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void test_described_ipv4(void **state)
{
	static const uint8_t expected[] = {
		0, 0, 0, 0,  0, 0,    0,    0,	 0,  0,	  0, 0,	  8, 0, 0x45, 0,    0,	  40, 0,
		0, 0, 0, 64, 6, 0xe3, 0x8d, 198, 51, 100, 7, 192, 0, 2, 10,   0x9c, 0x40, 1,  187,
	};
	struct explain_request request = explained(PACKET(""));
	const uint8_t *ip = request.frame + AT_IP;

	(void)state;
	assert_string_equal(request.interface, "");
	assert_int_equal(request.length, AT_IP + 40);
	assert_int_equal(checksum(ip, 20, 0), 0);
	assert_memory_equal(request.frame, expected, 24);
	assert_memory_equal(request.frame + 26, expected + 26, sizeof(expected) - 26);
	/* The pseudo header: addresses, protocol, length. */
	assert_int_equal(checksum(ip + 12, 28, 6 + 20), 0);
	assert_int_equal(request.frame[AT_TCP_FLAGS], 0x02);
}

static void test_described_ipv6(void **state)
{
	struct explain_request tcp = explained(PACKET6("tcp", ", \"flags\": \"fin,ack\""));
	struct explain_request udp =
		explained(PACKET6("udp", ", \"length\": 61, \"interface\": \"eth1\""));

	(void)state;
	assert_int_equal(tcp.length, AT_IP + 60);
	assert_int_equal(tcp.frame[AT_TCP6_FLAGS], 0x11);
	assert_int_equal(checksum(tcp.frame + AT_IP + 8, 52, 6 + 20), 0);
	assert_int_equal(udp.length, AT_IP + 61);
	assert_int_equal(udp.frame[AT_IP] >> 4, 6);
	assert_int_equal(udp.frame[AT_IP + 5], 21);
	assert_int_equal(checksum(udp.frame + AT_IP + 8, 53, 17 + 21), 0);
	assert_string_equal(udp.interface, "eth1");
}

static void test_no_flags(void **state)
{
	(void)state;
	assert_int_equal(explained(PACKET(", \"flags\": \"\"")).frame[AT_TCP_FLAGS], 0);
}

static void test_frame(void **state)
{
	struct explain_request request =
		explained("{\"frame\": \"000102030405 060708090a0b 0800 45\"}");

	(void)state;
	assert_int_equal(request.length, 15);
	assert_int_equal(request.frame[14], 0x45);
}

static void test_explain_errors(void **state)
{
	static const struct fault_row rows[] = {
		{"[]", {": the document is an array; expected an object"}},
		{"{\"frame\": \"00\"}",
		 {"/frame: frame has 1 bytes; expected an Ethernet frame, of 14 at least"}},
		{"{\"frame\": \"hello\"}",
		 {"/frame: frame is neither hexadecimal (two digits a byte) nor base64"}},
		{"{\"frame\": \"0011223344556677889900112233\", \"flags\": \"syn\"}",
		 {"/flags: unknown key 'flags'; known keys: frame, interface"}},
		{"{\"destination\": \"192.0.2.300\", \"protocol\": \"icmp\", \"port\": 1}",
		 {"/destination: destination '192.0.2.300' is not an IP address",
		  "/protocol: protocol 'icmp' is unknown; expected 'tcp' or 'udp'",
		  ("/port: unknown key 'port'; known keys: source, source_port, destination, "
		   "destination_port, protocol, flags, length, interface"),
		  ": the document: key 'source' is missing",
		  ": the document: key 'source_port' is missing",
		  ": the document: key 'destination_port' is missing"}},
		{PACKET(", \"flags\": \"syn,sin\""),
		 {"/flags: flags 'syn,sin' is not a list of TCP flags; expected names out of "
		  "fin,syn,rst,psh,ack,urg,ece,cwr with commas between them"}},
		{PACKET(", \"length\": 39"),
		 {"/length: length 39 is less than the packet's headers have; expected 40 at "
		  "least"}},
		{PACKET(", \"length\": 3059"),
		 {"/length: length 3059 is out of range; expected 1 to 3058"}},
		{PACKET(", \"interface\": \"an-interface-too-long\""),
		 {"/interface: interface 'an-interface-too-long' is not the name of an "
		  "interface"}},
		{PACKET6("udp", ", \"flags\": \"syn\", \"length\": 47"),
		 {"/flags: flags are TCP's, but protocol is 'udp'",
		  "/length: length 47 is less than the packet's headers have; expected 48 at "
		  "least"}},
		{"{\"source\": \"2001:db8::7\", \"source_port\": 1, \"destination\": \"192.0.2.1\","
		 " \"destination_port\": 65536, \"protocol\": \"tcp\"}",
		 {"/destination_port: destination_port 65536 is out of range; expected 0 to "
		  "65535"}},
		{"{\"source\": \"2001:db8::7\", \"source_port\": 1, \"destination\": \"192.0.2.1\","
		 " \"destination_port\": 1, \"protocol\": \"tcp\"}",
		 {"/source: source is an IPv6 address, but destination is an IPv4 one"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct explain_request request;
		struct error_list errors = {0};
		json_t *body = parse(rows[i].body);

		assert_int_equal(explain_request_decode(body, &request, &errors), -1);
		check_errors(rows[i].body, &errors, rows[i].errors);
		json_decref(body);
		error_list_done(&errors);
	}
}

/* ---- capture ---- */

static struct capture_request captured(const char *text)
{
	struct capture_request request;
	struct error_list errors = {0};
	json_t *body = text ? parse(text) : NULL;

	if (capture_request_decode(body, &request, &errors))
		fail_msg("%s\nis refused: %s", text, errors.items[0].message);
	json_decref(body);
	error_list_done(&errors);
	capture_request_done(&request);
	return request;
}

static void test_capture_deerrors(void **state)
{
	struct capture_request request = captured(NULL);

	(void)state;
	assert_string_equal(request.vip, "");
	assert_int_equal(request.count, 1000);
	assert_int_equal(request.duration_ms, 10000);
	assert_int_equal(request.snap_bytes, 256);
	assert_int_equal(request.verdicts, ((1ull << CAROM_REASON_COUNT) - 1) |
						   1ull << CAROM_VERDICT_TX |
						   1ull << CAROM_VERDICT_REDIRECT);
	assert_int_equal(captured("{}").verdicts, request.verdicts);
}

static void test_capture_choices(void **state)
{
	struct capture_request request =
		captured("{\"filter\": \"tcp port 443\", \"vip\": \"web\", \"verdict\": \"drop\", "
			 "\"reason\": \"no_backend\", \"count\": 1000000, \"duration_ms\": 600000, "
			 "\"snap_bytes\": 4096}");

	(void)state;
	assert_string_equal(request.vip, "web");
	assert_int_equal(request.count, 1000000);
	assert_int_equal(request.duration_ms, 600000);
	assert_int_equal(request.snap_bytes, 4096);
	assert_int_equal(request.verdicts, 1ull << CAROM_REASON_NO_BACKEND);
	assert_int_equal(captured("{\"verdict\": \"tx\"}").verdicts, 1ull << CAROM_VERDICT_TX);
	assert_int_equal(captured("{\"verdict\": \"pass\"}").verdicts,
			 1ull << CAROM_REASON_NOT_SERVED);
	assert_int_equal(captured("{\"verdict\": \"aborted\"}").verdicts,
			 1ull << CAROM_REASON_NO_HEADROOM | 1ull << CAROM_REASON_INCONSISTENT);
	assert_int_equal(captured("{\"reason\": \"too_big\"}").verdicts,
			 1ull << CAROM_REASON_TOO_BIG);
}

static void test_capture_errors(void **state)
{
	static const struct fault_row rows[] = {
		{"7", {": the document is an integer; expected an object"}},
		{"{\"filter\": \"tcp port\", \"vip\": \"we b\", \"count\": 0, \"snap_bytes\": 13, "
		 "\"duration_ms\": \"1s\"}",
		 {"/filter: filter: libpcap: can't parse filter expression: syntax error",
		  "/vip: vip 'we b' is not a name; expected 1 to 63 of A-Z, a-z, 0-9, '.', "
		  "'_' and '-', the first of them a letter or a digit",
		  "/count: count 0 is out of range; expected 1 to 1000000",
		  "/snap_bytes: snap_bytes 13 is out of range; expected 14 to 4096",
		  "/duration_ms: duration_ms is '1s', a string; expected an integer from 1 to "
		  "600000"}},
		{"{\"filter\": \"host example\"}",
		 {"/filter: filter: 'example' is neither a keyword nor a number nor an address; "
		  "names are not looked up, but those of services that stand right behind "
		  "'port'"}},
		{"{\"verdict\": \"tx\", \"reason\": \"no_backend\"}",
		 {"/verdict: verdict 'tx' never comes with reason 'no_backend'"}},
		{"{\"verdict\": \"dropped\", \"filter\": \"tcp\"}",
		 {"/verdict: verdict 'dropped' is unknown; expected 'tx', 'redirect', 'pass', "
		  "'drop' or 'aborted'"}},
		{"{\"durations_ms\": 5}",
		 {"/durations_ms: unknown key 'durations_ms'; did you mean 'duration_ms'? Known "
		  "keys: filter, vip, verdict, reason, count, duration_ms, snap_bytes"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct capture_request request;
		struct error_list errors = {0};
		json_t *body = parse(rows[i].body);

		assert_int_equal(capture_request_decode(body, &request, &errors), -1);
		check_errors(rows[i].body, &errors, rows[i].errors);
		json_decref(body);
		error_list_done(&errors);
	}
}

/* The list of reasons is longer than what a message has room for, and is cut there. */
static void test_unknown_reason(void **state)
{
	struct capture_request request;
	struct error_list errors = {0};
	json_t *body = parse("{\"reason\": \"no_backends\"}");

	(void)state;
	assert_int_equal(capture_request_decode(body, &request, &errors), -1);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.items[0].pointer, "/reason");
	assert_string_equal(errors.items[0].message,
			    "reason 'no_backends' is unknown; expected 'not_served', 'truncated', "
			    "'bad_header', 'fragment', 'extensions', 'no_backend', 'too_big', "
			    "'no_headroom', 'inconsistent' or 'unrecorded'");
	json_decref(body);
	error_list_done(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_described_ipv4),	cmocka_unit_test(test_described_ipv6),
		cmocka_unit_test(test_no_flags),	cmocka_unit_test(test_frame),
		cmocka_unit_test(test_explain_errors),	cmocka_unit_test(test_capture_deerrors),
		cmocka_unit_test(test_capture_choices), cmocka_unit_test(test_capture_errors),
		cmocka_unit_test(test_unknown_reason),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
