/* SPDX-License-Identifier: BSD-2-Clause */
/* How a program sits on an interface: what was asked for, and what came of it. */
#ifndef CAROM_ATTACHMENT_H
#define CAROM_ATTACHMENT_H

#include <stdbool.h>
#include <stdint.h>

#define ATTACHMENT_INTERFACE_BYTES 16 /* IFNAMSIZ */
#define ATTACHMENT_REASON_BYTES	   192

/* AUTO: the mode of what is there already; else native if the driver can, else generic. */
enum attach_mode { ATTACH_AUTO, ATTACH_NATIVE, ATTACH_GENERIC };

struct attachment {
	char interface[ATTACHMENT_INTERFACE_BYTES];
	uint32_t ifindex;
	enum attach_mode requested;
	enum attach_mode mode; /* the one it got */
	bool replaced;	       /* a program that the predecessor had left there */
	bool dispatcher;       /* shares the interface through libxdp's dispatcher */
	uint32_t program_id;
	char reason[ATTACHMENT_REASON_BYTES]; /* why this mode */
};

/* "auto", "native", "generic" */
const char *attach_mode_name(enum attach_mode mode);

#endif
