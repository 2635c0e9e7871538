/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both sides of a socket pair: caromd asks by a kind and an index, the keeper answers with an errno
 * and, of a file, its descriptor.
 *
 * The keeper has uid 0, CAP_DAC_READ_SEARCH if caromd was started with it, and a filter of system
 * calls under which nothing can be opened for writing. Its code is all in this file, and allocates
 * nothing. Asked by daemon.c on the event loop's thread.
 */
#include "keeper.h"

#include "call_filter.h"
#include "log.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME	     "carom-keeper"
#define ANSWER_MAX_S 10 /* a file on a network's disk may take its time */

enum request_kind { REQUEST_OPEN, REQUEST_NOTE_SOCKETS, REQUEST_REMOVE_SOCKETS };

struct request {
	enum request_kind kind;
	uint32_t index; /* of a file */
};

struct noted_socket {
	char folder[PATH_MAX];
	bool makes_folder;
	dev_t device;
	ino_t inode; /* 0: not made */
};

struct keeper {
	struct keeper_paths paths;
	struct noted_socket noted[KEEPER_PATHS_MAX];
	int socket;
	pid_t process;
};

/* ---- messages ---- */

struct message {
	struct msghdr header;
	struct iovec part;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
};

static void message_init(struct message *message, void *bytes, size_t length, bool has_control)
{
	*message = (struct message){.part = {.iov_base = bytes, .iov_len = length}};
	message->header.msg_iov = &message->part;
	message->header.msg_iovlen = 1;
	if (has_control) {
		message->header.msg_control = message->control.bytes;
		message->header.msg_controllen = sizeof(message->control.bytes);
	}
}

static void answer(int socket, int file, int failure)
{
	struct message message;
	struct cmsghdr *control;

	message_init(&message, &failure, sizeof(failure), file >= 0);
	if (file >= 0) {
		control = CMSG_FIRSTHDR(&message.header);
		control->cmsg_level = SOL_SOCKET;
		control->cmsg_type = SCM_RIGHTS;
		control->cmsg_len = CMSG_LEN(sizeof(file));
		memcpy(CMSG_DATA(control), &file, sizeof(file));
	}
	if (sendmsg(socket, &message.header, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
}

/* Returns the descriptor, -1 for none, with *ret_failure the errno of the other side. */
static int receive_answer(int socket, int *ret_failure)
{
	const struct cmsghdr *control;
	struct message message;
	ssize_t length;
	int file = -1;

	message_init(&message, ret_failure, sizeof(*ret_failure), true);
	do
		length = recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length != sizeof(*ret_failure)) {
		*ret_failure = length < 0 ? errno : EPIPE;
		return -1;
	}
	control = CMSG_FIRSTHDR(&message.header);
	if (control && control->cmsg_type == SCM_RIGHTS)
		memcpy(&file, CMSG_DATA(control), sizeof(file));
	return file;
}

/* ---- the keeper's side ---- */

static void note_sockets(struct keeper *keeper)
{
	struct stat status;

	for (size_t i = 0; i < keeper->paths.socket_count; i++) {
		struct noted_socket *noted = &keeper->noted[i];

		if (fstatat(AT_FDCWD, keeper->paths.sockets[i], &status, AT_SYMLINK_NOFOLLOW))
			continue;
		noted->device = status.st_dev;
		noted->inode = status.st_ino;
	}
}

/* Another process may have put something in their place. */
static void remove_sockets(const struct keeper *keeper)
{
	struct stat status;

	for (size_t i = 0; i < keeper->paths.socket_count; i++) {
		const struct noted_socket *noted = &keeper->noted[i];
		const char *path = keeper->paths.sockets[i];

		if (noted->inode && !fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) &&
		    status.st_dev == noted->device && status.st_ino == noted->inode)
			unlinkat(AT_FDCWD, path, 0);
		if (noted->inode && noted->makes_folder)
			unlinkat(AT_FDCWD, noted->folder, AT_REMOVEDIR);
	}
}

static void open_file(const struct keeper *keeper, uint32_t index)
{
	int file = -1, failure = EINVAL;

	if (index < keeper->paths.file_count) {
		file = openat(AT_FDCWD, keeper->paths.files[index],
			      O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		failure = file < 0 ? errno : 0;
	}
	answer(keeper->socket, file, failure);
	if (file >= 0)
		close(file);
}

static void serve(struct keeper *keeper, const struct request *request)
{
	switch (request->kind) {
	case REQUEST_OPEN: open_file(keeper, request->index); return;
	case REQUEST_NOTE_SOCKETS: note_sockets(keeper); break;
	case REQUEST_REMOVE_SOCKETS: remove_sockets(keeper); break;
	}
	answer(keeper->socket, -1, 0);
}

/* Signals that end caromd are meant for it alone: the keeper ends with it. */
static int confine(void)
{
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
	int nowhere = open("/dev/null", O_RDWR);

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++)
		dup2(nowhere, standard);
	if (nowhere > STDERR_FILENO)
		close(nowhere);
	prctl(PR_SET_NAME, NAME, 0, 0, 0);
	capng_get_caps_process();
	if (capng_have_capability(CAPNG_PERMITTED, CAP_DAC_READ_SEARCH)) {
		capng_clear(CAPNG_SELECT_CAPS);
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_READ_SEARCH);
	} else {
		capng_clear(CAPNG_SELECT_CAPS);
	}
	return capng_apply(CAPNG_SELECT_CAPS) || call_filter_load_keeper() ? -1 : 0;
}

__attribute__((noreturn)) static void keep(struct keeper *keeper)
{
	struct request request;
	struct message message;
	ssize_t length;

	if (confine())
		_exit(EXIT_FAILURE);
	answer(keeper->socket, -1, 0);
	for (;;) {
		message_init(&message, &request, sizeof(request), false);
		length = recvmsg(keeper->socket, &message.header, 0);
		if (length == sizeof(request))
			serve(keeper, &request);
		else if (length >= 0 || errno != EINTR)
			_exit(EXIT_SUCCESS);
	}
}

/* ---- caromd's side ---- */

static int ask(struct keeper *keeper, struct request request)
{
	int failure, file = -1;

	if (send(keeper->socket, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		failure = errno;
	else
		file = receive_answer(keeper->socket, &failure);
	if (failure == EPIPE || failure == ECONNRESET || failure == EAGAIN)
		log_line(LOG_LEVEL_ERROR,
			 "the keeper of files (process %d) does not answer: %s; "
			 "restart caromd",
			 keeper->process, strerrordesc_np(failure));
	errno = failure;
	return file;
}

int keeper_open(struct keeper *keeper, const char *path)
{
	for (uint32_t i = 0; i < keeper->paths.file_count; i++)
		if (strcmp(keeper->paths.files[i], path) == 0)
			return ask(keeper, (struct request){REQUEST_OPEN, i});
	errno = EACCES;
	return -1;
}

void keeper_note_sockets(struct keeper *keeper)
{
	ask(keeper, (struct request){REQUEST_NOTE_SOCKETS, 0});
}

void keeper_remove_sockets(struct keeper *keeper)
{
	ask(keeper, (struct request){REQUEST_REMOVE_SOCKETS, 0});
}

static void find_folders(struct keeper *keeper)
{
	char path[PATH_MAX];
	struct stat status;

	for (size_t i = 0; i < keeper->paths.socket_count; i++) {
		struct noted_socket *noted = &keeper->noted[i];

		snprintf(path, sizeof(path), "%s", keeper->paths.sockets[i]);
		snprintf(noted->folder, sizeof(noted->folder), "%s", dirname(path));
		noted->makes_folder = stat(noted->folder, &status) != 0;
	}
}

/* Returns 0 or an errno. */
static int start(struct keeper *keeper)
{
	const struct timeval patience = {.tv_sec = ANSWER_MAX_S};
	int sockets[2], failure;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return errno;
	keeper->process = fork();
	if (keeper->process == 0) {
		close(sockets[0]);
		keeper->socket = sockets[1];
		keep(keeper);
	}
	failure = errno;
	close(sockets[1]);
	keeper->socket = sockets[0];
	if (keeper->process < 0)
		return failure;
	setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	receive_answer(sockets[0], &failure);
	return failure;
}

struct keeper *keeper_new(const struct keeper_paths *paths, struct error *ret_error)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	int failure = ENOMEM;

	if (keeper) {
		keeper->paths = *paths;
		keeper->socket = -1;
		find_folders(keeper);
		failure = start(keeper);
	}
	if (!failure)
		return keeper;
	error_set_errno(ret_error, failure, "start the keeper of files");
	keeper_free(keeper);
	return NULL;
}

/* It ends by itself, and is not waited for: a caromd that is killed does not, either. */
void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	if (keeper->socket >= 0)
		close(keeper->socket);
	free(keeper);
}
