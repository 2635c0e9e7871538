#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The flow table's clock goes on whatever caromd does, and never jumps: a flow that keeps sending
stays with its backend while writes come without a pause, and when caromd stood still.

Flows of a draining backend live by their records. A record that seems older than the idle timeout
is expired, and then the next packet goes to another backend.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import os
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

import host
import tap
from host import CaromdTest, run

IDLE_TIMEOUT_S = 10  # the shortest
FLOWS = 32
WRITERS = 6
PAUSE_S = 0.2  # between two packets of a flow
BACKENDS = {"b1": {"address": "10.0.0.1"}, "b2": {"address": "10.0.0.3"}}


def setUpModule():
    CaromdTest.peer, CaromdTest.balancer = host.make_network()
    run("ip", "-n", "peer", "address", "add", "10.0.0.3/24", "dev", "lb0")


class HeldFlows:
    """UDP flows that send all the time, and the backends that each was sent to."""

    def __init__(self, peer):
        self.done = threading.Event()
        with peer.inside():
            self.senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(FLOWS)]
            self.receiver = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IPIP)
        self.receiver.settimeout(0.1)
        for sender in self.senders:
            sender.connect(("192.0.2.10", 5000))
        self.places = {}  # of each source port, in the order of its backends
        self.threads = [threading.Thread(target=self.send), threading.Thread(target=self.receive)]

    def send(self):
        while not self.done.wait(PAUSE_S):
            for sender in self.senders:
                sender.send(b"x")

    def receive(self):
        while not self.done.is_set():
            try:
                packet = self.receiver.recv(2048)
            except TimeoutError:
                continue
            port, = struct.unpack_from("!H", packet, 40)
            places = self.places.setdefault(port, [])
            place = socket.inet_ntoa(packet[16:20])
            if places[-1:] != [place]:
                places.append(place)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        host.wait_until(lambda: len(self.places) == FLOWS, "all flows")
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()
        for each in (*self.senders, self.receiver):
            each.close()

    def moved(self):
        return {port: places for port, places in self.places.items() if len(places) > 1}


class FlowClock(CaromdTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(dir="/run")
        self.addCleanup(folder.cleanup)
        self.config["node"].update(flow_idle_timeout_ms=IDLE_TIMEOUT_S * 1000,
                                   state_dir=folder.name)
        self.config["vips"]["numbers"]["backends"] = BACKENDS
        self.caromd = self.start()

    def drain(self):
        reply = self.client.request("POST", "/v1/vips/numbers/backends/b1/drain?wait_ms=0")
        self.assertEqual(reply.status, 200, reply)

    def write_until(self, deadline):
        """To the other VIP, one write after another."""
        number = 0
        while time.monotonic() < deadline:
            number += 1
            reply = self.client.request("PUT", "/v1/vips/web/backends/b1",
                                        {"address": "10.0.0.1", "weight": 1 + number % 100})
            self.assertEqual(reply.status, 200, reply)

    def expect_whole(self, flows):
        stayed = [places for places in flows.places.values() if places == ["10.0.0.1"]]
        self.assertEqual(flows.moved(), {})
        self.assertGreater(len(stayed), 0, flows.places)

    def oldest(self):
        """Seconds for which one of the recorded flows seems to have sent nothing."""
        flows = self.client.get("/v1/flows?vip=numbers").json()
        return max(flow["idle_s"] for flow in flows)

    def test_writes_without_a_pause(self):
        with HeldFlows(self.peer) as flows:
            self.drain()
            deadline = time.monotonic() + 2 * IDLE_TIMEOUT_S
            writers = [threading.Thread(target=self.write_until, args=(deadline,))
                       for _ in range(WRITERS)]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            time.sleep(2)  # for the sweeps that follow
            self.assertLessEqual(self.oldest(), 3)
        self.expect_whole(flows)

    def test_standstill(self):
        with HeldFlows(self.peer) as flows:
            self.drain()
            self.caromd.signal(signal.SIGSTOP)
            time.sleep(IDLE_TIMEOUT_S + 3)
            self.caromd.signal(signal.SIGCONT)
            time.sleep(2)
            self.assertLessEqual(self.oldest(), 3)
        self.expect_whole(flows)


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("to be run in a sandbox")
    sys.exit(tap.main())
