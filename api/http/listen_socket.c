/* SPDX-License-Identifier: BSD-2-Clause */
#include "listen_socket.h"

#include <errno.h>
#include <libgen.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FOLDER_MODE 0755
#define NO_GROUP    ((gid_t)-1)

static int set_in_use(struct error *error)
{
	return error_set(error, ERROR_BUSY, "another process listens there");
}

/* ---- Unix ---- */

static int unix_address(const char *path, struct sockaddr_un *ret_address, struct error *error)
{
	size_t length = strlen(path);

	if (length >= sizeof(ret_address->sun_path))
		return error_set(error, ERROR_INVALID, "the path has %zu bytes; at most %zu fit",
				 length, sizeof(ret_address->sun_path) - 1);
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, path, length);
	return 0;
}

static int make_folder(struct listen_socket *socket, struct error *error)
{
	struct listen_address address = socket->address;
	const char *folder = dirname(address.path); /* it cuts the path short, but a copy's */

	socket->made_folder = mkdir(folder, FOLDER_MODE) == 0;
	if (!socket->made_folder && errno != EEXIST)
		return error_set_errno(error, errno, "make the folder '%s'", folder);
	return 0;
}

/* 0: no process answers, though a socket file is there. */
static int check_is_stale(const struct sockaddr_un *address, struct error *error)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int connect_errno;

	if (probe < 0)
		return error_set_errno(error, errno, "make a socket");
	connect_errno =
		connect(probe, (const struct sockaddr *)address, sizeof(*address)) ? errno : 0;
	close(probe);
	switch (connect_errno) {
	case ECONNREFUSED: return 0;
	case 0:
	case EAGAIN: return set_in_use(error); /* EAGAIN: its queue is full */
	default: return error_set_errno(error, connect_errno, "look who listens there");
	}
}

static int remove_stale(const struct sockaddr_un *address, struct error *error)
{
	struct stat status;

	if (lstat(address->sun_path, &status)) {
		if (errno == ENOENT)
			return 0;
		return error_set_errno(error, errno, "look at the path");
	}
	if (!S_ISSOCK(status.st_mode))
		return error_set(error, ERROR_CONFLICT, "what is there is not a socket");
	if (check_is_stale(address, error))
		return -1;
	if (unlink(address->sun_path))
		return error_set_errno(error, errno, "remove what a dead process left there");
	return 0;
}

/* The umask may have taken rights of the mode. */
static int grant_rights(const char *path, const struct listen_rights *rights, struct error *error)
{
	if (rights->group != NO_GROUP && lchown(path, (uid_t)-1, rights->group))
		return error_set_errno(error, errno, "give the socket to api.socket_group");
	if (chmod(path, rights->mode))
		return error_set_errno(error, errno, "set the socket's mode");
	return 0;
}

/* fchmod() before bind(): the file must at no time have more rights than it ends up with, so until
 * it has its group, it is its owner's alone. */
static int bind_unix(struct listen_socket *socket, const struct sockaddr_un *address,
		     const struct listen_rights *rights, struct error *error)
{
	struct stat status;

	if (fchmod(socket->descriptor, rights->mode & S_IRWXU))
		return error_set_errno(error, errno, "restrict the socket's mode");
	if (bind(socket->descriptor, (const struct sockaddr *)address, sizeof(*address)))
		return errno == EADDRINUSE ? set_in_use(error)
					   : error_set_errno(error, errno, "bind");
	if (lstat(address->sun_path, &status))
		return error_set_errno(error, errno, "look at the new socket");
	socket->device = status.st_dev;
	socket->inode = status.st_ino;
	return grant_rights(address->sun_path, rights, error);
}

static int open_unix(struct listen_socket *socket, const struct listen_rights *rights,
		     struct error *error)
{
	struct sockaddr_un address;

	if (unix_address(socket->address.path, &address, error) || make_folder(socket, error) ||
	    remove_stale(&address, error))
		return -1;
	return bind_unix(socket, &address, rights, error);
}

/* The folder, too, if it was not there before and is empty. */
static void remove_file(const struct listen_socket *socket)
{
	struct listen_address address = socket->address;
	struct stat status;

	if (!lstat(address.path, &status) && status.st_dev == socket->device &&
	    status.st_ino == socket->inode)
		unlink(address.path);
	if (socket->made_folder)
		rmdir(dirname(address.path));
}

/* ---- TCP ---- */

static socklen_t tcp_address(const struct listen_address *where, struct sockaddr_storage *ret)
{
	*ret = (struct sockaddr_storage){0};
	if (address_is_ipv4(&where->address)) {
		const __be32 address = address_ipv4(&where->address);
		struct sockaddr_in *ipv4 = (struct sockaddr_in *)ret;

		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons(where->port);
		memcpy(&ipv4->sin_addr, &address, sizeof(ipv4->sin_addr));
		return sizeof(*ipv4);
	}
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)ret;

	ipv6->sin6_family = AF_INET6;
	ipv6->sin6_port = htons(where->port);
	memcpy(&ipv6->sin6_addr, &where->address, sizeof(ipv6->sin6_addr));
	return sizeof(*ipv6);
}

static int open_tcp(struct listen_socket *socket, struct error *error)
{
	struct sockaddr_storage address;
	socklen_t length = tcp_address(&socket->address, &address);
	const int yes = 1;

	if (setsockopt(socket->descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)))
		return error_set_errno(error, errno, "set SO_REUSEADDR");
	if (address.ss_family == AF_INET6 &&
	    setsockopt(socket->descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)))
		return error_set_errno(error, errno, "set IPV6_V6ONLY");
	if (bind(socket->descriptor, (const struct sockaddr *)&address, length))
		return errno == EADDRINUSE ? set_in_use(error)
					   : error_set_errno(error, errno, "bind");
	return 0;
}

/* ---- both ---- */

static int socket_family(const struct listen_address *where)
{
	if (where->is_unix)
		return AF_UNIX;
	return address_is_ipv4(&where->address) ? AF_INET : AF_INET6;
}

static int prefix_address(const struct listen_address *where, struct error *error)
{
	char text[ADDRESS_TEXT_BYTES];

	if (where->is_unix)
		return error_prefix(error, "api: listen on 'unix:%s': ", where->path);
	address_format(&where->address, text);
	return error_prefix(error,
			    address_is_ipv4(&where->address) ? "api: listen on '%s:%u': "
							     : "api: listen on '[%s]:%u': ",
			    text, where->port);
}

static int open_any(struct listen_socket *opened, const struct listen_rights *rights,
		    struct error *error)
{
	const struct listen_address *where = &opened->address;

	opened->descriptor =
		socket(socket_family(where), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (opened->descriptor < 0)
		return error_set_errno(error, errno, "make a socket");
	if (where->is_unix ? open_unix(opened, rights, error) : open_tcp(opened, error))
		return -1;
	if (listen(opened->descriptor, SOMAXCONN))
		return errno == EADDRINUSE ? set_in_use(error)
					   : error_set_errno(error, errno, "listen");
	return 0;
}

int listen_socket_open(const struct listen_address *where, const struct listen_rights *rights,
		       struct listen_socket *ret_socket, struct error *error)
{
	struct listen_socket opened = {.descriptor = -1, .address = *where};

	if (open_any(&opened, rights, error)) {
		listen_socket_close(&opened);
		return prefix_address(where, error);
	}
	*ret_socket = opened;
	return 0;
}

void listen_socket_close(struct listen_socket *socket)
{
	if (socket->descriptor < 0)
		return;
	if (socket->address.is_unix)
		remove_file(socket);
	close(socket->descriptor);
	socket->descriptor = -1;
}
