/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guard's state is one reading of its files, exchanged as a whole when they are read again.
 *
 * Made before anything is started, so that a bad file starts nothing; read again on SIGHUP; asked
 * by requests for their callers. All on the event loop's thread, but for the start, when there is
 * no loop yet.
 */
#include "access.h"

#include "log.h"
#include "secret_file.h"
#include "tokens.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEARER	 "Bearer"
#define NO_GROUP ((gid_t)-1)

/* What the files said. */
struct credentials {
	struct tls *tls;       /* NULL: none */
	struct tokens *tokens; /* NULL: none */
};

struct access {
	struct access_options options;
	gid_t socket_group;
	struct credentials credentials;
};

static void credentials_done(struct credentials *credentials)
{
	tls_unref(credentials->tls);
	tokens_free(credentials->tokens);
	*credentials = (struct credentials){0};
}

/* ---- reading ---- */

/* Says for each fault whose it is. */
static void access_prefix_errors(struct error_list *errors, size_t first, const char *path)
{
	for (size_t i = first; i < errors->count; i++)
		error_prefix(&errors->items[i], "api.tokens '%s': ", path);
}

static struct tokens *load_tokens(const struct opener *opener, const char *path,
				  struct error_list *errors)
{
	size_t first = errors->count;
	struct tokens *tokens = NULL;
	struct error error = {0};
	struct text text = {0};

	if (secret_file_read(opener, path, SECRECY_OURS, TOKENS_FILE_BYTES, &text, &error))
		error_list_append(errors, &error);
	else
		tokens = tokens_parse(text.bytes, text.length, errors);
	secret_file_done(&text);
	access_prefix_errors(errors, first, path);
	return tokens;
}

static int access_load(const struct access_options *options, const struct opener *opener,
		       struct credentials *ret_credentials, struct error_list *errors)
{
	struct credentials credentials = {0};
	bool failed = false;

	if (options->tls.certificate[0]) {
		credentials.tls = tls_load(&options->tls, opener, errors);
		failed |= !credentials.tls;
	}
	if (options->tokens[0]) {
		credentials.tokens = load_tokens(opener, options->tokens, errors);
		failed |= !credentials.tokens;
	}
	if (failed) {
		credentials_done(&credentials);
		return -1;
	}
	*ret_credentials = credentials;
	return 0;
}

static int find_group(const char *name, gid_t *ret_group, struct error_list *errors)
{
	const struct group *group;

	*ret_group = NO_GROUP;
	if (!name[0])
		return 0;
	errno = 0;
	group = getgrnam(name);
	if (!group)
		return error_list_add(
			errors, ERROR_NOT_FOUND, "", "api.socket_group '%s': %s", name,
			errno ? strerrordesc_np(errno) : "this host has no such group");
	*ret_group = group->gr_gid;
	return 0;
}

struct access *access_new(const struct access_options *options, const struct opener *opener,
			  struct error_list *errors)
{
	struct access *access = calloc(1, sizeof(*access));
	int failed;

	if (!access) {
		error_list_add(errors, ERROR_SYSTEM, "", "api: out of memory");
		return NULL;
	}
	access->options = *options;
	failed = find_group(options->socket_group, &access->socket_group, errors);
	failed |= access_load(options, opener, &access->credentials, errors);
	if (failed) {
		access_free(access);
		return NULL;
	}
	return access;
}

void access_free(struct access *access)
{
	if (!access)
		return;
	credentials_done(&access->credentials);
	free(access);
}

bool access_has_files(const struct access *access)
{
	return access->options.tls.certificate[0] || access->options.tokens[0];
}

int access_reload(struct access *access, const struct opener *opener, struct error_list *errors)
{
	struct credentials credentials;

	if (access_load(&access->options, opener, &credentials, errors))
		return -1;
	credentials_done(&access->credentials);
	access->credentials = credentials;
	return 0;
}

/* ---- asking ---- */

struct tls *access_tls(const struct access *access)
{
	return access->credentials.tls;
}

bool access_is_open(const struct access *access)
{
	return access->options.has_tcp && !access->options.tokens[0] &&
	       !access->options.tls.client_ca[0];
}

mode_t access_socket_mode(const struct access *access)
{
	return access->options.socket_mode;
}

gid_t access_socket_group(const struct access *access)
{
	return access->socket_group;
}

/* The token of "Bearer TOKEN" (RFC 6750), or NULL. */
static const char *bearer_token(const char *authorization)
{
	const size_t length = strlen(BEARER);

	if (strncasecmp(authorization, BEARER, length) != 0 || authorization[length] != ' ')
		return NULL;
	authorization += length;
	authorization += strspn(authorization, " ");
	return *authorization ? authorization : NULL;
}

__attribute__((format(printf, 3, 4))) static int caller_set(struct caller *caller, enum role role,
							    const char *format, ...)
{
	va_list arguments;

	caller->role = role;
	va_start(arguments, format);
	vsnprintf(caller->name, sizeof(caller->name), format, arguments);
	va_end(arguments);
	return 0;
}

static int identify_token(const struct access *access, const char *authorization,
			  struct caller *caller, struct error *error)
{
	const struct tokens *tokens = access->credentials.tokens;
	const char *token = bearer_token(authorization);
	const struct grant *grant;

	if (!token)
		return error_set(error, ERROR_INVALID,
				 "the Authorization header is not of the form '" BEARER " TOKEN'");
	if (!tokens)
		return error_set(error, ERROR_INVALID,
				 "there are no tokens here: api.tokens is not set");
	grant = tokens_find(tokens, token);
	if (!grant)
		return error_set(error, ERROR_INVALID, "the token is nobody's");
	return caller_set(caller, grant->role, "token %s", grant->name);
}

/* ---- certificates ---- */

struct search {
	const struct tokens *tokens;
	const struct grant *grant;
	char first[TLS_SUBJECT_BYTES]; /* of its names, made fit for a log */
};

/* A tls_visit_subject. */
static bool try_subject(void *context, const char *subject)
{
	struct search *search = context;

	if (!search->first[0])
		for (size_t i = 0; i < sizeof(search->first) - 1 && subject[i]; i++)
			search->first[i] =
				(char)(subject[i] > ' ' && subject[i] < 127 ? subject[i] : '?');
	search->grant = search->tokens ? tokens_find_subject(search->tokens, subject) : NULL;
	return search->grant != NULL;
}

static int identify_certificate(const struct access *access, gnutls_session_t session,
				struct caller *caller, struct error *error)
{
	struct search search = {.tokens = access->credentials.tokens};

	if (!tls_has_certificate(session))
		return error_set(error, ERROR_INVALID, "a client certificate is needed");
	if (tls_visit_subjects(session, try_subject, &search))
		return caller_set(caller, search.grant->role, "certificate %s", search.grant->name);
	if (!search.tokens)
		return caller_set(caller, ROLE_ADMIN, "certificate %s", search.first);
	return error_set(error, ERROR_INVALID,
			 "api.tokens gives no role to the certificate of '%s', and there is no"
			 " token with the request",
			 search.first);
}

int access_identify(const struct access *access, const struct peer *peer, const char *authorization,
		    struct caller *ret_caller, struct error *error)
{
	caller_set(ret_caller, ROLE_ANYBODY, "nobody");
	if (authorization)
		return identify_token(access, authorization, ret_caller, error);
	if (peer->is_unix)
		return caller_set(ret_caller, ROLE_ADMIN, "uid %u", peer->uid);
	if (peer->session && access->options.tls.client_ca[0])
		return identify_certificate(access, peer->session, ret_caller, error);
	if (access->options.tokens[0])
		return error_set(error, ERROR_INVALID,
				 "a token is needed: 'Authorization: " BEARER " TOKEN'");
	return caller_set(ret_caller, ROLE_ADMIN, "anyone");
}
