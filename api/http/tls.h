/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS 1.2 and up on the TCP listeners, by GnuTLS inside libmicrohttpd.
 *
 * A struct tls is what one reading of the files gave: immutable, and shared by the connections that
 * began with it, so that certificates can be exchanged while connections are open.
 */
#ifndef CAROM_TLS_H
#define CAROM_TLS_H

#include "error.h"
#include "opener.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>

#define TLS_PRIORITIES	  "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define TLS_SUBJECT_BYTES 256

struct tls;

/* Paths of PEM files. Borrowed. */
struct tls_files {
	const char *certificate; /* and the chain up to a CA; empty: no TLS */
	const char *key;
	const char *client_ca; /* empty: clients need no certificate */
};

/* Reads the files: the certificate must go with the key, and there must be CAs in client_ca, if it
 * is set. NULL on failure, with the errors of each file. Warns of a certificate out of its time. */
struct tls *tls_load(const struct tls_files *files, const struct opener *opener,
		     struct error_list *errors);
struct tls *tls_ref(struct tls *tls);
void tls_unref(struct tls *tls);

/* Before a session's handshake, which fails unless the client shows what is asked for. The session
 * borrows it. Returns 0 or -1. */
int tls_serve(const struct tls *tls, gnutls_session_t session);

/* Whether the client has shown one: the handshake has verified it then. */
bool tls_has_certificate(gnutls_session_t session);

/* Called for each name of a certificate: its alternative subjects (DNS, e-mail, URI), then its
 * common name. Returns whether to stop there. */
typedef bool tls_visit_subject(void *context, const char *subject);
/* Of the client's, which there must be. False: no call stopped. */
bool tls_visit_subjects(gnutls_session_t session, tls_visit_subject *visit, void *context);

#endif
