/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a page of another site led a browser here. Such a request comes from a user's own host,
 * so neither loopback nor a client certificate stops it; its own headers do. Pure.
 */
#ifndef CAROM_ORIGIN_H
#define CAROM_ORIGIN_H

#include <stdbool.h>

/* Whether an Origin header (RFC 6454) names the host that the Host header names, too: then the page
 * came from here. is_tls: an origin without it is another one. host: NULL if it was not sent. */
bool origin_is_own(const char *origin, const char *host, bool is_tls);

/* Whether a Host header says localhost, or an address of loopback, with a port or without one. A
 * name that was made to lead to loopback is neither ("DNS rebinding"). */
bool origin_host_is_loopback(const char *host);

#endif
