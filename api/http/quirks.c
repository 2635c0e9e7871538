/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The quirks of libmicrohttpd, each with the version in which it was seen: how it goes wrong, the
 * remedy, which is here or at the place that is named, and the test in tests/lab that shows it.
 *
 *  1. 0.9.75: an end of the connection that comes together with the last bytes is overlooked, for
 *     its epoll is edge-triggered. The connection stays until a timeout, and whatever is streamed to
 *     it goes on. quirks_has_ended(), which server.c asks once a second.
 *     rest: test_aborted_requests_leave_nothing; rest_events: test_those_that_leave_leave_nothing
 *  2. 0.9.75: in external-epoll mode there is no eventfd, so a resumed connection does not make its
 *     epoll readable, and is forgotten until another one has something. quirks_resume().
 *     rest: test_vip_is_created_replaced_deleted, as any write
 *  3. 0.9.75: while a TLS handshake is under way it always has more to do, though epoll would tell
 *     when: a client that says nothing keeps a processor busy. quirks_run() sets the pace.
 *     test_tls: test_handshakes_that_never_end
 *  4. 0.9.75: credentials are taken at the start, for all connections to come, so certificates could
 *     not be exchanged. Each session gets its own before its handshake, in listener.c, and the
 *     daemon none: quirks_offer_no_certificate().
 *     test_tls: test_of_the_server_s_certificate
 *  5. 0.9.75: no response is taken while a body is still coming in, so a refusal would wait for all
 *     of it. quirks_send_last() writes past it; the phase CLIENT_LINGERING drains the rest.
 *     rest: test_body_too_large_by_its_length; test_tls: test_refused_in_mid_request
 *  6. 0.9.75: a handler closes a connection by MHD_NO, which is a line of the log each time, as if
 *     something had failed. quirks_is_own_doing() tells that line, and listener.c leaves it out.
 *     No test: nothing but the log suffers.
 *  7. 0.9.75: "%2F" is decoded before the path is cut at its slashes, "%00" ends it, and a malformed
 *     escape stays. quirks_leave_escaped(); path.c and parameter.c decode.
 *     rest: test_escaped_names
 *  8. 0.9.75: of a header that comes twice the first one counts, Content-Length beside chunks is
 *     let pass, and so is HTTP/1.1 without Host. request_framing.c refuses them.
 *     rest_headers
 *  9. 0.9.75: its only timeout is one of silence, for all phases alike. It is off; phase.c has ours.
 *     rest: test_slow_clients_are_cut_off
 * 10. 0.9.75: it must not be stopped while a connection is suspended, or it ends the process.
 *     close_all() in server.c resumes them.
 *     test_durability: test_stop_does_not_wait_for_the_disk_s_answers
 * 11. 0.9.75: input that is not HTTP, or that overflows a connection's whole memory, it answers by
 *     itself, in HTML. There is no remedy.
 *     rest: test_what_is_not_http
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
