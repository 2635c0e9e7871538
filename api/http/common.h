/* SPDX-License-Identifier: BSD-2-Clause */
/* What all listeners, clients and requests of one server have in common. */
#ifndef CAROM_COMMON_H
#define CAROM_COMMON_H

#include "access.h"
#include "audit.h"
#include "client.h"
#include "rendering.h"
#include "route.h"

#include <uv.h>

/* Connections; further ones are closed as soon as they come. */
#define COMMON_CLIENTS_MAX 1024

struct common {
	uv_loop_t *loop;
	struct routes routes;
	const struct access *access;
	struct clients clients;
	struct renderings renderings;
	struct audit_gate audit_gate;
	bool is_stopping; /* no connection outlives its response */
};

#endif
