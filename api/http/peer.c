/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static int init_unix(struct peer *peer)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getsockopt(peer->socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length))
		return -1;
	peer->is_unix = true;
	peer->uid = credentials.uid;
	snprintf(peer->text, sizeof(peer->text), "pid %d", credentials.pid);
	return 0;
}

static void format_tcp(struct peer *peer, const struct sockaddr_storage *address)
{
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;
	char text[INET6_ADDRSTRLEN] = "";
	bool is_ipv6 = address->ss_family == AF_INET6;

	inet_ntop(address->ss_family,
		  is_ipv6 ? (const void *)&ipv6->sin6_addr : (const void *)&ipv4->sin_addr, text,
		  sizeof(text));
	snprintf(peer->text, sizeof(peer->text), is_ipv6 ? "[%s]:%u" : "%s:%u", text,
		 ntohs(is_ipv6 ? ipv6->sin6_port : ipv4->sin_port));
}

int peer_init(struct peer *ret_peer, int socket, gnutls_session_t session)
{
	struct peer peer = {.socket = socket, .session = session};
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);

	if (getpeername(socket, (struct sockaddr *)&address, &length))
		return -1;
	if (address.ss_family != AF_UNIX)
		format_tcp(&peer, &address);
	else if (init_unix(&peer))
		return -1;
	*ret_peer = peer;
	return 0;
}
