/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters in tcpdump's language: what they match, what is refused, and that none ever looks up the
 * name of a host or a network. The functions by which libpcap would do that are replaced here.
 */
#include "capture_filter.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define RANDOM_FILTERS 20000
#define RANDOM_WORDS   8
#define TEXT_BYTES     512
#define SEED	       20240607

/* ---- instead of the resolver ---- */

static unsigned lookups;

struct ether_addr;
int ether_hostton(const char *name, struct ether_addr *address);

typedef int resolve(const char *node, const char *service, const struct addrinfo *hints,
		    struct addrinfo **result);

/* A service alone is looked up in a local file, and an address nowhere: both do no harm. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **result)
{
	resolve *original = (resolve *)dlsym(RTLD_NEXT, "getaddrinfo");
	struct in6_addr address;

	if (!node || inet_pton(AF_INET, node, &address) == 1 ||
	    inet_pton(AF_INET6, node, &address) == 1)
		return original(node, service, hints, result);
	lookups++;
	return EAI_NONAME;
}

struct hostent *gethostbyname(const char *name)
{
	(void)name;
	lookups++;
	return NULL;
}

int getnetbyname_r(const char *name, struct netent *entry, char *buffer, size_t size,
		   struct netent **result, int *error)
{
	(void)name;
	(void)entry;
	(void)buffer;
	(void)size;
	*error = HOST_NOT_FOUND;
	*result = NULL;
	lookups++;
	return -1;
}

int ether_hostton(const char *name, struct ether_addr *address)
{
	(void)name;
	(void)address;
	lookups++;
	return -1;
}

/* ---- frames ---- */

static const uint8_t tcp_syn[] = {
	2,    0,    0,	 0,   0,   1, 2, 0,  0,	 0, 0, 2, 8,	0, /* Ethernet */
	0x45, 0,    0,	 40,  0,   0, 0, 0,  64, 6, 0, 0,	   /* IPv4, ... */
	198,  51,   100, 7,   192, 0, 2, 10,			   /* ... its addresses */
	0x9c, 0x40, 1,	 187, 0,   0, 0, 1,  0,	 0, 0, 0, 0x50, 2, 255, 255, 0, 0, 0, 0, /* TCP */
};

static struct capture_filter *compile(const char *text)
{
	struct error error = {0};
	struct capture_filter *filter = capture_filter_new(text, &error);

	if (!filter)
		fail_msg("'%s' is refused: %s", text, error.message);
	return filter;
}

static void expect(const char *text, bool expected)
{
	struct capture_filter *filter = compile(text);
	bool matches = capture_filter_matches(filter, tcp_syn, sizeof(tcp_syn), sizeof(tcp_syn));

	capture_filter_free(filter);
	if (matches != expected)
		fail_msg("'%s' %s, which was not expected", text,
			 matches ? "matches" : "does not match");
}

static void test_what_matches(void **state)
{
	static const char *const matching[] = {
		"",
		"  \n",
		"tcp",
		"ip and not udp",
		"host 192.0.2.10",
		"src host 198.51.100.7 and dst port 443",
		"src net 198.51.100.0/24",
		"net 192.0.2",
		"net 192.0.2.0 mask 255.255.255.0",
		"tcp[tcpflags] & tcp-syn != 0",
		"tcp[13:1] == 2",
		"ether host 02:00:00:00:00:02",
		"port 443 or port 80",
		"portrange 400-500",
		"ip proto \\tcp",
		"ip proto 6",
		"len <= 60",
		"less 0x40",
		"!(vlan or arp)",
		"ip[16:4] = 0xc000020a",
		"(host 2001:db8::1) or (not ip6 host ::1)",
	};
	static const char *const others[] = {
		"udp",
		"ip6",
		"port 80",
		"host 192.0.2.11",
		"tcp[tcpflags] & tcp-ack != 0",
		"greater 100",
		"geneve",
		"geneve 5 and tcp",
		"pppoes",
		"pppoes 7 and ip",
		"pppoed",
		"stp",
		"isis",
		"iso proto 3",
		"ipx or atalk or aarp or netbeui",
		"lat or moprc or mopdl",
		"icmp[icmptype] = icmp-tstamp",
		"icmp6[icmp6type] = icmp6-multicastlistenerquery",
		"host fe80::1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(matching); i++)
		expect(matching[i], true);
	for (size_t i = 0; i < COUNT(others); i++)
		expect(others[i], false);
}

/* What lies beyond the bytes that were copied matches nothing; the length is the wire's. */
static void test_cut_frames(void **state)
{
	struct capture_filter *port = compile("tcp dst port 443"), *length = compile("greater 50");

	(void)state;
	assert_false(capture_filter_matches(port, tcp_syn, 34, sizeof(tcp_syn)));
	assert_true(capture_filter_matches(length, tcp_syn, 14, sizeof(tcp_syn)));
	capture_filter_free(port);
	capture_filter_free(length);
}

static void expect_refused(const char *text, const char *because)
{
	struct error error = {0};
	struct capture_filter *filter = capture_filter_new(text, &error);

	if (filter)
		fail_msg("'%s' is taken", text);
	assert_int_equal(error.kind, ERROR_INVALID);
	if (!strstr(error.message, because))
		fail_msg("'%s' is refused with \"%s\", expected \"%s\" in it", text, error.message,
			 because);
}

static void test_libpcaps_refusals(void **state)
{
	(void)state;
	expect_refused("tcp port", "libpcap: ");
	expect_refused("(tcp", "libpcap: can't parse filter expression: syntax error");
	expect_refused("port 70000", "libpcap: ");
	expect_refused("host 192.0.2.300", "libpcap: ");
	expect_refused("tcp\x01", "libpcap: ");
	expect_refused("proto \\\r", "'?'");
}

static void test_names(void **state)
{
	static const char *const named[] = {
		"host example",
		"host example.com",
		"src example.com and tcp",
		"net loopback",
		"example",
		"host 3com.com",
		"host 1.2.3.4.5",
		"host 1.2.3.",
		"host 1-2",
		"ether host gateway1",
		"host localhost",
		"host a:b",
		"host \\tcp",
		"port ::::2.00.2.2.1",
		"host www_1",
		"port http or https",
		"host 0xg",
		"host 192.0.2.1x",
		"tcp[tcpflag] != 0",
	};

	(void)state;
	lookups = 0;
	for (size_t i = 0; i < COUNT(named); i++)
		expect_refused(named[i], "names are not looked up");
	assert_int_equal(lookups, 0);
}

static void test_keywords_that_are_not_taken(void **state)
{
	static const char *const of_no_frame[] = {
		"inbound",   "outbound and tcp", "ifindex 2",	 "ifname eth0", "on eth0",
		"rulenum 3", "reason match",	 "action block", "rset x",	"tcp or rnr 1",
	};
	static const char *const of_no_ethernet[] = {
		"wlan host 02:00:00:00:00:01", "fddi", "tr", "ppp", "slip",
	};

	(void)state;
	lookups = 0;
	for (size_t i = 0; i < COUNT(of_no_frame); i++)
		expect_refused(of_no_frame[i], "' cannot be told from a captured frame");
	for (size_t i = 0; i < COUNT(of_no_ethernet); i++)
		expect_refused(of_no_ethernet[i], "' is not of Ethernet");
	expect_refused("gateway 192.0.2.1", "'gateway' takes the name of a host");
	expect_refused("ip protochain 6", "'protochain' is not supported");
	expect_refused("vxlan 7", "'vxlan' is not supported; its packets are those of 'udp port");
	assert_int_equal(lookups, 0);
}

static void test_limits(void **state)
{
	char text[CAPTURE_FILTER_BYTES_MAX + 2];

	(void)state;
	memset(text, ' ', sizeof(text));
	text[CAPTURE_FILTER_BYTES_MAX] = '\0';
	expect(text, true);
	text[CAPTURE_FILTER_BYTES_MAX] = ' ';
	text[CAPTURE_FILTER_BYTES_MAX + 1] = '\0';
	expect_refused(text, "has 1025 bytes; expected at most 1024");
	memset(text, 'a', 65);
	text[65] = '\0';
	expect_refused(text, "a word of 65 bytes");
}

/* ---- whatever is thrown at it ---- */

static const char *random_word(void)
{
	static const char *const words[] = {
		"host",	     "net",	  "port",      "portrange", "proto",
		"src",	     "dst",	  "and",       "or",	    "not",
		"ether",     "ip",	  "ip6",       "tcp",	    "udp",
		"mask",	     "(",	  ")",	       "[",	    "]",
		"!",	     "&",	  "|",	       "=",	    "<",
		">",	     "+",	  "-",	       "*",	    "/",
		"1",	     "80",	  "0x10",      "1.2.3.4",   "1.2",
		"1.2.3.4.5", "::1",	  "a:b",       "fe80::1",   "02:00:00:00:00:01",
		"1:2",	     "tcpflags",  "tcp-syn",   "name",	    "a.b",
		"1-2",	     "80-90",	  "\\tcp",     "\\",	    ":",
		".",	     "_",	  "3x",	       "len",	    "vlan",
		"less",	     "broadcast", "multicast", "icmptype",  "icmp-echo",
		"mpls",	     "link",	  "geneve",    "pppoes",    "pppoed",
		"stp",	     "iso",	  "isis",      "atalk",	    "aarp",
		"ipx",	     "netbeui",	  "lat",       "moprc",	    "mopdl",
		"inbound",   "gateway",	  "vxlan",     "ifname",    "icmp-tstamp",
	};

	return words[(size_t)rand() % COUNT(words)];
}

static void test_nothing_is_ever_looked_up(void **state)
{
	char text[TEXT_BYTES];
	size_t good = 0;

	(void)state;
	srand(SEED);
	lookups = 0;
	for (int i = 0; i < RANDOM_FILTERS; i++) {
		size_t used = 0;
		struct capture_filter *filter;

		for (int words = 1 + rand() % RANDOM_WORDS; words; words--)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 random_word(), rand() % 4 ? " " : "");
		filter = capture_filter_new(text, NULL);
		good += filter != NULL;
		capture_filter_free(filter);
		if (lookups)
			fail_msg("'%s' looked a name up", text);
	}
	/* Else nothing of libpcap was tried. */
	assert_in_range(good, 100, RANDOM_FILTERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_matches),
		cmocka_unit_test(test_cut_frames),
		cmocka_unit_test(test_libpcaps_refusals),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_keywords_that_are_not_taken),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_nothing_is_ever_looked_up),
	};

	return cmocka_run_group_tests_name("capture_filter", tests, NULL, NULL);
}
