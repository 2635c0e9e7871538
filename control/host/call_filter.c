/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three answers: calls that caromd makes are let through; calls by which a process becomes another,
 * or reaches into others, kill it, for only an attacker makes them here, and packets flow on
 * without caromd; all others are answered ENOSYS, as by a kernel that lacks them, since the
 * libraries know what to do then, and a newer library may try what is not listed.
 *
 * A file descriptor is no danger by itself: the user and the capabilities decide what may be
 * opened. A call that a new part of caromd needs gets a row here; `strace -f -e status=failed` on
 * the tests shows which.
 */
#include "call_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const int allowed[] = {
	/* the event loop, and the pool's threads */
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(eventfd2),
	SCMP_SYS(pipe2),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getcpu),
	SCMP_SYS(membarrier),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	/* time and chance */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	/* signals, and the end */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* about itself and the host */
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getgroups),
	SCMP_SYS(getrusage),
	SCMP_SYS(capget),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	/* files: the store's, and what libraries look at */
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(close),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(stat),
	SCMP_SYS(fstat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(fcntl),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(rmdir),
	/* connections of the API, and netlink */
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(bind),
	SCMP_SYS(connect),
	SCMP_SYS(listen),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(sendfile),
};

/* Of calls that do many things: where the argument has this value under the mask. */
static const struct {
	int call;
	unsigned argument;
	uint64_t mask, value;
} allowed_if[] = {
	{SCMP_SYS(mmap), 2, PROT_EXEC, 0},
	{SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
	{SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
	{SCMP_SYS(socket), 0, UINT64_MAX, AF_UNIX},
	{SCMP_SYS(socket), 0, UINT64_MAX, AF_INET},
	{SCMP_SYS(socket), 0, UINT64_MAX, AF_INET6},
	{SCMP_SYS(socket), 0, UINT64_MAX, AF_NETLINK},
	{SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO},
	{SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD},
	{SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS},
	{SCMP_SYS(ioctl), 1, UINT32_MAX, SIOCGIFINDEX},
	{SCMP_SYS(ioctl), 1, UINT32_MAX, SIOCGIFNAME},
	{SCMP_SYS(prctl), 0, UINT32_MAX, PR_CAPBSET_READ},
	{SCMP_SYS(prctl), 0, UINT32_MAX, PR_CAP_AMBIENT},
	{SCMP_SYS(prctl), 0, UINT32_MAX, PR_GET_NO_NEW_PRIVS},
	{SCMP_SYS(prctl), 0, UINT32_MAX, PR_GET_SECCOMP},
	{SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME},
	/* Of descriptors that it has: no ids, no pins. */
	{SCMP_SYS(bpf), 0, UINT32_MAX, BPF_MAP_LOOKUP_ELEM},
	{SCMP_SYS(bpf), 0, UINT32_MAX, BPF_MAP_UPDATE_ELEM},
	{SCMP_SYS(bpf), 0, UINT32_MAX, BPF_PROG_TEST_RUN},
	{SCMP_SYS(bpf), 0, UINT32_MAX, BPF_OBJ_GET_INFO_BY_FD},
};

static const int killing[] = {
	/* to become something else */
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(setuid),
	SCMP_SYS(setgid),
	SCMP_SYS(setreuid),
	SCMP_SYS(setregid),
	SCMP_SYS(setresuid),
	SCMP_SYS(setresgid),
	SCMP_SYS(setgroups),
	SCMP_SYS(setfsuid),
	SCMP_SYS(setfsgid),
	/* to reach into other processes */
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	/* to change the host, or the view of it */
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(keyctl),
};

/* AddressSanitizer maps and writes reports as it likes, and LeakSanitizer looks at all threads from
 * a process that it clones: a build with them is for tests, not for hosts. */
static const int sanitizers[] = {
	SCMP_SYS(clone),       SCMP_SYS(getdents), SCMP_SYS(getppid),
	SCMP_SYS(kill),	       SCMP_SYS(mmap),	   SCMP_SYS(mprotect),
	SCMP_SYS(personality), SCMP_SYS(prctl),	   SCMP_SYS(process_vm_readv),
	SCMP_SYS(ptrace),      SCMP_SYS(wait4),
};

static bool is_for_sanitizers(int call)
{
	for (size_t i = 0; CAROM_SANITIZED && i < COUNT(sanitizers); i++)
		if (sanitizers[i] == call)
			return true;
	return false;
}

static int add_calls(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result = action == SCMP_ACT_KILL_PROCESS && is_for_sanitizers(calls[i])
				     ? 0
				     : seccomp_rule_add(filter, action, calls[i], 0);

		if (result)
			return result;
	}
	return 0;
}

static int add_conditions(scmp_filter_ctx filter)
{
	int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));

	for (size_t i = 0; i < COUNT(allowed_if) && result == 0; i++) {
		struct scmp_arg_cmp condition = {
			.arg = allowed_if[i].argument,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = allowed_if[i].mask,
			.datum_b = allowed_if[i].value,
		};

		if (!is_for_sanitizers(allowed_if[i].call))
			result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed_if[i].call,
							1, &condition);
	}
	return result;
}

static int fill(scmp_filter_ctx filter)
{
	int result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (result == 0)
		result = add_calls(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed));
	if (result == 0)
		result = add_conditions(filter);
	if (result == 0)
		result = add_calls(filter, SCMP_ACT_KILL_PROCESS, killing, COUNT(killing));
	if (result == 0 && CAROM_SANITIZED)
		result = add_calls(filter, SCMP_ACT_ALLOW, sanitizers, COUNT(sanitizers));
	return result;
}

int call_filter_load(struct error *ret_error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int result = filter ? fill(filter) : -ENOMEM;

	/* A process that has changed its user is not dumpable: LeakSanitizer needs it to be. */
	if (result == 0 && CAROM_SANITIZED && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
		result = -errno;
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result ? error_set_errno(ret_error, -result, "filter system calls (seccomp)") : 0;
}

/* ---- the keeper ---- */

static int fill_keeper(scmp_filter_ctx filter)
{
	static const int calls[] = {
		SCMP_SYS(recvmsg),  SCMP_SYS(sendmsg),	  SCMP_SYS(close),
		SCMP_SYS(unlinkat), SCMP_SYS(newfstatat), SCMP_SYS(lstat),
		SCMP_SYS(statx),    SCMP_SYS(exit_group), SCMP_SYS(sigaltstack),
	};
	int result = add_calls(filter, SCMP_ACT_ALLOW, calls, COUNT(calls));

	if (result)
		return result;
	return seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
		SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
}

int call_filter_load_keeper(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int result = filter ? fill_keeper(filter) : -ENOMEM;

	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result;
}
