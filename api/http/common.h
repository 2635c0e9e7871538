/* SPDX-License-Identifier: BSD-2-Clause */
/* What all listeners and requests of one server share. */
#ifndef CAROM_COMMON_H
#define CAROM_COMMON_H

#include "access.h"
#include "audit.h"
#include "client.h"
#include "commands.h"
#include "rendering.h"

#include <uv.h>

/* Connections; further ones are closed as soon as they come. */
#define COMMON_CLIENTS_MAX 1024

struct common {
	uv_loop_t *loop;
	struct commands *commands;
	const struct access *access;
	struct clients clients;
	struct renderings renderings;
	struct audit_gate audit_gate;
	bool is_stopping; /* no connection outlives its answer */
};

#endif
