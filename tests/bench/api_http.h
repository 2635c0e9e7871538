/* SPDX-License-Identifier: BSD-2-Clause */
/* Just enough of an HTTP client to outpace the server: requests as bytes, replies by their length.
 */
#ifndef CAROM_TESTS_API_HTTP_H
#define CAROM_TESTS_API_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_BYTES_MAX 4096

struct http_request {
	char *bytes; /* owned */
	size_t length;
};

/* One that keeps the connection open. body: JSON, or NULL. */
struct http_request http_request_new(const char *method, const char *target, const char *body);
void http_request_free(struct http_request *request);

struct http_connection {
	int descriptor;
	char head[HTTP_HEAD_BYTES_MAX + 1];
	size_t head_length; /* read so far */
	size_t body_left;
	bool in_body;
};

/* To the Unix socket at this path. Ends the program when it fails, as all of these do. */
void http_connect(struct http_connection *connection, const char *path);
void http_send(const struct http_connection *connection, const struct http_request *request);
/* Reads what has come, and blocks if nothing has. Returns the status once the reply is whole (its
 * body is thrown away), else 0. */
int http_read(struct http_connection *connection);
/* Sends, and waits for the whole reply; its status must be of the 200s. */
void http_exchange(struct http_connection *connection, const struct http_request *request);
/* Ends the program unless the status is of the 200s. */
void http_expect_success(const struct http_connection *connection, int status);

/* Nanoseconds of a clock that only goes forward. */
uint64_t http_now_ns(void);

#endif
