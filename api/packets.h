/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of packets: explained one by one, or captured as they come. */
#ifndef CAROM_PACKETS_H
#define CAROM_PACKETS_H

#include "route.h"

/* JSON for programs, sentences for people (Accept: text/plain). */
route_read packets_explain;
route_stream packets_capture;

#endif
