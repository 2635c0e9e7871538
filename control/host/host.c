/* SPDX-License-Identifier: BSD-2-Clause */
/* Called by main.c, daemon.c, and the command line, before anything else. */
#include "host.h"

#include "log.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Two for each of the API's 1,024 clients, and as many again for maps, netlink and the store. */
#define FILES_WANTED 4096

/* Why each: to load programs and make maps; to attach them and read neighbours; to find the
 * programs that are attached, by their ids, to mount bpffs, and to load a program that the verifier
 * does not take from others. */
static const unsigned needed[] = {CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void host_raise_file_limit(void)
{
	struct rlimit limit, wanted = {.rlim_cur = FILES_WANTED, .rlim_max = FILES_WANTED};

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= FILES_WANTED)
		return;
	if (wanted.rlim_max < limit.rlim_max)
		wanted.rlim_max = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
		return;
	log_line(LOG_LEVEL_WARNING,
		 "the limit of open files stays at %llu, where %d are wanted (%s), so the API "
		 "serves fewer clients at a time; set LimitNOFILE= in caromd's unit",
		 (unsigned long long)limit.rlim_max, FILES_WANTED, strerrordesc_np(errno));
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int host_check_capabilities(struct error *ret_error)
{
	char missing[128] = "";
	size_t length = 0;

	capng_get_caps_process();
	for (size_t i = 0; i < COUNT(needed); i++) {
		if (!capng_have_capability(CAPNG_EFFECTIVE, needed[i]))
			length += (size_t)snprintf(missing + length, sizeof(missing) - length,
						   " cap_%s", capng_capability_to_name(needed[i]));
	}
	if (!length)
		return 0;
	return error_set(ret_error, ERROR_PERMISSION,
			 "capabilities to attach XDP programs are missing:%s; run this as root, or "
			 "grant them in a unit (AmbientCapabilities=)",
			 missing);
}
