# SPDX-License-Identifier: BSD-2-Clause
"""Hosts, which are network namespaces, and a caromd on one of them. For tests in a sandbox.

    ┌──────┐ lb0 10.0.0.1 ──── 10.0.0.2 eth0 ┌──────────┐
    │ peer │                                 │ balancer │
    └──────┘ lb1 10.0.1.1 ──── 10.0.1.2 eth1 └──────────┘

The peer is client and backend at once: it sends to 192.0.2.10, and gets that back in IP in IP.
"""

import contextlib
import copy
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest
from pathlib import Path

from rest_client import Client

BUILD = Path(os.environ["CAROM_BUILD"])
CAROMD = BUILD / "control/caromd"
CAROMD_NEXT = BUILD / "tests/lab/caromd_next"  # other code in its program, the same work
PASS_OBJECT = BUILD / "configs/lab/pass.bpf.o"

BPF = Path("/run/bpf")
SOCKET = Path("/run/carom/api.sock")
CONFIG = Path("/run/carom.json")
INTERFACES = ("eth0", "eth1")
TIMEOUT_S = 30
CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33

BASE = {
    "node": {
        "name": "lb1",
        "interfaces": [{"name": "eth0"}],
        "hash_seed": "carom",
        "limits": {"vips": 16, "backends": 64, "slots": 16384, "flows": 1024},
        "bpf_dir": str(BPF / "carom"),
        "state_dir": "",
    },
    "api": {"listen": [f"unix:{SOCKET}"]},
    "vips": {
        "web": {"address": "192.0.2.10", "port": 80, "protocol": "tcp",
                "backends": {"b1": {"address": "10.0.0.1"}}},
        "numbers": {"address": "192.0.2.10", "port": 5000, "protocol": "udp",
                    "backends": {"b1": {"address": "10.0.0.1"}}},
    },
}


def run(*command, check=True, **options):
    return subprocess.run([str(part) for part in command], check=check, text=True,
                          capture_output=True, timeout=TIMEOUT_S, **options)


class Host:
    def __init__(self, name):
        self.name = name

    @classmethod
    def add(cls, name):
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        return cls(name)

    def command(self, *command):
        return ["nsenter", f"--net=/run/netns/{self.name}", *map(str, command)]

    def run(self, *command, **options):
        return run(*self.command(*command), **options)

    @contextlib.contextmanager
    def inside(self):
        """This thread is on the host: sockets that it opens stay there."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", "rb") as home, \
                open(f"/run/netns/{self.name}", "rb") as there:
            if libc.setns(there.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def link(self, interface):
        link, = json.loads(run("ip", "-n", self.name, "-json", "link", "show", interface).stdout)
        return link

    def xdp(self, interface):
        """The programs on it, each as (id, name, mode), or None."""
        attached = self.link(interface).get("xdp", {}).get("attached", [])
        return [(each["prog"]["id"], each["prog"]["name"], each["mode"])
                for each in attached] or None

    def put_xdp(self, interface, mode="xdp"):
        self.run("ip", "link", "set", "dev", interface, mode, "object", PASS_OBJECT,
                 "section", "xdp")

    def take_xdp_off(self, interface):
        for mode in ("xdpdrv", "xdpgeneric"):
            run("ip", "-n", self.name, "link", "set", "dev", interface, mode, "off")


def add_link(left, left_name, left_address, right, right_name, right_address):
    """A veth pair without checksum offload, for XDP sees packets before it is done."""
    run("ip", "-n", left.name, "link", "add", left_name, "mtu", "1600", "type", "veth",
        "peer", "name", right_name, "mtu", "1600", "netns", right.name)
    for host, name, address in ((left, left_name, left_address),
                                (right, right_name, right_address)):
        run("ip", "-n", host.name, "address", "add", address, "dev", name)
        host.run("ethtool", "-K", name, "tx", "off")
        run("ip", "-n", host.name, "link", "set", name, "up")


def make_network():
    """The peer's ends have a program, too: so XDP_TX wakes them."""
    peer, balancer = Host.add("peer"), Host.add("balancer")
    for number, name in enumerate(INTERFACES):
        add_link(peer, f"lb{number}", f"10.0.{number}.1/24",
                 balancer, name, f"10.0.{number}.2/24")
        peer.put_xdp(f"lb{number}")
    run("ip", "-n", peer.name, "route", "add", "192.0.2.0/24", "via", "10.0.0.2")
    mount_bpffs()
    return peer, balancer


def mount_bpffs():
    BPF.mkdir()
    run("mount", "-t", "bpf", "bpf", BPF)


class Caromd:
    """A caromd that runs, or has ended. Its log is what it writes to stderr."""

    LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z (\w+): (.*)")

    def __init__(self, host, *arguments, prefix=(), program=CAROMD):
        self.log = Path(f"/run/caromd-{time.monotonic_ns()}.log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                host.command(*prefix, program, "--config", CONFIG, *arguments),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)

    def lines(self):
        """Pairs of level and message; what is no line of the log has the level "?"."""
        matches = ((line, self.LINE.fullmatch(line)) for line in self.log.read_text().splitlines())
        return [match.groups() if match else ("?", line) for line, match in matches]

    def messages(self, level):
        return [message for found, message in self.lines() if found == level]

    def wait_for(self, pattern, count=1):
        """Until its log has so many lines that match."""
        wait_until(lambda: len(re.findall(pattern, self.log.read_text())) >= count
                   or self.process.poll() is not None, f"'{pattern}' in the log", self.log.read_text)
        if len(re.findall(pattern, self.log.read_text())) < count:
            raise AssertionError(f"caromd ended with {self.process.returncode} and without"
                                 f" '{pattern}' in its log:\n{self.log.read_text()}")

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, number=None):
        """Its exit status."""
        if number:
            self.signal(number)
        self.output, _ = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode


def wait_until(condition, what, explain=lambda: ""):
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"no {what} after {TIMEOUT_S} seconds; {explain()}")
        time.sleep(0.01)


class Traffic:
    """Numbered datagrams to the VIP `numbers` while the context lasts, and which ones came back."""

    PAUSE_S = 0.0005
    LINGER_S = 0.3
    BUFFER_BYTES = 8 << 20
    HEADERS_BYTES = 20 + 20 + 8  # outer IP, IP, UDP

    def __init__(self, peer):
        self.sent = 0
        self.received = []
        self.done = threading.Event()
        with peer.inside():
            self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.receiver = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IPIP)
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, self.BUFFER_BYTES)
        self.receiver.settimeout(self.LINGER_S)
        self.sender.connect(("192.0.2.10", 5000))
        self.threads = [threading.Thread(target=self.send), threading.Thread(target=self.receive)]

    def send(self):
        while not self.done.is_set():
            self.sender.send(struct.pack("!I", self.sent))
            self.sent += 1
            time.sleep(self.PAUSE_S)

    def receive(self):
        while True:
            try:
                packet = self.receiver.recv(2048)
                self.received.append(struct.unpack_from("!I", packet, self.HEADERS_BYTES)[0])
            except TimeoutError:
                if self.done.is_set():
                    return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()
        self.sender.close()
        self.receiver.close()

    def wait_for(self, count):
        """Until so many more have come back."""
        wanted = len(self.received) + count
        wait_until(lambda: len(self.received) >= wanted, f"{count} datagrams more")


class CaromdTest(unittest.TestCase):
    """Each test begins with bare interfaces and no pins, and leaves no process."""

    maxDiff = None
    peer = balancer = None

    def setUp(self):
        self.config = copy.deepcopy(BASE)
        self.client = Client(str(SOCKET))
        self.started = []
        self.assertEqual(self.state(), self.BARE)

    def tearDown(self):
        for caromd in self.started:
            caromd.process.kill()
            caromd.process.communicate()
        for name in INTERFACES:
            self.balancer.take_xdp_off(name)
        for folder in (*BPF.iterdir(), SOCKET.parent):
            if folder.is_dir():
                shutil.rmtree(folder)

    @contextlib.contextmanager
    def without_native_mode(self):
        """Its driver has a limit to the MTU of a veth's other end; generic mode has none."""
        self.peer.take_xdp_off("lb0")
        self.peer.run("ip", "link", "set", "lb0", "mtu", "9000")
        try:
            yield
        finally:
            self.peer.run("ip", "link", "set", "lb0", "mtu", "1600")
            self.peer.put_xdp("lb0")

    BARE = {"programs": [None, None], "pins": [], "sockets": []}

    def state(self):
        """All that a caromd could have left behind, or disturbed."""
        pins = [str(path.relative_to(BPF)) for path in BPF.rglob("*")]
        return {
            "programs": [self.balancer.xdp(name) for name in INTERFACES],
            # The kernel itself makes maps.debug and progs.debug.
            "pins": sorted(path for path in pins if not path.endswith(".debug")),
            "sockets": sorted(map(str, [SOCKET.parent, *SOCKET.parent.glob("*")]))
            if SOCKET.parent.exists() else [],
        }

    def write_config(self, text=None):
        """At once, for a caromd may be reading it."""
        new = CONFIG.with_suffix(".new")
        new.write_text(json.dumps(self.config) if text is None else text)
        new.rename(CONFIG)

    def launch(self, *arguments, **options):
        caromd = Caromd(self.balancer, *arguments, **options)
        self.started.append(caromd)
        return caromd

    def start(self, **options):
        """A caromd with this config, which is ready."""
        self.write_config()
        caromd = self.launch(**options)
        caromd.wait_for("info: ready: ")
        return caromd

    def stop(self, caromd, number=signal.SIGTERM):
        self.assertEqual(caromd.end(number), 0, caromd.lines())

    def expect_refusal(self, *messages, arguments=(), prefix=()):
        """caromd does not start with what is in the file now, says why, and changes nothing."""
        before = self.state()
        caromd = self.launch(*arguments, prefix=prefix)
        status = caromd.end()
        self.assertEqual(caromd.lines(), [("error", message) for message in messages])
        self.assertEqual(status, 1)
        self.assertEqual(self.state(), before)
