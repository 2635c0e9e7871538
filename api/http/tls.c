/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials out of PEM files, and what a client's certificate says.
 *
 * libmicrohttpd makes a session for each connection, and takes credentials for all of them only
 * when it starts. So each session gets its own from here, before its handshake; GnuTLS then does
 * the rest within the handshake: who shows no certificate of client_ca, or one out of its time,
 * does not get as far as a request.
 *
 * It owns the sets of credentials by counted references, which access.c and clients hold; all on
 * the event loop's thread.
 */
#include "tls.h"

#include "log.h"
#include "secret_file.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PEM_FILE_BYTES ((size_t)1 << 20)
#define SUBJECTS_MAX   32 /* of one certificate; further ones are not looked at */

struct tls {
	unsigned references;
	gnutls_certificate_credentials_t credentials;
	bool asks_clients; /* for a certificate */
};

static gnutls_datum_t datum_of(const struct text *text)
{
	return (gnutls_datum_t){(unsigned char *)text->bytes, (unsigned)text->length};
}

static int tls_refuse(struct error_list *errors, const char *key, const char *path,
		      const char *reason)
{
	return error_list_add(errors, ERROR_INVALID, "", "%s '%s': %s", key, path, reason);
}

/* The files, how they are opened, and what is wrong with them. */
struct reading {
	const struct tls_files *files;
	const struct opener *opener;
	struct error_list *errors;
};

static int tls_read_file(const struct reading *reading, const char *key, const char *path,
			 enum secrecy secrecy, struct text *ret_text)
{
	struct error error = {0};

	if (secret_file_read(reading->opener, path, secrecy, PEM_FILE_BYTES, ret_text, &error) == 0)
		return 0;
	error_prefix(&error, "%s '%s': ", key, path);
	return error_list_append(reading->errors, &error);
}

/* ---- the server's own certificate ---- */

/* Service goes on with it: clients tell for themselves. */
static void warn_of_time(const char *path, gnutls_x509_crt_t certificate)
{
	time_t now = time(NULL);

	if (gnutls_x509_crt_get_expiration_time(certificate) < now)
		log_line(LOG_LEVEL_WARNING, "api.tls.certificate '%s' has expired", path);
	if (gnutls_x509_crt_get_activation_time(certificate) > now)
		log_line(LOG_LEVEL_WARNING, "api.tls.certificate '%s' is not valid yet", path);
}

static int use_pair(struct tls *tls, const struct tls_files *files, const struct text *certificate,
		    const struct text *key, struct error_list *errors)
{
	gnutls_datum_t certificate_datum = datum_of(certificate), key_datum = datum_of(key);
	int result = gnutls_certificate_set_x509_key_mem2(tls->credentials, &certificate_datum,
							  &key_datum, GNUTLS_X509_FMT_PEM, NULL, 0);

	if (result >= 0)
		return 0;
	return error_list_add(errors, ERROR_INVALID, "",
			      "api.tls.certificate '%s' and api.tls.key '%s' cannot be used"
			      " together: %s",
			      files->certificate, files->key, gnutls_strerror(result));
}

static int read_certificate(const struct reading *reading, struct text *ret_text)
{
	const char *path = reading->files->certificate;
	gnutls_x509_crt_t *chain = NULL;
	gnutls_datum_t datum;
	unsigned count = 0;
	int result;

	if (tls_read_file(reading, "api.tls.certificate", path, SECRECY_PUBLIC, ret_text))
		return -1;
	datum = datum_of(ret_text);
	result = gnutls_x509_crt_list_import2(&chain, &count, &datum, GNUTLS_X509_FMT_PEM, 0);
	if (result < 0)
		return tls_refuse(reading->errors, "api.tls.certificate", path,
				  gnutls_strerror(result));
	if (count > 0)
		warn_of_time(path, chain[0]);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return 0;
}

static int read_key(const struct reading *reading, struct text *ret_text)
{
	gnutls_privkey_t key;
	gnutls_datum_t datum;
	int result;

	if (tls_read_file(reading, "api.tls.key", reading->files->key, SECRECY_OURS, ret_text))
		return -1;
	if (gnutls_privkey_init(&key))
		return error_list_add(reading->errors, ERROR_SYSTEM, "",
				      "api.tls.key: out of memory");
	datum = datum_of(ret_text);
	result = gnutls_privkey_import_x509_raw(key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_privkey_deinit(key);
	if (result >= 0)
		return 0;
	return tls_refuse(reading->errors, "api.tls.key", reading->files->key,
			  result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE
				  ? "there is no private key in it"
				  : gnutls_strerror(result));
}

/* Each by itself first, so that one that is bad hides no other. */
static int load_pair(struct tls *tls, const struct reading *reading)
{
	struct text certificate = {0}, key = {0};
	int failed = read_certificate(reading, &certificate);

	failed |= read_key(reading, &key);
	if (!failed)
		failed = use_pair(tls, reading->files, &certificate, &key, reading->errors);
	secret_file_done(&certificate);
	secret_file_done(&key);
	return failed;
}

/* ---- the clients' ---- */

static int load_client_ca(struct tls *tls, const struct reading *reading)
{
	const char *path = reading->files->client_ca;
	struct text text = {0};
	gnutls_datum_t datum;
	int result;

	if (tls_read_file(reading, "api.tls.client_ca", path, SECRECY_PUBLIC, &text))
		return -1;
	datum = datum_of(&text);
	result = gnutls_certificate_set_x509_trust_mem(tls->credentials, &datum,
						       GNUTLS_X509_FMT_PEM);
	secret_file_done(&text);
	if (result > 0)
		return 0;
	return tls_refuse(reading->errors, "api.tls.client_ca", path,
			  result == 0 ? "there is no certificate in it" : gnutls_strerror(result));
}

/* ---- public ---- */

static int tls_load_all(struct tls *tls, const struct reading *reading)
{
	int failed;

	if (gnutls_certificate_allocate_credentials(&tls->credentials))
		return error_list_add(reading->errors, ERROR_SYSTEM, "", "api.tls: out of memory");
	failed = load_pair(tls, reading);
	tls->asks_clients = reading->files->client_ca[0] != '\0';
	if (tls->asks_clients)
		failed |= load_client_ca(tls, reading);
	return failed;
}

struct tls *tls_load(const struct tls_files *files, const struct opener *opener,
		     struct error_list *errors)
{
	const struct reading reading = {files, opener, errors};
	struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls) {
		error_list_add(errors, ERROR_SYSTEM, "", "api.tls: out of memory");
		return NULL;
	}
	tls->references = 1;
	if (tls_load_all(tls, &reading)) {
		tls_unref(tls);
		return NULL;
	}
	return tls;
}

struct tls *tls_ref(struct tls *tls)
{
	if (tls)
		tls->references++;
	return tls;
}

void tls_unref(struct tls *tls)
{
	if (!tls || --tls->references > 0)
		return;
	if (tls->credentials)
		gnutls_certificate_free_credentials(tls->credentials);
	free(tls);
}

/* What the client is told; libmicrohttpd would only hang up. */
static gnutls_alert_description_t alert_of(unsigned status)
{
	if (status & GNUTLS_CERT_EXPIRED)
		return GNUTLS_A_CERTIFICATE_EXPIRED;
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		return GNUTLS_A_UNKNOWN_CA;
	return GNUTLS_A_BAD_CERTIFICATE;
}

/* Of the client's certificate, within the handshake. One that is for servers alone is no
 * client's. */
static int verify(gnutls_session_t session)
{
	gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID,
					 (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT, 0};
	gnutls_alert_description_t alert = GNUTLS_A_CERTIFICATE_REQUIRED;
	unsigned status = 0;

	if (tls_has_certificate(session)) {
		if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 &&
		    status == 0)
			return 0;
		alert = alert_of(status);
	}
	gnutls_alert_send(session, GNUTLS_AL_FATAL, alert);
	return -1;
}

/* It is requested rather than required, so that verify() can say that it is missing. */
int tls_serve(const struct tls *tls, gnutls_session_t session)
{
	if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials))
		return -1;
	if (!tls->asks_clients)
		return 0;
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	gnutls_session_set_verify_function(session, verify);
	return 0;
}

bool tls_has_certificate(gnutls_session_t session)
{
	unsigned count = 0;

	return gnutls_certificate_get_peers(session, &count) && count > 0;
}

/* A name with a NUL in it could pass for a shorter one. */
static bool visit(const char *name, size_t length, tls_visit_subject *visitor, void *context)
{
	return length > 0 && strlen(name) == length && visitor(context, name);
}

static bool is_name(int type)
{
	return type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_RFC822NAME ||
	       type == GNUTLS_SAN_URI;
}

static bool visit_alternatives(gnutls_x509_crt_t certificate, tls_visit_subject *visitor,
			       void *context)
{
	for (unsigned i = 0; i < SUBJECTS_MAX; i++) {
		char name[TLS_SUBJECT_BYTES];
		size_t length = sizeof(name) - 1;
		int type =
			gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &length, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return false;
		if (!is_name(type))
			continue;
		name[length] = '\0';
		if (visit(name, length, visitor, context))
			return true;
	}
	return false;
}

static bool visit_common_name(gnutls_x509_crt_t certificate, tls_visit_subject *visitor,
			      void *context)
{
	char name[TLS_SUBJECT_BYTES];
	size_t length = sizeof(name);

	return gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name,
					     &length) == 0 &&
	       visit(name, length, visitor, context);
}

static bool visit_certificate(gnutls_x509_crt_t certificate, tls_visit_subject *visitor,
			      void *context)
{
	return visit_alternatives(certificate, visitor, context) ||
	       visit_common_name(certificate, visitor, context);
}

bool tls_visit_subjects(gnutls_session_t session, tls_visit_subject *visitor, void *context)
{
	unsigned count;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
	gnutls_x509_crt_t certificate;
	bool stopped;

	if (gnutls_x509_crt_init(&certificate))
		return false;
	stopped = gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == 0 &&
		  visit_certificate(certificate, visitor, context);
	gnutls_x509_crt_deinit(certificate);
	return stopped;
}
