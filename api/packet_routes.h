/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of packets: explained one by one, or captured as they come. */
#ifndef CAROM_PACKET_ROUTES_H
#define CAROM_PACKET_ROUTES_H

#include "route.h"

/* JSON for programs, sentences for people (Accept: text/plain). */
route_read packet_routes_explain;
route_stream packet_routes_capture;

#endif
