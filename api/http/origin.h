/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a browser was led here by somebody else's page. Such a request comes from a user's own
 * host, so neither loopback nor a client certificate stops it; what it says of itself does. Pure.
 */
#ifndef CAROM_ORIGIN_H
#define CAROM_ORIGIN_H

#include <stdbool.h>

/* Whether an Origin header (RFC 6454) names the host that the Host header names, too: then the page
 * came from here. is_tls: an origin without it is another one. host: NULL is nobody's. */
bool origin_is_own(const char *origin, const char *host, bool is_tls);

/* Whether a Host header says localhost, or an address of loopback, with a port or without one. A
 * name that somebody made to lead to loopback is neither ("DNS rebinding"). */
bool origin_host_is_loopback(const char *host);

#endif
