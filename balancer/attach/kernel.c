/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries out the features that the data plane cannot do without. No version number would tell:
 * distributions carry features back, and a container's filter takes them away. Without this, an
 * operator would hear of the first map or program that failed, and not of the kernel.
 *
 * It owns no state; dataplane.c calls it once, at the start.
 */
#include "kernel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* All state is in arrays that are mapped into memory: Linux 5.5. */
static int make_array(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);

	options.map_flags = BPF_F_MMAPABLE;
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, sizeof(__u32), sizeof(__u64), 1, &options);
}

/* Flows are recorded by compare-and-exchange: Linux 5.12. Packets are captured by a helper that
 * copies from a frame: Linux 5.18. The message says 6.1: no older verifier has seen the program. */
static int load_program(void)
{
	static const struct bpf_insn instructions[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8},
		{.code = BPF_STX | BPF_ATOMIC | BPF_DW,
		 .dst_reg = BPF_REG_10,
		 .off = -8,
		 .imm = BPF_CMPXCHG},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_10},
		/* NOLINTNEXTLINE: two of these are zero, and are said for the reader. */
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_3, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = 8},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_xdp_load_bytes},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, NULL, "BSD", instructions,
			     sizeof(instructions) / sizeof(instructions[0]), NULL);
}

/* result: a file descriptor, or a negative errno. */
static int judge(const char *attempt, int result, struct error *ret_error)
{
	struct utsname system = {0};

	if (result >= 0)
		return close(result);
	uname(&system);
	return error_set(ret_error, ERROR_UNSUPPORTED,
			 "the kernel (%s) refuses to %s: %s; carom needs Linux 6.1 or later with "
			 "CONFIG_BPF_SYSCALL, and no filter in front of bpf(2)",
			 system.release, attempt, strerrordesc_np(-result));
}

int kernel_check(struct error *ret_error)
{
	if (judge("make a BPF array that can be mapped into memory", make_array(), ret_error))
		return -1;
	return judge("load an XDP program with compare-and-exchange and bpf_xdp_load_bytes",
		     load_program(), ret_error);
}
