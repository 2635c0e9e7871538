/* SPDX-License-Identifier: BSD-2-Clause */
/* carom decap …: what a backend's operator types. */
#ifndef CAROM_DECAP_COMMAND_H
#define CAROM_DECAP_COMMAND_H

/* arguments: those after "decap". Returns the process's exit status. */
int decap_command(int count, char **arguments);

extern const char decap_command_usage[];

#endif
