/* SPDX-License-Identifier: BSD-2-Clause */
#include "api_http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define HEAD_END	 "\r\n\r\n"
#define LENGTH_HEADER	 "\r\nContent-Length: "
#define READ_BYTES	 (256 * 1024)
#define STATUS_AT	 9 /* after "HTTP/1.1 " */
#define NS_PER_S	 1000000000ull
#define REQUEST_HEAD	 "%s %s HTTP/1.1\r\nHost: carom\r\nContent-Type: application/json\r\n"
#define REQUEST_HEAD_END "Content-Length: %zu" HEAD_END

static void __attribute__((noreturn)) give_up(const char *what)
{
	fprintf(stderr, "api_http: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

struct http_request http_request_new(const char *method, const char *target, const char *body)
{
	struct http_request request = {0};
	int length = asprintf(&request.bytes, REQUEST_HEAD REQUEST_HEAD_END "%s", method, target,
			      body ? strlen(body) : 0, body ? body : "");

	if (length < 0)
		give_up("memory");
	request.length = (size_t)length;
	return request;
}

void http_request_free(struct http_request *request)
{
	free(request->bytes);
}

void http_connect(struct http_connection *connection, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*connection = (struct http_connection){.descriptor = socket(AF_UNIX, SOCK_STREAM, 0)};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connection->descriptor < 0 ||
	    connect(connection->descriptor, (struct sockaddr *)&address, sizeof(address)))
		give_up(path);
}

void http_send(const struct http_connection *connection, const struct http_request *request)
{
	for (size_t sent = 0; sent < request->length;) {
		ssize_t now = send(connection->descriptor, request->bytes + sent,
				   request->length - sent, MSG_NOSIGNAL);

		if (now < 0)
			give_up("sending a request");
		sent += (size_t)now;
	}
}

/* The head is whole; `extra` bytes of the body came with it. */
static void begin_body(struct http_connection *connection, size_t extra)
{
	const char *length = strcasestr(connection->head, LENGTH_HEADER);

	if (!length) {
		fprintf(stderr, "api_http: a reply without a length:\n%s\n", connection->head);
		exit(EXIT_FAILURE);
	}
	connection->in_body = true;
	connection->body_left = strtoul(length + strlen(LENGTH_HEADER), NULL, 10) - extra;
}

static ssize_t read_some(const struct http_connection *connection, char *bytes, size_t room)
{
	ssize_t count = read(connection->descriptor, bytes, room);

	if (count == 0) {
		fprintf(stderr, "api_http: the server closed the connection\n");
		exit(EXIT_FAILURE);
	}
	if (count < 0)
		give_up("reading a reply");
	return count;
}

static void read_head(struct http_connection *connection)
{
	char *end;

	connection->head_length +=
		(size_t)read_some(connection, connection->head + connection->head_length,
				  HTTP_HEAD_BYTES_MAX - connection->head_length);
	connection->head[connection->head_length] = '\0';
	end = strstr(connection->head, HEAD_END);
	if (end)
		begin_body(connection, connection->head_length - strlen(HEAD_END) -
					       (size_t)(end - connection->head));
}

static void read_body(struct http_connection *connection)
{
	static char thrown_away[READ_BYTES];
	size_t room = connection->body_left < READ_BYTES ? connection->body_left : READ_BYTES;

	connection->body_left -= (size_t)read_some(connection, thrown_away, room);
}

int http_read(struct http_connection *connection)
{
	if (connection->in_body)
		read_body(connection);
	else
		read_head(connection);
	if (!connection->in_body || connection->body_left > 0)
		return 0;
	connection->in_body = false;
	connection->head_length = 0;
	return atoi(connection->head + STATUS_AT);
}

void http_expect_success(const struct http_connection *connection, int status)
{
	if (status >= 200 && status < 300)
		return;
	fprintf(stderr, "api_http: a request was refused:\n%s\n", connection->head);
	exit(EXIT_FAILURE);
}

void http_exchange(struct http_connection *connection, const struct http_request *request)
{
	int status = 0;

	http_send(connection, request);
	while (!status)
		status = http_read(connection);
	http_expect_success(connection, status);
}

uint64_t http_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}
