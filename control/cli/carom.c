/* SPDX-License-Identifier: BSD-2-Clause */
/* carom, the command line: one noun, one file. */
#include "decap_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

int main(int count, char **values)
{
	if (count >= 2 && strcmp(values[1], "decap") == 0)
		return decap_command(count - 1, values + 1);
	if (count >= 2 && strcmp(values[1], "--help") == 0) {
		fputs(decap_command_usage, stdout);
		return EXIT_SUCCESS;
	}
	if (count >= 2 && strcmp(values[1], "--version") == 0) {
		puts("carom " CAROM_VERSION);
		return EXIT_SUCCESS;
	}
	fputs(decap_command_usage, stderr);
	return EXIT_USAGE;
}
