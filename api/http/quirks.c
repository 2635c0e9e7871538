/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The quirks of libmicrohttpd: the version in which each was seen and how it goes wrong, the
 * remedy, here or at the place that is named, and the test in tests/ that fails without it.
 *
 *  1. 0.9.75 overlooks an end of the connection that comes together with the last bytes, for
 *     its epoll is edge-triggered. The connection stays until a timeout, and a stream to it
 *     goes on. Remedy: quirks_has_ended(), which server.c asks once a second.
 *     Test: unit/test_api_server: test_an_end_with_the_last_bytes_is_seen
 *  2. 0.9.75 has no eventfd in external-epoll mode: a resumed connection does not make its
 *     epoll readable, and is forgotten until another one has something. Remedy:
 *     quirks_resume().
 *     Test: unit/test_api_server: test_each_kind_of_handler
 *  3. 0.9.75 always has more to do while a TLS handshake is under way, though epoll would tell
 *     when: a silent client keeps a processor busy. Remedy: quirks_run() sets the pace.
 *     Test: lab/test_tls: test_handshakes_that_never_end
 *  4. 0.9.75 takes credentials at its start, for all connections to come: certificates could
 *     not be exchanged. Remedy: each session gets its own before its handshake, in listener.c,
 *     and the daemon none, quirks_offer_no_certificate().
 *     Test: lab/test_tls: test_of_the_server_s_certificate
 *  5. 0.9.75 takes no response while a body is still coming in: a refusal would wait for all of
 *     it. Remedy: quirks_send_last() writes past it; CLIENT_LINGERING drains the rest.
 *     Test: lab/rest: test_body_too_large_by_its_length;
 *     lab/test_tls: test_refused_in_mid_request
 *  6. 0.9.75 logs each connection that a handler closes by MHD_NO, as if something had failed.
 *     Remedy: quirks_is_own_doing() tells that line, and listener.c leaves it out.
 *     No test: nothing but the log suffers.
 *  7. 0.9.75 decodes "%2F" before the path is cut at its slashes, lets "%00" end it, and keeps
 *     a malformed escape. Remedy: quirks_leave_escaped(); path.c and parameter.c decode.
 *     Test: lab/rest: test_escaped_names
 *  8. 0.9.75 takes the first of a header that comes twice, and lets pass Content-Length beside
 *     chunks, and HTTP/1.1 without Host. Remedy: request_framing.c refuses them.
 *     Test: lab/rest_headers
 *  9. 0.9.75 has one timeout, of silence, for all phases alike. Remedy: it is off, and phase.c
 *     has ours.
 *     Test: lab/rest: test_slow_clients_are_cut_off
 * 10. 0.9.75 ends the process if it is stopped while a connection is suspended. Remedy:
 *     close_all() in server.c resumes them.
 *     Test: lab/test_durability: test_stop_does_not_wait_for_the_disk_s_answers
 * 11. 0.9.75 answers by itself, in HTML, to input that is not HTTP, or that overflows a
 *     connection's whole memory. There is no remedy.
 *     Test: lab/rest: test_what_is_not_http
 *
 * All of it runs on the event loop's thread.
 */
#include "quirks.h"

#include <string.h>
#include <sys/socket.h>

#define GREETING_PACE_MS 5
/* The line for MHD_NO. */
#define OUR_OWN_DOING "Application reported internal error"

size_t quirks_leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context, (void)connection;
	return strlen(text);
}

int quirks_offer_no_certificate(gnutls_session_t session, const gnutls_datum_t *names, int count,
				const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
				gnutls_pcert_st **ret_chain, unsigned *ret_length,
				gnutls_privkey_t *ret_key)
{
	(void)session, (void)names, (void)count, (void)algorithms, (void)algorithm_count;
	(void)ret_chain, (void)ret_length, (void)ret_key;
	return -1;
}

bool quirks_is_own_doing(const char *format)
{
	return strncmp(format, OUR_OWN_DOING, strlen(OUR_OWN_DOING)) == 0;
}

bool quirks_run(struct MHD_Daemon *daemon, const size_t *greeting_count, uint64_t *ret_timeout_ms)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	MHD_run(daemon);
	if (MHD_get_timeout(daemon, &timeout_ms) != MHD_YES)
		return false;
	*ret_timeout_ms = *greeting_count > 0 && timeout_ms == 0 ? GREETING_PACE_MS : timeout_ms;
	return true;
}

void quirks_resume(struct MHD_Connection *connection, uv_async_t *wake)
{
	MHD_resume_connection(connection);
	uv_async_send(wake);
}

bool quirks_has_ended(int socket)
{
	char byte;

	return recv(socket, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
}

static struct text serialize(const struct response *response)
{
	struct text text = {0};

	text_add(&text, "HTTP/1.1 ");
	text_add_number(&text, response->status);
	text_add(&text, " ");
	text_add(&text, MHD_get_reason_phrase_for(response->status));
	text_add(&text, "\r\nConnection: close\r\nContent-Length: ");
	text_add_number(&text, response->body.length);
	for (size_t i = 0; i < response->header_count; i++) {
		text_add(&text, "\r\n");
		text_add(&text, response->headers[i].name);
		text_add(&text, ": ");
		text_add(&text, response->headers[i].value);
	}
	text_add(&text, "\r\n\r\n");
	text_add_bytes(&text, response->body.bytes, response->body.length);
	return text;
}

static void send_at_once(const struct peer *peer, const char *bytes, size_t length)
{
	ssize_t sent = 1;

	if (!peer->session) {
		send(peer->socket, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	}
	for (size_t done = 0; done < length && sent > 0; done += (size_t)sent)
		sent = gnutls_record_send(peer->session, bytes + done, length - done);
	gnutls_bye(peer->session, GNUTLS_SHUT_WR);
}

/* A client that does not even take this much is not waited for. */
void quirks_send_last(const struct response *response, const struct peer *peer)
{
	struct text text = serialize(response);

	if (!text.failed) {
		send_at_once(peer, text.bytes, text.length);
		shutdown(peer->socket, SHUT_WR);
	}
	text_done(&text);
}
