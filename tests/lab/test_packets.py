#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Packets explained and captured: what caromd says beforehand against what is then on the wire, and
captures of real traffic as curl gets them and tshark reads them.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.layers.inet import IP, TCP, UDP  # noqa: E402
from scapy.layers.inet6 import IPv6  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402

import host  # noqa: E402
import tap  # noqa: E402
from host import SOCKET, TIMEOUT_S, CaromdTest, Traffic, run, wait_until  # noqa: E402
from test_wire import Wire  # noqa: E402

CLIENT4, CLIENT6 = "10.0.0.1", "2001:db8:c::1"
VIP4, VIP6 = "192.0.2.10", "2001:db8:ff::10"
FILE = Path("/run/packets.pcapng")
PAYLOAD = bytes(range(200))
LLDP = 0x88cc
FIELDS = ("frame.comment", "frame.interface_name", "frame.len", "frame.cap_len",
          "frame.verdict.ebpf_xdp", "tcp.dstport")


def setUpModule():
    CaromdTest.peer, CaromdTest.balancer = host.make_network()


class PacketsTest(CaromdTest):
    """`web` sends back by eth0, `far` on by eth1; `empty` has nobody, `six` goes in IPv4."""

    def setUp(self):
        super().setUp()
        self.config["node"]["interfaces"] = [{"name": "eth0"}, {"name": "eth1"}]
        self.config["node"]["limits"]["slots"] = 65536
        self.config["vips"].update({
            "far": {"address": VIP4, "port": 81, "protocol": "tcp",
                    "backends": {"b2": {"address": "10.0.1.1"}}},
            "empty": {"address": VIP4, "port": 82, "protocol": "tcp", "backends": {}},
            "six": {"address": VIP6, "port": 80, "protocol": "tcp",
                    "backends": {"b1": {"address": "10.0.0.1"}}},
        })

    def tearDown(self):
        FILE.unlink(missing_ok=True)
        super().tearDown()

    def ethernet(self):
        return Ether(src=self.peer.link("lb0")["address"],
                     dst=self.balancer.link("eth0")["address"])

    def frame(self, port=80, flags="S", source_port=40000, payload=b""):
        return self.ethernet() / IP(src=CLIENT4, dst=VIP4, id=7) \
            / TCP(sport=source_port, dport=port, flags=flags, seq=9) / payload

    def frames(self):
        """What the balancer forwards, what it does not, and what is not for it."""
        yield self.frame()
        yield self.frame(flags="PA", payload=PAYLOAD)
        yield self.frame(port=81)
        yield self.ethernet() / IP(src=CLIENT4, dst=VIP4, tos=184) / UDP(sport=9, dport=5000) / b"x"
        yield self.ethernet() / IPv6(src=CLIENT6, dst=VIP6, tc=184) / TCP(sport=5, dport=80)
        yield self.frame(port=82)
        yield self.frame(port=99)
        yield self.frame(payload=PAYLOAD * 7 + PAYLOAD[:150])  # wrapped, over the MTU of 1600
        yield self.ethernet() / IP(src=CLIENT4, dst=VIP4, flags="MF") / TCP(dport=80)
        yield self.ethernet() / IP(src=CLIENT4, dst="192.0.2.77") / TCP(dport=80)
        yield Ether(src=self.peer.link("lb0")["address"], type=LLDP) / PAYLOAD

    def post(self, path, body, **headers):
        return self.client.request("POST", path, body, headers)

    def explain(self, frame):
        reply = self.post("/v1/explain", {"frame": bytes(frame).hex(), "interface": "eth0"})
        self.assertEqual(reply.status, 200, reply)
        return reply.json()

    def stats(self):
        return self.client.get("/v1/stats").json()

    def counted(self, vip, reason):
        stats = self.stats()
        return (stats["vips"][vip]["not_forwarded"] if vip else stats["unattributed"])[reason]


class Explanations(PacketsTest):
    def setUp(self):
        super().setUp()
        self.caromd = self.start()

    def tearDown(self):
        self.stop(self.caromd)
        super().tearDown()

    def expect_on_wire(self, frame, explanation):
        """Byte for byte, where it was said to be."""
        out = bytes.fromhex(explanation["bytes_out"])
        link = {"eth0": "lb0", "eth1": "lb1"}[explanation["next_hop"]["interface"]]
        with Wire(self.peer, "lb0") as sender, Wire(self.peer, link) as wire:
            sender.send(frame)
            self.assertEqual(wire.next(lambda ip: ip == out[14:]).hex(), out.hex())

    def expect_counted(self, frame, explanation):
        vip, reason = explanation["vip"], explanation["reason"]["name"]
        before = self.counted(vip, reason)
        with Wire(self.peer, "lb0") as sender:
            sender.send(frame)
            wait_until(lambda: self.counted(vip, reason) == before + 1,
                       f"packet more of {vip} counted as {reason}")

    def test_what_was_said_happens(self):
        verdicts = []
        for frame in self.frames():
            explanation = self.explain(frame)
            verdicts.append((explanation["verdict"], explanation["vip"],
                             explanation["reason"] and explanation["reason"]["name"]))
            self.assertEqual(explanation["bytes_in"], bytes(frame).hex())
            if explanation["verdict"] in ("tx", "redirect"):
                self.expect_on_wire(frame, explanation)
            elif explanation["reason"]:
                self.expect_counted(frame, explanation)
        self.assertEqual(verdicts, [
            ("tx", "web", None), ("tx", "web", None), ("redirect", "far", None),
            ("tx", "numbers", None), ("tx", "six", None), ("drop", "empty", "no_backend"),
            ("pass", None, "not_served"), ("drop", "web", "too_big"), ("drop", None, "fragment"),
            ("pass", None, None), ("pass", None, None)])

    def test_nothing_is_counted(self):
        before = self.stats()
        for frame in self.frames():
            self.explain(frame)
        self.assertEqual(self.stats(), before)

    def expect_flow(self, source_port, flags, flow):
        """Explained, and then sent: where it goes is where it was said to go."""
        frame = self.frame(flags=flags, source_port=source_port)
        explanation = self.explain(frame)
        self.assertEqual((explanation["slot"]["tracked"], explanation["slot"]["flow"]),
                         (True, flow), explanation)
        self.expect_on_wire(frame, explanation)
        return explanation["backend"]

    def test_tracked_slots(self):
        """web moves from b1 to b2, whose next hop is behind the other interface."""
        self.assertEqual(self.client.put("/v1/vips/web/backends", {
            "b1": {"address": "10.0.0.1", "state": "drain"},
            "b2": {"address": "10.0.1.1"}}).status, 200)
        for port in range(41000, 41010):
            opened = self.expect_flow(port, "S", "recordable")
            self.assertEqual((opened["name"], opened["chosen_as"]), ("b2", "current"))
            follows = self.expect_flow(port, "A", "recorded")
            self.assertEqual((follows["name"], follows["chosen_as"]), ("b2", "recorded"))
            older = self.expect_flow(port + 1000, "A", "recordable")
            self.assertEqual((older["name"], older["chosen_as"]), ("b1", "previous"))
            self.assertEqual(self.expect_flow(port + 1000, "A", "recorded")["name"], "b1")

    def test_described(self):
        """The same packet, described and whole."""
        described = {"source": CLIENT4, "source_port": 40000, "destination": VIP4,
                     "destination_port": 80, "protocol": "tcp", "flags": "syn"}
        whole = self.explain(self.frame())
        explanation = self.post("/v1/explain", described).json()
        for key in ("verdict", "vip", "slot", "backend", "outer", "interface"):
            self.assertEqual(explanation[key], whole[key])
        self.assertRegex(explanation["summary"],
                         r"^sent to backend 'b1' \(10\.0\.0\.1\) of vip 'web' by interface 'eth0', "
                         r"as the current one; slot \d+ is not tracked$")
        described["interface"] = "eth1"
        self.assertEqual(self.post("/v1/explain", described).json()["verdict"], "redirect")

    def test_in_words(self):
        reply = self.post("/v1/explain", {"frame": bytes(self.frame(port=82)).hex()},
                          Accept="text/plain")
        self.assertEqual(reply.headers["Content-Type"], "text/plain; charset=utf-8")
        lines = reply.body.decode().splitlines()
        self.assertEqual(lines[0], "dropped at vip 'empty': no_backend: the VIP has no backend that"
                                   " can take the packet")
        self.assertEqual(lines[1], "")
        self.assertTrue(all(line.startswith("  - it") for line in lines[2:]), lines)

    def test_refusals(self):
        for body, pointers in (
                ({"frame": "00", "length": 9}, ["/frame", "/length"]),
                ({"source": "x", "source_port": 1, "destination": VIP4, "destination_port": 1,
                  "protocol": "gre"}, ["/source", "/protocol"]),
                ({"frame": bytes(self.frame()).hex(), "interface": "lo"}, ["/interface"])):
            reply = self.post("/v1/explain", body)
            self.assertEqual(reply.status, 422, reply)
            self.assertEqual([error["pointer"] for error in reply.json()["errors"]], pointers)
        self.assertEqual(self.post("/v1/explain", None).status, 400)


class Captures(PacketsTest):
    @contextlib.contextmanager
    def capturing(self, request):
        """curl writes to FILE meanwhile. The head is there: so is the capture."""
        FILE.unlink(missing_ok=True)
        curl = subprocess.Popen(
            ["curl", "--silent", "--no-buffer", "--unix-socket", SOCKET, "--output", FILE,
             "--json", json.dumps(request), "http://carom/v1/capture"])
        try:
            wait_until(lambda: FILE.exists() and FILE.stat().st_size, "head of a file",
                       lambda: f"curl ended with {curl.poll()}")
            yield curl
        finally:
            curl.kill()
            curl.wait()

    def send(self, *frames):
        with Wire(self.peer, "lb0") as wire:
            for frame in frames:
                wire.send(frame)

    def capture(self, request, *frames):
        """Until curl ends by itself; then what tshark reads."""
        with self.capturing(request) as curl:
            self.send(*frames)
            self.assertEqual(curl.wait(TIMEOUT_S), 0)
        return self.read()

    def read(self, display_filter=""):
        """A row for each packet."""
        fields = [part for field in FIELDS for part in ("-e", field)]
        lines = run("tshark", "-n", "-r", FILE, "-Y", display_filter, "-T", "fields",
                    "-E", "separator=|", *fields).stdout.splitlines()
        return [tuple(line.split("|")) for line in lines]

    def test_what_became_of_each(self):
        caromd = self.start()
        forwarded = [frame for frame in self.frames() if TCP in frame]
        rows = self.capture({"count": 8}, *forwarded)
        self.assertEqual([(row[0], row[1], row[4]) for row in rows], [
            ("tx vip 'web' backend 'b1'", "eth0", "3"),
            ("tx vip 'web' backend 'b1'", "eth0", "3"),
            ("redirect vip 'far' backend 'b2'", "eth0", "4"),
            ("tx vip 'six' backend 'b1'", "eth0", "3"),
            ("drop no_backend vip 'empty'", "eth0", "1"),
            ("pass not_served", "eth0", "2"),
            ("drop too_big vip 'web' backend 'b1'", "eth0", "1"),
            ("drop fragment", "eth0", "1")])
        self.assertEqual([int(row[2]) for row in rows],
                         [len(bytes(frame)) for frame in forwarded[:8]])
        # tshark finds by comments what it should.
        self.assertEqual(len(self.read('frame.comment contains "drop"')), 3)
        self.assertIn(b"ended by count. Of all interfaces, 8 packets passed the filter. Not here: "
                      b"0 over 20000 a second and CPU, 0 that caromd was too slow for, 0 that the "
                      b"client was too slow for, 0 of new interfaces\0", FILE.read_bytes())
        self.stop(caromd)

    def test_frames_are_as_they_came(self):
        caromd = self.start()
        frames = [bytes(self.frame(payload=PAYLOAD)), bytes(self.frame(port=82, payload=PAYLOAD))]
        self.capture({"count": 2, "snap_bytes": 4096}, *frames)
        for frame in frames:
            self.assertIn(frame, FILE.read_bytes())
        self.assertEqual([row[3] for row in self.capture({"count": 1, "snap_bytes": 60},
                                                         frames[0])], ["60"])
        self.stop(caromd)

    def test_choices(self):
        caromd = self.start()
        all_frames = [*self.frames()]
        for request, ports in (
                ({"filter": "tcp dst port 81 or tcp dst port 99", "count": 2}, ["81", "99"]),
                ({"filter": "ip6", "count": 1}, ["80"]),
                ({"filter": "tcp[tcpflags] & tcp-push != 0", "count": 1}, ["80"]),
                ({"vip": "far", "count": 1}, ["81"]),
                ({"verdict": "redirect", "count": 1}, ["81"]),
                ({"verdict": "drop", "vip": "web", "count": 1}, ["80"]),
                ({"reason": "not_served", "count": 1}, ["99"]),
                ({"reason": "no_backend", "vip": "web", "duration_ms": 300}, []),
                ({"filter": "udp port 53", "duration_ms": 300}, [])):
            rows = self.capture(request, *all_frames)
            self.assertEqual([row[5] for row in rows], ports, request)
        self.assertIn(b"ended by duration_ms", FILE.read_bytes())
        self.stop(caromd)

    def test_one_at_a_time(self):
        caromd = self.start()
        with self.capturing({"duration_ms": 600000}) as curl:
            reply = self.post("/v1/capture", {})
            self.assertEqual((reply.status, reply.json()["type"]), (503, "/problems/busy"))
            self.assertIn("one at a time", reply.json()["detail"])
            # What is wrong is not worth to be tried again.
            for body in ({"vip": "none"}, {"filter": "tcp port"}):
                self.assertEqual(self.post("/v1/capture", body).status, 422, body)
            curl.kill()
        # The client has gone, and with it the capture.
        wait_until(lambda: self.post("/v1/capture", {"duration_ms": 1}).status == 200,
                   "other capture")
        self.stop(caromd)

    def test_refusals(self):
        caromd = self.start()
        for body, pointers in (
                ({"filter": "tcp port"}, ["/filter"]),
                ({"filter": "host example.com", "count": 0}, ["/filter", "/count"]),
                ({"vip": "none"}, ["/vip"]),
                ({"verdict": "tx", "reason": "too_big"}, ["/verdict"])):
            reply = self.post("/v1/capture", body)
            self.assertEqual(reply.status, 422, reply)
            self.assertEqual([error["pointer"] for error in reply.json()["errors"]], pointers)
        self.assertEqual(self.client.request("POST", "/v1/capture", "[").status, 400)
        self.stop(caromd)

    def test_no_body(self):
        caromd = self.start()
        with self.client.connect() as connected:
            connected.sendall(b"POST /v1/capture HTTP/1.1\r\nHost: carom\r\n\r\n")
            self.assertTrue(connected.recv(4096).startswith(b"HTTP/1.1 200 "))
        self.stop(caromd)

    def test_client_that_does_not_read(self):
        """What it has no room for is left out and told; everybody else is served."""
        caromd = self.start()
        frame = bytes(self.frame(payload=PAYLOAD * 6))
        body = b'{"count": 8000, "duration_ms": 5000, "snap_bytes": 4096}'
        with self.client.connect() as connected:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connected.sendall(b"POST /v1/capture HTTP/1.1\r\nHost: carom\r\n"
                              b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            head = connected.recv(100)
            self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
            self.send(*[frame] * 8000)
            self.assertEqual(self.client.get("/healthz").status, 200)
            answer = self.read_to_end(connected)
        self.assertIn(b"too slow for", answer)
        self.assertRegex(answer, rb"[1-9]\d* that the client was too slow for")
        self.stop(caromd)

    @staticmethod
    def read_to_end(connected):
        """Of a chunked answer."""
        parts = []
        while not parts or not parts[-1].endswith(b"\r\n0\r\n\r\n"):
            part = connected.recv(1 << 20)
            if not part:
                break
            parts.append((parts[-1][-8:] if parts else b"") + part)
        return b"".join(parts)

    def test_stop(self):
        """A capture that SIGTERM ends is whole: its packets, its statistics, its last chunk."""
        caromd = self.start()
        with self.capturing({"duration_ms": 600000}) as curl:
            self.send(self.frame(), self.frame(port=81))
            wait_until(lambda: self.counted_packets() == 2, "two packets forwarded")
            self.stop(caromd)
            self.assertEqual(curl.wait(TIMEOUT_S), 0)
        self.assertEqual([row[5] for row in self.read()], ["80", "81"])
        self.assertIn(b"ended by caromd, which stops. Of all interfaces, 2 packets passed",
                      FILE.read_bytes())
        self.assertEqual(caromd.messages("error"), [])

    def counted_packets(self):
        return sum(vip["packets"] for vip in self.stats()["vips"].values())

    def test_killed_in_mid_capture(self):
        """Packets flow on, and the next caromd begins with nothing captured."""
        caromd = self.start()
        with Traffic(self.peer) as traffic:
            with self.capturing({"duration_ms": 600000, "count": 1000000}):
                traffic.wait_for(100)
                caromd.end(signal.SIGKILL)
                traffic.wait_for(100)
            caromd = self.start()
            traffic.wait_for(100)
            rows = self.capture({"count": 50, "filter": "udp"})
            self.assertEqual({row[0] for row in rows}, {"tx vip 'numbers' backend 'b1'"})
        self.assertEqual(sorted(traffic.received), list(range(traffic.sent)))
        self.stop(caromd)


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("to be run in a sandbox")
    sys.exit(tap.main())
