/* SPDX-License-Identifier: BSD-2-Clause */
/* The events' beginning and end, for commands.c. */
#ifndef CAROM_EVENTS_PARTS_H
#define CAROM_EVENTS_PARTS_H

#include "events.h"

void events_init(struct commands *commands);
/* Ends all subscribers. */
void events_stop(struct commands *commands);

#endif
