/* SPDX-License-Identifier: BSD-2-Clause */
/* The HTTP kit by itself, with routes of its own: a server on a Unix socket, asked from a thread.
 */
#include "request.h"
#include "server.h"
#include "stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define REPLY_BYTES 4096
#define PATIENCE_S  5 /* less than the time after which silence is noticed */
#define LATER_MS    20

/* ---- routes: one of each kind ---- */

static uv_loop_t loop;
static uv_timer_t later;

static void set_text(struct response *response, const char *words)
{
	struct text text = {0};

	text_add(&text, words);
	response_set(response, MHD_HTTP_OK, "text/plain", text);
}

static void read_name(const struct route_call *call, struct response *ret_response)
{
	set_text(ret_response, call->names[0]);
	response_add_etag(ret_response, "number", 7);
}

static void settle(uv_timer_t *timer)
{
	struct response response = {0};

	set_text(&response, "settled");
	request_settle(timer->data, &response, "");
}

static bool start_later(const struct route_call *call, struct response *ret_response)
{
	(void)ret_response;
	later.data = call->request;
	uv_timer_start(&later, settle, LATER_MS, 0);
	return true;
}

static bool start_at_once(const struct route_call *call, struct response *ret_response)
{
	struct response response = {0};

	(void)ret_response;
	set_text(&response, "at once");
	request_settle(call->request, &response, "");
	return true;
}

static bool start_nothing(const struct route_call *call, struct response *ret_response)
{
	(void)call;
	response_set_problem(ret_response, PROBLEM_CONFLICT, "not now");
	return false;
}

static bool start_read(const struct route_call *call, struct response *ret_response)
{
	(void)ret_response;
	request_know(call->request, 7);
	request_read(call->request);
	return true;
}

static void stop_stream(void *producer)
{
	(void)producer;
}

static void stream_words(const struct route_call *call, struct stream *stream,
			 struct response *ret_response)
{
	(void)call, (void)ret_response;
	stream_start(stream, "text/plain", stop_stream, NULL);
	stream_write(stream, "one ", 4);
	stream_write(stream, "two", 3);
	stream_end(stream);
}

static const struct route table[] = {
	{"GET", "/names/{name}", ROLE_ANYBODY, .read = read_name},
	{"POST", "/later", ROLE_ANYBODY, .start = start_later},
	{"POST", "/at-once", ROLE_ANYBODY, .start = start_at_once},
	{"POST", "/nothing", ROLE_ANYBODY, .start = start_nothing},
	{"GET", "/known/{name}", ROLE_ANYBODY, .start = start_read, .read = read_name},
	{"GET", "/words", ROLE_ANYBODY, .stream = stream_words},
};

static void no_remark(void *context, char ret_remark[AUDIT_REMARK_BYTES])
{
	(void)context;
	ret_remark[0] = '\0';
}

static void free_no_view(struct view *view)
{
	assert_null(view);
}

static void stop_nothing(void *context)
{
	(void)context;
}

/* ---- the client's thread ---- */

static struct listen_address address = {.is_unix = true};

struct exchange {
	const char *sent;
	bool ends; /* the client says no more after that */
	char reply[REPLY_BYTES];
	uv_async_t done;
};

static int connect_client(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(name.sun_path, address.path, sizeof(name.sun_path));
	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return connect(client, (struct sockaddr *)&name, sizeof(name)) ? -1 : client;
}

/* Until the server closes; a client that has no more patience notes "(open)". */
static void ask(void *context)
{
	struct exchange *exchange = context;
	int client = connect_client();
	size_t length = 0;
	ssize_t count;

	send(client, exchange->sent, strlen(exchange->sent), MSG_NOSIGNAL);
	if (exchange->ends)
		shutdown(client, SHUT_WR);
	while ((count = recv(client, exchange->reply + length, REPLY_BYTES - length - 1, 0)) > 0)
		length += (size_t)count;
	if (count < 0)
		strcpy(exchange->reply, "(open)"); /* NOLINT: there is room */
	close(client);
	uv_async_send(&exchange->done);
}

/* ---- the server ---- */

static void on_done(uv_async_t *done)
{
	uv_close((uv_handle_t *)done, NULL);
	uv_close((uv_handle_t *)&later, NULL);
	server_stop(done->data, NULL, NULL);
}

static void serve(struct exchange *exchange)
{
	const struct access_options rights = {
		.tls = {"", "", ""}, .tokens = "", .socket_group = "", .socket_mode = 0600};
	struct error_list errors = {0};
	struct access *access = access_new(&rights, NULL, &errors);
	struct server_options options = {
		.loop = &loop,
		.access = access,
		.routes = {.routes = table,
			   .count = sizeof(table) / sizeof(table[0]),
			   .view_free = free_no_view,
			   .remark = no_remark,
			   .stop = stop_nothing},
		.addresses = &address,
		.address_count = 1,
	};
	struct error error = {0};
	uv_thread_t thread;

	uv_loop_init(&loop);
	uv_timer_init(&loop, &later);
	uv_async_init(&loop, &exchange->done, on_done);
	exchange->done.data = server_new(&options, &error);
	if (!exchange->done.data)
		fail_msg("%s", error.message);
	uv_thread_create(&thread, ask, exchange);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_thread_join(&thread);
	assert_int_equal(uv_loop_close(&loop), 0);
	access_free(access);
}

static void expect(const char *sent, const char *status, const char *words)
{
	struct exchange exchange = {.sent = sent};
	char line[64];

	serve(&exchange);
	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	if (strncmp(exchange.reply, line, strlen(line)) != 0 || !strstr(exchange.reply, words))
		fail_msg("%s: %s", sent, exchange.reply);
}

#define HEADERS " HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n"
#define END	HEADERS "\r\n"

static void test_each_kind_of_handler(void **state)
{
	(void)state;
	expect("GET /names/a%2Fb" END, "200", "\r\n\r\na/b");
	expect("GET /names/x" HEADERS "If-None-Match: \"7\"\r\n\r\n", "304", "ETag: \"7\"");
	expect("GET /names/x" HEADERS "If-Match: \"8\"\r\n\r\n", "412", "the number is 7");
	expect("POST /later" END, "200", "settled");
	expect("POST /at-once" END, "200", "at once");
	expect("POST /nothing" END, "409", "not now");
	expect("GET /known/x" END, "304", "ETag: \"7\"");
	expect("GET /words" END, "200", "two");
	expect("GET /nowhere" END, "404", "/problems/not-found");
}

static void expect_end(const char *sent)
{
	struct exchange exchange = {.sent = sent, .ends = true};

	serve(&exchange);
	assert_string_not_equal(exchange.reply, "(open)");
}

/* See quirks.c: without the server's own look, such a client would stay until it is cut off for its
 * silence. */
static void test_an_end_with_the_last_bytes_is_seen(void **state)
{
	(void)state;
	expect_end("");
	expect_end("GET /names/x HTTP/1.1\r\nHo");
	expect_end("GET /names/x HTTP/1.1\r\nHost: kit\r\n\r\n");
	expect_end("POST /later HTTP/1.1\r\nHost: kit\r\nContent-Length: 9\r\n\r\n{");
}

static int enter_folder(void **state)
{
	static char folder[] = P_tmpdir "/carom-kit-XXXXXX";

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(address.path, sizeof(address.path), "%s/socket", folder);
	return 0;
}

static int leave_folder(void **state)
{
	(void)state;
	*strrchr(address.path, '/') = '\0';
	return rmdir(address.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_of_handler),
		cmocka_unit_test(test_an_end_with_the_last_bytes_is_seen),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
