/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control page that packets read, and the copy of it that only this process can write. All but
 * this file works on the copy; the page is never believed after the start. Another process that is
 * allowed to may write to the page: the next control_page_put(), at the latest with the next tick
 * of the flows' clock, notices that and takes it back.
 */
#ifndef CAROM_CONTROL_PAGE_H
#define CAROM_CONTROL_PAGE_H

#include "abi.h"

#include <stdint.h>

struct control_page {
	struct carom_control *mapped;
	struct carom_control copy; /* to be put */
	struct carom_control seen; /* as it was put last */
	uint64_t foreign_count;	   /* of puts that found something else there */
};

/* Begins with what the page has, once it is mapped. */
void control_page_load(struct control_page *page);
/* Makes the page what the copy is, the number of the active generation last: a packet that sees the
 * number sees all that was written before it. Logs what another process wrote there. */
void control_page_put(struct control_page *page);

#endif
