/* SPDX-License-Identifier: BSD-2-Clause */
/* Where libmicrohttpd is not as a server needs it, and what is done instead: quirks.c lists it. */
#ifndef CAROM_QUIRKS_H
#define CAROM_QUIRKS_H

#include "peer.h"
#include "response.h"

#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <uv.h>

/* An MHD_OPTION_UNESCAPE_CALLBACK. */
size_t quirks_leave_escaped(void *context, struct MHD_Connection *connection, char *text);

/* An MHD_OPTION_HTTPS_CERT_CALLBACK. */
int quirks_offer_no_certificate(gnutls_session_t session, const gnutls_datum_t *names, int count,
				const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
				gnutls_pcert_st **ret_chain, unsigned *ret_length,
				gnutls_privkey_t *ret_key);

/* Whether a message of its log is about what we have had it do. */
bool quirks_is_own_doing(const char *format);

/* Has it do what is to be done. Whether it has more to do later; ret_timeout_ms: when.
 * greeting_count: of clients whose TLS handshake is under way, as it is after that. */
bool quirks_run(struct MHD_Daemon *daemon, const size_t *greeting_count, uint64_t *ret_timeout_ms);

/* wake: has the daemon run. */
void quirks_resume(struct MHD_Connection *connection, uv_async_t *wake);

/* Whether the other end of a connection that is to be read is closed. */
bool quirks_has_ended(int socket);

/* Sends a response while the request is still coming in, as far as the connection takes it at once;
 * then it takes no more. */
void quirks_send_last(const struct response *response, const struct peer *peer);

#endif
