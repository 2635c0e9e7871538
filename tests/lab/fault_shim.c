/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults on demand, to be preloaded: counts the system calls that change what lies below a folder,
 * and lets one of them fail, or ends the process at it.
 *
 * $FAULT_FOLDER names the folder. $FAULT_CONTROL names a file of a struct control, which the test
 * that started the process may read and write at any time; test_durability.py knows its layout.
 *
 * Any thread; what it does not recognize passes as it is.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum action {
	ACTION_NONE,
	ACTION_KILL_BEFORE,
	ACTION_KILL_WITHIN, /* a write: after half of its bytes; else as before */
	ACTION_KILL_AFTER,
	ACTION_FAIL,  /* with the errno */
	ACTION_SHORT, /* a write: half of its bytes, and then the next one fails; else it fails */
	ACTION_STALL, /* is made, but some seconds later */
};

struct control {
	uint64_t calls; /* so far */
	uint64_t at;	/* the call to act on, counted from 1 */
	uint32_t action;
	uint32_t number; /* errno; of seconds */
	uint32_t lasts;	 /* all later calls fail, too */
	uint32_t padding;
};

static struct control *control;
static char folder[PATH_MAX];

__attribute__((constructor)) static void open_control(void)
{
	const char *path = getenv("FAULT_CONTROL"), *below = getenv("FAULT_FOLDER");
	int file = path && below ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (file < 0)
		return;
	snprintf(folder, sizeof(folder), "%s", below);
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (control == MAP_FAILED)
		abort();
}

/* Whether the descriptor is of the folder, or of a file in it. */
static bool is_ours(int descriptor)
{
	char link[64], path[PATH_MAX];
	ssize_t length;

	if (!control)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < (ssize_t)strlen(folder))
		return false;
	path[length] = '\0';
	return strncmp(path, folder, strlen(folder)) == 0 &&
	       (path[strlen(folder)] == '/' || path[strlen(folder)] == '\0');
}

static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

static void end_process(void)
{
	raise(SIGKILL); /* kill() is none of the calls that it may make */
	for (;;)
		pause();
}

static enum action action_of(uint64_t call)
{
	if (!control->at || call < control->at)
		return ACTION_NONE;
	if (call == control->at)
		return (enum action)control->action;
	return control->lasts ? ACTION_FAIL : ACTION_NONE;
}

/* What is to happen at this call. ACTION_NONE: the call is made. */
static enum action count_call(int descriptor)
{
	enum action action;

	if (!is_ours(descriptor))
		return ACTION_NONE;
	action = action_of(__atomic_add_fetch(&control->calls, 1, __ATOMIC_SEQ_CST));
	if (action != ACTION_STALL)
		return action;
	sleep(control->number);
	return ACTION_NONE;
}

/* Before a call that is not split. True: it fails. */
static bool begin(enum action action)
{
	if (action == ACTION_KILL_BEFORE || action == ACTION_KILL_WITHIN)
		end_process();
	if (action != ACTION_FAIL && action != ACTION_SHORT)
		return false;
	errno = (int)control->number;
	return true;
}

static int end(enum action action, int result)
{
	if (action == ACTION_KILL_AFTER)
		end_process();
	return result;
}

ssize_t write(int descriptor, const void *bytes, size_t length)
{
	ssize_t (*real)(int, const void *, size_t) = next("write");
	enum action action = count_call(descriptor);
	ssize_t written;

	if (action == ACTION_KILL_WITHIN) {
		real(descriptor, bytes, length / 2);
		end_process();
	}
	if (action == ACTION_SHORT) {
		control->at++;
		control->action = ACTION_FAIL;
		return real(descriptor, bytes, length / 2);
	}
	if (begin(action))
		return -1;
	written = real(descriptor, bytes, length);
	end(action, 0);
	return written;
}

static int on_descriptor(const char *name, int descriptor)
{
	int (*real)(int) = next(name);
	enum action action = count_call(descriptor);

	return begin(action) ? -1 : end(action, real(descriptor));
}

int fsync(int descriptor)
{
	return on_descriptor("fsync", descriptor);
}

int fdatasync(int descriptor)
{
	return on_descriptor("fdatasync", descriptor);
}

int close(int descriptor)
{
	return on_descriptor("close", descriptor);
}

int ftruncate(int descriptor, off_t length)
{
	int (*real)(int, off_t) = next("ftruncate");
	enum action action = count_call(descriptor);

	return begin(action) ? -1 : end(action, real(descriptor, length));
}

int unlinkat(int at, const char *path, int flags)
{
	int (*real)(int, const char *, int) = next("unlinkat");
	enum action action = count_call(at);

	return begin(action) ? -1 : end(action, real(at, path, flags));
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	int (*real)(int, const char *, int, const char *) = next("renameat");
	enum action action = count_call(to_at);

	return begin(action) ? -1 : end(action, real(from_at, from, to_at, to));
}

int openat(int at, const char *path, int flags, ...)
{
	int (*real)(int, const char *, int, ...) = next("openat");
	enum action action = count_call(at);
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return begin(action) ? -1 : end(action, real(at, path, flags, mode));
}
