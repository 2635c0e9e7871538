#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is on the wire between the balancer and its backends, byte for byte, told by scapy.

The network is that of configs/lab/topology.sh, and one host more, `near`, on a second interface of
the balancer. To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks
TAP.
"""

import contextlib
import logging
import os
import re
import socket
import sys
import time
from pathlib import Path

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP  # noqa: E402
from scapy.layers.inet6 import IPv6  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402

import host  # noqa: E402
import tap  # noqa: E402
from host import BPF, BUILD, PASS_OBJECT, TIMEOUT_S, CaromdTest, Host, run  # noqa: E402

TOPOLOGY = Path(__file__).resolve().parents[2] / "configs/lab/topology.sh"
CAROM = BUILD / "control/cli/carom"
LAB = "wire"
ETHERNET_BYTES = 14
ETH_P_ALL = 3
IPV6_FREEBIND = 78  # for addresses that only a local route makes one's own

CLIENT4, CLIENT6 = "198.51.100.2", "2001:db8:0:c::2"
BALANCER4, BALANCER6 = "10.0.0.2", "2001:db8:0:0::2"
BACKEND4, BACKEND6 = "10.0.1.2", "2001:db8:0:1::2"
NEAR4, NEAR6 = "10.0.9.2", "2001:db8:0:9::2"
BALANCER_NEAR4, BALANCER_NEAR6 = "10.0.9.1", "2001:db8:0:9::1"
VIP4, VIP6 = "192.0.2.10", "2001:db8:ff::10"

TRAFFIC_CLASS = 46 << 2 | 2  # DSCP EF, ECT(0)
PAYLOAD = bytes(range(256)) * 4


def setUpModule():
    run("bash", "-euc", f'lab={LAB} pass_object={PASS_OBJECT}; source {TOPOLOGY}; topology_up')
    hosts = CaromdTest.hosts = {name: Host(f"{LAB}-{name}")
                                for name in ("client", "router", "balancer", "backend1")}
    CaromdTest.balancer = hosts["balancer"]
    add_near(hosts)
    host.mount_bpffs()


def add_near(hosts):
    """Its end has a program, so that what is redirected there wakes it."""
    near = hosts["near"] = Host.add(f"{LAB}-near")
    host.add_link(hosts["balancer"], "eth1", f"{BALANCER_NEAR4}/24", near, "eth0", f"{NEAR4}/24")
    for each, name, address in ((hosts["balancer"], "eth1", BALANCER_NEAR6), (near, "eth0", NEAR6)):
        run("ip", "-n", each.name, "address", "add", f"{address}/64", "dev", name, "nodad")
    near.put_xdp("eth0")


class Wire:
    """Every frame at one end of a link."""

    def __init__(self, on, interface):
        with on.inside():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind((interface, ETH_P_ALL))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, frame):
        self.socket.send(bytes(frame))

    def next(self, is_wanted):
        """The next frame that is, as bytes."""
        deadline = time.monotonic() + TIMEOUT_S
        seen = []
        while time.monotonic() < deadline:
            self.socket.settimeout(deadline - time.monotonic())
            with contextlib.suppress(TimeoutError):
                frame = self.socket.recv(4096)
                if is_wanted(frame[ETHERNET_BYTES:]):
                    return frame
                seen.append(Ether(frame).summary())
        raise AssertionError("only these frames came: " + "; ".join(seen))


class WireTest(CaromdTest):
    def setUp(self):
        super().setUp()
        self.config["node"]["interfaces"] = [{"name": "eth0"}, {"name": "eth1"}]
        self.config["vips"] = {}

    def tearDown(self):
        self.hosts["backend1"].take_xdp_off("eth0")
        super().tearDown()

    def serve(self, address, protocol, backend):
        """A VIP made by REST: each address with each kind of backend."""
        reply = self.client.put("/v1/vips/wire", {
            "address": address, "port": 0, "protocol": protocol,
            "backends": {"b": {"address": backend}}})
        self.assertIn(reply.status, (200, 201), reply)
        status = self.client.get("/v1/status").json()["vips"]["wire"]["backends"]["b"]
        self.assertTrue(status["eligible"], status)

    def mac(self, name, interface):
        return self.hosts[name].link(interface)["address"]


def packets(version):
    """What clients send, with a TTL of 9 left."""
    ip = IP(src=CLIENT4, dst=VIP4, tos=TRAFFIC_CLASS, ttl=9, id=0xbeef) if version == 4 else \
        IPv6(src=CLIENT6, dst=VIP6, tc=TRAFFIC_CLASS, hlim=9, fl=0x12345)
    yield "tcp", ip / TCP(sport=40000, dport=80, seq=7, flags="S", options=[("MSS", 1460)])
    yield "tcp", ip / TCP(sport=40000, dport=80, seq=8, ack=9, flags="PA") / PAYLOAD
    yield "udp", ip / UDP(sport=40000, dport=53) / PAYLOAD
    yield "udp", ip / UDP(sport=40001, dport=53)
    if version == 4:
        with_options = IP(src=CLIENT4, dst=VIP4, ttl=9, flags="DF", options=[IPOption_NOP()] * 4)
        yield "tcp", with_options / TCP(sport=40002, dport=80, flags="A") / PAYLOAD


def forwarded(packet):
    """As it leaves a router: all lengths and checksums are told anew."""
    packet = packet.copy()
    if IP in packet:
        packet.ttl -= 1
    else:
        packet.hlim -= 1
    return bytes(packet)


class Wrapping(WireTest):
    def expect_ethernet(self, frame, interface, next_hop, ethernet_type):
        self.assertEqual((frame.src, frame.dst, frame.type),
                         (self.mac("balancer", interface), next_hop, ethernet_type))

    def expect_ipv4(self, outer, inner, source, destination):
        keeps_whole = inner[0] >> 4 == 6 or inner[6] & 0x40
        self.assertEqual(
            {"version": outer.version, "ihl": outer.ihl, "tos": outer.tos, "len": outer.len,
             "flags": str(outer.flags), "frag": outer.frag, "ttl": outer.ttl,
             "proto": outer.proto, "src": outer.src, "dst": outer.dst},
            {"version": 4, "ihl": 5, "tos": traffic_class(inner), "len": 20 + len(inner),
             "flags": "DF" if keeps_whole else "", "frag": 0, "ttl": 64,
             "proto": tunnelled(inner), "src": source, "dst": destination})
        self.assertEqual(outer.chksum, checksum(outer))

    def expect_ipv6(self, outer, inner, source, destination):
        self.assertEqual(
            {"version": outer.version, "tc": outer.tc, "plen": outer.plen, "nh": outer.nh,
             "hlim": outer.hlim, "src": outer.src, "dst": outer.dst},
            {"version": 6, "tc": traffic_class(inner), "plen": len(inner), "nh": tunnelled(inner),
             "hlim": 64, "src": IPv6(src=source).src, "dst": destination})
        self.assertNotEqual(outer.fl, 0)

    def expect_wrapped(self, packet, wire, interface, next_hop, source, destination):
        """Sends it from the client, and looks at what the balancer made of it."""
        inner = forwarded(packet)
        with Wire(self.hosts["client"], "eth0") as client, wire:
            client.send(Ether(src=self.mac("client", "eth0"), dst=self.mac("router", "client"))
                        / packet)
            frame = wire.next(lambda ip: ip.endswith(inner) and len(ip) > len(inner))
        if ":" in destination:
            self.expect_ethernet(Ether(frame), interface, next_hop, 0x86dd)
            self.expect_ipv6(IPv6(frame[ETHERNET_BYTES:]), inner, source, destination)
            self.assertEqual(frame[ETHERNET_BYTES + 40:], inner)
        else:
            self.expect_ethernet(Ether(frame), interface, next_hop, 0x0800)
            self.expect_ipv4(IP(frame[ETHERNET_BYTES:]), inner, source, destination)
            self.assertEqual(frame[ETHERNET_BYTES + 20:], inner)

    def expect_sent_back(self, version, backend):
        """By XDP_TX, to the router that it came from."""
        source = BALANCER6 if ":" in backend else BALANCER4
        for protocol, packet in packets(version):
            self.serve(VIP4 if version == 4 else VIP6, protocol, backend)
            self.expect_wrapped(packet, Wire(self.hosts["router"], "balancer"), "eth0",
                                self.mac("router", "balancer"), source, backend)

    def expect_redirected(self, version, backend):
        """By XDP_REDIRECT, to the host on the second interface."""
        source = BALANCER_NEAR6 if ":" in backend else BALANCER_NEAR4
        for protocol, packet in packets(version):
            self.serve(VIP4 if version == 4 else VIP6, protocol, backend)
            self.expect_wrapped(packet, Wire(self.hosts["near"], "eth0"), "eth1",
                                self.mac("near", "eth0"), source, backend)

    def expect_all(self, mode):
        for interface in self.config["node"]["interfaces"]:
            interface["mode"] = mode
        caromd = self.start()
        interfaces = self.client.get("/v1/status").json()["interfaces"]
        self.assertEqual([interface["mode"] for interface in interfaces], [mode, mode])
        for version in (4, 6):
            for backend in (BACKEND4, BACKEND6):
                self.expect_sent_back(version, backend)
            for backend in (NEAR4, NEAR6):
                self.expect_redirected(version, backend)
        stats = self.client.get("/v1/stats").json()
        self.assertEqual(set(stats["vips"]["wire"]["not_forwarded"].values()), {0}, stats)
        self.stop(caromd)

    def test_native(self):
        self.expect_all("native")

    def test_generic(self):
        self.expect_all("generic")

    def test_source_prefix(self):
        """The flow's hash fills the host part: flows differ, packets of one flow do not."""
        self.config["node"]["outer_source4"] = "10.255.0.0/16"
        caromd = self.start()
        self.serve(VIP4, "udp", BACKEND4)
        sources = []
        with Wire(self.hosts["client"], "eth0") as client, \
                Wire(self.hosts["router"], "balancer") as router:
            for port in (1, 1, 2, 3, 4, 5, 6, 7, 8):
                packet = IP(src=CLIENT4, dst=VIP4) / UDP(sport=port, dport=53) / PAYLOAD
                client.send(Ether(src=self.mac("client", "eth0"),
                                  dst=self.mac("router", "client")) / packet)
                sources.append(IP(router.next(self.is_tunnelled)[ETHERNET_BYTES:]))
        for outer in sources:
            self.assertRegex(outer.src, r"^10\.255\.\d+\.\d+$")
            self.assertEqual(outer.chksum, checksum(outer))
        self.assertEqual(sources[0].src, sources[1].src)
        self.assertGreater(len({outer.src for outer in sources}), 4)
        self.stop(caromd)

    @staticmethod
    def is_tunnelled(ip):
        return ip[0] >> 4 == 4 and ip[9] == socket.IPPROTO_IPIP


def checksum(header):
    """What it should be."""
    header = header.copy()
    del header.chksum
    return IP(bytes(header)).chksum


def traffic_class(inner):
    return IP(inner).tos if inner[0] >> 4 == 4 else IPv6(inner).tc


def tunnelled(inner):
    return socket.IPPROTO_IPIP if inner[0] >> 4 == 4 else socket.IPPROTO_IPV6


class Decapsulation(WireTest):
    """`carom decap` on a backend: the service gets what the client sent, and answers directly."""

    DATAGRAMS = 20

    def decap(self, verb, *options):
        return self.hosts["backend1"].run(CAROM, "decap", verb, "eth0", "--bpf-dir",
                                          BPF / "decap", *options).stdout

    def counters(self):
        rows = (line.split(None, 2) for line in self.decap("status").splitlines())
        return {row[0]: int(row[1]) for row in rows if re.fullmatch(r"\d+", row[1])}

    @contextlib.contextmanager
    def echo_server(self, address):
        with self.hosts["backend1"].inside():
            server = socket.socket(family(address), socket.SOCK_DGRAM)
        with server:
            server.settimeout(TIMEOUT_S)
            if ":" in address:
                server.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
            server.bind((address, 5000))
            yield server

    def expect_echo(self, vip):
        """The client sees answers from the VIP, the server requests from the client."""
        with self.hosts["client"].inside():
            client = socket.socket(family(vip), socket.SOCK_DGRAM)
        with client, self.echo_server(vip) as server:
            client.settimeout(TIMEOUT_S)
            client.connect((vip, 5000))
            for number in range(self.DATAGRAMS):
                client.send(PAYLOAD + bytes([number]))
                request, source = server.recvfrom(4096)
                self.assertEqual((request, source[0]), (PAYLOAD + bytes([number]),
                                                        client.getsockname()[0]))
                server.sendto(request[::-1], source)
                self.assertEqual(client.recv(4096), request[::-1])

    def expect_decapsulated(self, mode):
        self.decap("attach", "--mode", mode, "--allow", f"{BALANCER4}/32", "--allow",
                   f"{BALANCER6}/128")
        caromd = self.start()
        expected = dict.fromkeys(self.counters(), 0)
        for vip in (VIP4, VIP6):
            for backend in (BACKEND4, BACKEND6):
                self.serve(vip, "udp", backend)
                self.expect_echo(vip)
                expected["decapsulated"] += self.DATAGRAMS
                self.assertEqual(self.counters(), expected)
        self.expect_forbidden(expected)
        self.stop(caromd)
        self.decap("detach")
        self.assertIsNone(self.hosts["backend1"].xdp("eth0"))
        self.assertFalse((BPF / "decap").exists())

    def expect_forbidden(self, expected):
        """Tunnelled by the client itself, which is not on the allow-list."""
        forged = IP(src=CLIENT4, dst=BACKEND4) / IP(src=CLIENT4, dst=VIP4) / UDP(dport=5000) / b"x"
        with Wire(self.hosts["client"], "eth0") as client, self.echo_server(VIP4) as server:
            client.send(Ether(src=self.mac("client", "eth0"), dst=self.mac("router", "client"))
                        / forged)
            expected["forbidden_source"] += 1
            host.wait_until(lambda: self.counters() == expected, str(expected), self.counters)
            server.settimeout(0.1)
            with self.assertRaises(TimeoutError):
                server.recv(4096)

    def test_native(self):
        self.expect_decapsulated("native")

    def test_generic(self):
        self.expect_decapsulated("generic")


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("to be run in a sandbox")
    sys.exit(tap.main())
