# SPDX-License-Identifier: BSD-2-Clause
"""xdp-loader, of xdp-tools: a client of libxdp that is not ours, and so a judge of what we do."""

import os
import re

from host import BPF, PASS_OBJECT

OTHER = "lab_pass"  # the program in PASS_OBJECT
MEMBER = re.compile(r"=>\s+\d+\s+(\w+)\s+(\d+)\s")


def share_pins():
    """A sandbox has a BPF file system of its own, and every client of libxdp must agree on it."""
    os.environ["LIBXDP_BPFFS"] = str(BPF)


def load_other(host, interface, mode="native"):
    host.run("xdp-loader", "load", "--mode", mode, interface, PASS_OBJECT)


def members(host, interface):
    """The programs in the dispatcher, in their order: names and ids."""
    status = host.run("xdp-loader", "status", interface).stdout
    return [(name, int(number)) for name, number in MEMBER.findall(status)]
