/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters of captures. An input is a filter, up to the first line end, and a frame.
 *
 * A filter is refused with a reason, or can be run on whatever frame, of whatever length; neither
 * reading nor running it looks a name up.
 */
#include "capture_filter.h"
#include "fuzz.h"

#include <arpa/inet.h>
#include <netdb.h>

struct ether_addr;
int ether_hostton(const char *name, struct ether_addr *address);

/* ---- instead of the resolver ---- */

/* Of addresses, which are looked up nowhere, it reads as much as libpcap needs. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **result)
{
	static struct sockaddr_in6 address;
	static struct addrinfo entry;

	(void)service, (void)hints;
	if (!node)
		return EAI_SERVICE;
	address = (struct sockaddr_in6){.sin6_family = AF_INET6};
	if (inet_pton(AF_INET6, node, &address.sin6_addr) != 1)
		fuzz_fail("the host '%s' is looked up", node);
	entry = (struct addrinfo){
		.ai_family = AF_INET6,
		.ai_addrlen = sizeof(address),
		.ai_addr = (struct sockaddr *)&address,
	};
	*result = &entry;
	return 0;
}

void freeaddrinfo(struct addrinfo *result)
{
	(void)result;
}

struct hostent *gethostbyname(const char *name)
{
	fuzz_fail("the host '%s' is looked up", name);
}

int getnetbyname_r(const char *name, struct netent *entry, char *buffer, size_t size,
		   struct netent **result, int *error)
{
	(void)entry, (void)buffer, (void)size, (void)result, (void)error;
	fuzz_fail("the network '%s' is looked up", name);
}

int ether_hostton(const char *name, struct ether_addr *address)
{
	(void)address;
	fuzz_fail("the adapter '%s' is looked up", name);
}

/* ---- the filter ---- */

static void run(const struct capture_filter *filter, const uint8_t *frame, size_t length)
{
	/* A copy of the exact size: reading beyond it is noticed. */
	uint8_t *copy = malloc(length + !length);

	memcpy(copy, frame, length);
	capture_filter_matches(filter, copy, length, length);
	capture_filter_matches(filter, copy, length / 2, length);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const uint8_t *end = memchr(bytes, '\n', length);
	size_t text_length = end ? (size_t)(end - bytes) : length;
	char *text = strndup((const char *)bytes, text_length);
	struct error error = {0};
	struct capture_filter *filter = capture_filter_new(text, &error);

	if (filter)
		run(filter, bytes + text_length, length - text_length);
	else
		fuzz_expect_sound(&error);
	capture_filter_free(filter);
	free(text);
	return 0;
}
