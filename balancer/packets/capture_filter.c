/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A filter's text is read twice: here, for words that libpcap would look up (in the DNS, and so for
 * seconds, on the event loop's thread), and then by libpcap. The words here are told apart as
 * libpcap's own lexer does: whatever is neither a keyword nor a number nor an address is a name.
 *
 * It owns the compiled program; its callers are capturing and the fuzzers, each on its own thread.
 */
#include "capture_filter.h"

#include "hex.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAP_BYTES     65535
#define WORD_BYTES_MAX 64
#define IPV4_PARTS_MAX 4
#define MAC_PARTS      6
#define WORD_START     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:\\"
#define WORD_REST      WORD_START "._-"

struct capture_filter {
	bool lets_all_through;
	struct bpf_program program;
};

#define NOT_IN_FRAME	"cannot be told from a captured frame"
#define NOT_OF_ETHERNET "is not of Ethernet, which all captured frames are of"

/* Those of pcap-filter(7) that are not taken. libpcap 1.10 takes `vxlan` for a name, and makes
 * programs of `inbound`, `outbound` and `ifindex` that ask what the frame does not hold. */
static const struct refused_keyword {
	const char *word;
	const char *reason;
} refused_keywords[] = {
	{"gateway", "takes the name of a host, and names are not looked up"},
	{"protochain", "is not supported: its programs have loops"},
	{"vxlan", "is not supported; its packets are those of 'udp port 4789'"},
	{"inbound", NOT_IN_FRAME},
	{"outbound", NOT_IN_FRAME},
	{"ifindex", NOT_IN_FRAME},
	{"ifname", NOT_IN_FRAME},
	{"on", NOT_IN_FRAME},
	{"rnr", NOT_IN_FRAME},
	{"rulenum", NOT_IN_FRAME},
	{"reason", NOT_IN_FRAME},
	{"rset", NOT_IN_FRAME},
	{"ruleset", NOT_IN_FRAME},
	{"srnr", NOT_IN_FRAME},
	{"subrulenum", NOT_IN_FRAME},
	{"action", NOT_IN_FRAME},
	{"wlan", NOT_OF_ETHERNET},
	{"fddi", NOT_OF_ETHERNET},
	{"tr", NOT_OF_ETHERNET},
	{"ppp", NOT_OF_ETHERNET},
	{"slip", NOT_OF_ETHERNET},
};

static const char *const keywords[] = {
	"and",
	"or",
	"not",
	"dst",
	"src",
	"host",
	"net",
	"mask",
	"port",
	"portrange",
	"proto",
	"less",
	"greater",
	"len",
	"broadcast",
	"multicast",
	"ether",
	"link",
	"ip",
	"ip6",
	"arp",
	"rarp",
	"tcp",
	"udp",
	"sctp",
	"icmp",
	"icmp6",
	"igmp",
	"pim",
	"vrrp",
	"carp",
	"esp",
	"ah",
	"vlan",
	"mpls",
	"geneve",
	"pppoed",
	"pppoes",
	"stp",
	"iso",
	"isis",
	"atalk",
	"aarp",
	"ipx",
	"netbeui",
	"lat",
	"moprc",
	"mopdl",
	"icmptype",
	"icmpcode",
	"icmp6type",
	"icmp6code",
	"tcpflags",
	"tcp-fin",
	"tcp-syn",
	"tcp-rst",
	"tcp-push",
	"tcp-ack",
	"tcp-urg",
	"tcp-ece",
	"tcp-cwr",
	"icmp-echoreply",
	"icmp-unreach",
	"icmp-sourcequench",
	"icmp-redirect",
	"icmp-echo",
	"icmp-routeradvert",
	"icmp-routersolicit",
	"icmp-timxceed",
	"icmp-paramprob",
	"icmp-tstamp",
	"icmp-tstampreply",
	"icmp-ireq",
	"icmp-ireqreply",
	"icmp-maskreq",
	"icmp-maskreply",
	"icmp6-destinationunreach",
	"icmp6-packettoobig",
	"icmp6-timeexceeded",
	"icmp6-parameterproblem",
	"icmp6-echo",
	"icmp6-echoreply",
	"icmp6-routersolicit",
	"icmp6-routeradvert",
	"icmp6-neighborsolicit",
	"icmp6-neighboradvert",
	"icmp6-redirect",
	"icmp6-multicastlistenerquery",
	"icmp6-multicastlistenerreportv1",
	"icmp6-multicastlistenerdone",
	"icmp6-routerrenum",
	"icmp6-nodeinformationquery",
	"icmp6-nodeinformationresponse",
	"icmp6-ineighbordiscoverysolicit",
	"icmp6-ineighbordiscoveryadvert",
	"icmp6-multicastlistenerreportv2",
	"icmp6-homeagentdiscoveryrequest",
	"icmp6-homeagentdiscoveryreply",
	"icmp6-mobileprefixsolicit",
	"icmp6-mobileprefixadvert",
	"icmp6-certpathsolicit",
	"icmp6-certpathadvert",
	"icmp6-multicastrouteradvert",
	"icmp6-multicastroutersolicit",
};

static bool is_keyword(const char *word)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (strcmp(word, keywords[i]) == 0)
			return true;
	}
	return false;
}

static bool is_number(const char *word)
{
	bool is_hexadecimal = word[0] == '0' && tolower((unsigned char)word[1]) == 'x';
	const char *digits = is_hexadecimal ? word + 2 : word;
	size_t length = strspn(digits, is_hexadecimal ? HEX_DIGITS : "0123456789");

	return length > 0 && digits[length] == '\0';
}

typedef bool is_part(const char *part);

/* How many parts the word has between separators, if each of them is one; else 0. */
static size_t count_parts(const char *word, const char *separator, is_part *is_good)
{
	char copy[WORD_BYTES_MAX + 1], *rest = copy, *part;
	size_t count = 0;

	strcpy(copy, word); /* NOLINT: no word is longer */
	while ((part = strsep(&rest, separator))) {
		if (!is_good(part))
			return 0;
		count++;
	}
	return count;
}

static bool is_octet(const char *part)
{
	size_t length = strspn(part, HEX_DIGITS);

	return (length == 1 || length == 2) && part[length] == '\0';
}

static bool is_offset(const char *part)
{
	return is_number(part) || is_keyword(part);
}

/* 192.0.2.1, and 192.0.2 of a network. */
static bool is_ipv4(const char *word)
{
	size_t count = count_parts(word, ".", is_number);

	return count > 0 && count <= IPV4_PARTS_MAX && !strpbrk(word, "xX");
}

/* Addresses, and the [offset:length] of an accessor. */
static bool has_good_colons(const char *word)
{
	struct in6_addr address;

	return strchr(word, ':') && (inet_pton(AF_INET6, word, &address) == 1 ||
				     count_parts(word, ":", is_octet) == MAC_PARTS ||
				     count_parts(word, ":", is_offset) == 2);
}

/* A port, a range of them, or the name of a service. libpcap would read anything else in parts, and
 * look one of them up. */
static bool is_port(const char *word)
{
	for (; *word; word++)
		if (!isalnum((unsigned char)*word) && *word != '-' && *word != '_')
			return false;
	return true;
}

/* Whether libpcap knows a word by itself, or asks only what is local: names of services and
 * protocols. before: the word before. */
static bool is_known(const char *word, const char *before)
{
	if (word[0] == '\\')
		return strcmp(before, "proto") == 0;
	if (strcmp(before, "port") == 0 || strcmp(before, "portrange") == 0)
		return is_port(word);
	return is_keyword(word) || is_number(word) || is_ipv4(word) || has_good_colons(word);
}

static int refuse_word(const char *word, struct error *ret_error)
{
	for (size_t i = 0; i < sizeof(refused_keywords) / sizeof(refused_keywords[0]); i++) {
		if (strcmp(word, refused_keywords[i].word) == 0)
			return error_set(ret_error, ERROR_INVALID, "'%s' %s", word,
					 refused_keywords[i].reason);
	}
	return error_set(ret_error, ERROR_INVALID,
			 "'%s' is neither a keyword nor a number nor an address; names are not "
			 "looked up, but those of services that stand right behind 'port'",
			 word);
}

static int check_words(const char *text, struct error *ret_error)
{
	char words[2][WORD_BYTES_MAX + 1] = {"", ""};
	size_t turn = 0;

	while (*(text += strcspn(text, WORD_START))) {
		size_t length = strspn(text, WORD_REST);
		char *word = words[turn];

		if (length > WORD_BYTES_MAX)
			return error_set(ret_error, ERROR_INVALID,
					 "has a word of %zu bytes; expected at most %d", length,
					 WORD_BYTES_MAX);
		memcpy(word, text, length);
		word[length] = '\0';
		turn = !turn;
		if (!is_known(word, words[turn]))
			return refuse_word(word, ret_error);
		text += length;
	}
	return 0;
}

/* Its messages quote the text as it is. */
static int refuse_as_libpcap(pcap_t *pcap, struct error *ret_error)
{
	char message[PCAP_ERRBUF_SIZE];

	snprintf(message, sizeof(message), "%s", pcap_geterr(pcap));
	for (char *at = message; *at; at++)
		*at = (unsigned char)*at < ' ' || *at == '\x7f' ? '?' : *at;
	return error_set(ret_error, ERROR_INVALID, "libpcap: %s", message);
}

static int compile(struct capture_filter *filter, const char *text, struct error *ret_error)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAP_BYTES);
	int result = 0;

	if (!pcap)
		return error_set_errno(ret_error, ENOMEM, "the filter");
	if (pcap_compile(pcap, &filter->program, text, 1, PCAP_NETMASK_UNKNOWN))
		result = refuse_as_libpcap(pcap, ret_error);
	pcap_close(pcap);
	return result;
}

struct capture_filter *capture_filter_new(const char *text, struct error *ret_error)
{
	struct capture_filter *filter;

	if (strlen(text) > CAPTURE_FILTER_BYTES_MAX) {
		error_set(ret_error, ERROR_INVALID, "has %zu bytes; expected at most %d",
			  strlen(text), CAPTURE_FILTER_BYTES_MAX);
		return NULL;
	}
	if (check_words(text, ret_error))
		return NULL;
	filter = calloc(1, sizeof(*filter));
	if (!filter) {
		error_set_errno(ret_error, ENOMEM, "the filter");
		return NULL;
	}
	filter->lets_all_through = text[strspn(text, " \t\r\n")] == '\0';
	if (filter->lets_all_through || compile(filter, text, ret_error) == 0)
		return filter;
	free(filter);
	return NULL;
}

void capture_filter_free(struct capture_filter *filter)
{
	if (!filter)
		return;
	pcap_freecode(&filter->program);
	free(filter);
}

bool capture_filter_matches(const struct capture_filter *filter, const uint8_t *frame,
			    size_t captured, size_t length)
{
	struct pcap_pkthdr header = {
		.caplen = (bpf_u_int32)captured,
		.len = (bpf_u_int32)length,
	};

	return filter->lets_all_through || pcap_offline_filter(&filter->program, &header, frame);
}
