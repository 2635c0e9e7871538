#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the balancer wraps, others unwrap: the kernel's own tunnels, and carom decap beside another.

    ┌──────┐ lb0 ──────────── eth0 ┌──────────┐
    │ peer │                       └─balancer─┘
    └──────┘ be0 ──────────── eth0 ┌──────────┐
     client and router             │ backend  │ every VIP; echoes what TCP brings
                                   └──────────┘

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run, on a kernel that has
the modules ipip, sit and ip6_tunnel, and lets programs of type ext in. Speaks TAP.
"""

import json
import socket
import sys
import threading

import host
import tap
import xdp_loader
from host import BPF, BUILD, CaromdTest, Host, run
from xdp_loader import OTHER

CAROM = BUILD / "control/cli/carom"
PORT = 7
PAYLOAD = bytes(range(256)) * 64  # some packets are as large as the MTU allows
TIMEOUT_S = 20
BACKEND4, BACKEND6 = "10.0.9.2", "2001:db8:9::2"
BALANCER4, BALANCER6 = "10.0.0.2", "2001:db8::2"

# Outer and inner family, and the device of the kernel that unwraps this pairing.
PAIRINGS = {
    "4-in-4": ("192.0.2.44", BACKEND4, "tunl0"),
    "6-in-4": ("2001:db8:ff::64", BACKEND4, "sit0"),
    "4-in-6": ("192.0.2.46", BACKEND6, "ip6tnl0"),
    "6-in-6": ("2001:db8:ff::66", BACKEND6, "ip6tnl0"),
}

SET_UP_PEER = """
    address add 2001:db8::1/64 dev lb0 nodad
    address add 2001:db8:9::1/64 dev be0 nodad
    route replace 192.0.2.0/24 via 10.0.0.2 mtu 1500
    route add 2001:db8:ff::/64 via 2001:db8::2 mtu 1500
"""
SET_UP_BALANCER = """
    address add 2001:db8::2/64 dev eth0 nodad
    route add default via 10.0.0.1
    route add default via 2001:db8::1
"""
SET_UP_BACKEND = """
    address add 2001:db8:9::2/64 dev eth0 nodad
    route add default via 10.0.9.1
    route add default via 2001:db8:9::1
    route add local 192.0.2.0/24 dev lo
    route add local 2001:db8:ff::/64 dev lo
"""


def set_up(where, commands):
    run("ip", "-n", where.name, "-batch", "-", input=commands)


def setUpModule():
    xdp_loader.share_pins()
    run("modprobe", "--all", "ipip", "sit", "ip6_tunnel")
    peer, balancer = host.make_network()
    backend = Host.add("backend")
    host.add_link(peer, "be0", "10.0.9.1/24", backend, "eth0", "10.0.9.2/24")
    peer.run("sysctl", "--write", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
             "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.be0.rp_filter=0")
    set_up(peer, SET_UP_PEER)
    set_up(balancer, SET_UP_BALANCER)
    set_up(backend, SET_UP_BACKEND)
    CaromdTest.peer, CaromdTest.balancer, TunnelTest.backend = peer, balancer, backend
    threading.Thread(target=serve, args=(backend,), daemon=True).start()


def serve(backend):
    with backend.inside():
        server = socket.create_server(("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        connection, _ = server.accept()
        with connection:
            while received := connection.recv(1 << 16):
                connection.sendall(received)


class TunnelTest(CaromdTest):
    backend = None

    def setUp(self):
        super().setUp()
        self.config["vips"] = {
            name: {"address": vip, "port": PORT, "protocol": "tcp",
                   "backends": {"b": {"address": address}}}
            for name, (vip, address, _) in PAIRINGS.items()}

    def echo(self, vip):
        with self.peer.inside():
            client = socket.create_connection((vip, PORT), TIMEOUT_S)
        with client:
            client.sendall(PAYLOAD)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(1 << 16), b""))

    def expect_echo(self, name):
        vip, *_ = PAIRINGS[name]
        self.assertEqual(self.echo(vip), PAYLOAD)
        backend = self.client.get("/v1/stats").json()["vips"][name]["backends"]["b"]
        self.assertEqual(backend["connections"], 1)


class Kernel(TunnelTest):
    """The device that every namespace has for any tunnel that nobody else has claimed."""

    def received(self, device):
        link, = json.loads(run("ip", "-n", "backend", "-json", "-stats", "link", "show",
                               device).stdout)
        return link["stats64"]["rx"]["packets"]

    def expect_unwrapped(self, name):
        _, _, device = PAIRINGS[name]
        set_up(self.backend, f"link set {device} up")
        if device == "ip6tnl0":
            run("ip", "-n", "backend", "-6", "tunnel", "change", device, "mode", "any")
        self.backend.run("sysctl", "--write", f"net.ipv4.conf.{device}.rp_filter=0",
                         "net.ipv4.conf.all.rp_filter=0")
        before = self.received(device)
        caromd = self.start()
        self.expect_echo(name)
        self.assertGreater(self.received(device), before)
        self.stop(caromd)
        set_up(self.backend, f"link set {device} down")

    def test_4_in_4(self):
        self.expect_unwrapped("4-in-4")

    def test_6_in_4(self):
        self.expect_unwrapped("6-in-4")

    def test_4_in_6(self):
        self.expect_unwrapped("4-in-6")

    def test_6_in_6(self):
        self.expect_unwrapped("6-in-6")


class Decap(TunnelTest):
    """carom decap, in a dispatcher with another program."""

    def decap(self, *command):
        verb, *rest = command
        return self.backend.run(CAROM, "decap", verb, "eth0", "--bpf-dir", BPF / "decap", *rest)

    def attach(self):
        return self.decap("attach", "--allow", BALANCER4, "--allow", BALANCER6).stdout

    def members(self):
        return xdp_loader.members(self.backend, "eth0")

    def decapsulated(self):
        line, = [line for line in self.decap("status").stdout.splitlines()
                 if line.startswith("decapsulated ")]
        return int(line.split()[1])

    def test_beside_another(self):
        xdp_loader.load_other(self.backend, "eth0")
        (_, other), = self.members()
        self.assertIn("attached in native mode", self.attach())
        self.assertEqual([name for name, _ in self.members()], ["carom_decap", OTHER])
        caromd = self.start()
        for name in PAIRINGS:
            before = self.decapsulated()
            self.expect_echo(name)
            self.assertGreater(self.decapsulated(), before)
        self.stop(caromd)
        self.assertIn("replaced in native mode", self.attach())
        self.assertEqual([name for name, _ in self.members()], ["carom_decap", OTHER])
        self.decap("detach")
        self.assertEqual(self.members(), [(OTHER, other)])


if __name__ == "__main__":
    sys.exit(tap.main())
