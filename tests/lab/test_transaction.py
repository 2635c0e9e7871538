#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A PATCH of ten VIPs is one transaction, from the request to the packets.

Step N moves all ten VIPs to backends whose addresses say N, so that every packet that comes back says
which step it met, while one datagram after another goes to the VIPs in turn. All take one way, in
their order. If one says an earlier step than the one before it, which went to another VIP, then the
ten did not change as one.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import json
import os

import struct
import sys
import time

import host
import tap
from host import CaromdTest, Traffic, run

VIPS = 10
STEPS = 100
BACKENDS = "10.64.0.0/10"
MOVES = {  # how a step is said
    "application/json-patch+json": lambda step: [
        {"op": "replace", "path": f"/vips/{vip_name(vip)}/backends", "value": backends(vip, step)}
        for vip in range(VIPS)],
    "application/merge-patch+json": lambda step: {
        "vips": {vip_name(vip): {"backends": {f"b{step - 1}": None, **backends(vip, step)}}
                 for vip in range(VIPS)}},
}


def setUpModule():
    CaromdTest.peer, CaromdTest.balancer = host.make_network()
    run("ip", "-n", "balancer", "route", "add", BACKENDS, "via", "10.0.0.1")
    run("ip", "-n", "peer", "route", "add", "local", BACKENDS, "dev", "lo")


def vip_name(vip):
    return f"vip{vip}"


def vip_address(vip):
    return f"192.0.2.{100 + vip}"


def backends(vip, step):
    return {f"b{step}": {"address": f"10.{64 + vip}.{step >> 8}.{step & 0xff}"}}


class Rounds(Traffic):
    """Numbered datagrams to all VIPs in turn; what came back is the step that each met."""

    def __init__(self, peer):
        super().__init__(peer)
        self.begun = self.ended = 0  # steps: of the last request, and of the last answer
        self.met = []
        self.faults = []

    def send(self):
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])  # so that none overtakes another
        while not self.done.is_set():
            self.sender.sendto(struct.pack("!II", self.sent, self.ended),
                               (vip_address(self.sent % VIPS), 5000))
            self.sent += 1
            time.sleep(self.PAUSE_S / 5)

    def receive(self):
        while True:
            try:
                self.judge(self.receiver.recv(2048))
            except TimeoutError:
                if self.done.is_set():
                    return

    def judge(self, packet):
        _, number, high, low = packet[16:20]
        vip = packet[20 + 19] - 100
        sent, oldest = struct.unpack_from("!II", packet, self.HEADERS_BYTES)
        step = high << 8 | low
        self.received.append(sent)
        self.met.append((vip, step))
        if (number, vip) != (64 + vip, sent % VIPS):
            self.faults.append(f"{sent} went to 10.{number}.{high}.{low} by VIP {vip}")
        if not oldest <= step <= self.begun:
            self.faults.append(f"{sent} met {step}; expected {oldest} to {self.begun}")

    def backward(self):
        """Where the step falls: (number, VIP and step of one, of the next)."""
        return [(number, *pair) for number, pair in enumerate(zip(self.met, self.met[1:]))
                if pair[1][1] < pair[0][1]]

    def flips_within_rounds(self):
        return sum(after[1] > before[1] and after[0] > 0
                   for before, after in zip(self.met, self.met[1:]))


class Transactions(CaromdTest):
    def setUp(self):
        super().setUp()
        # A backend's ordinal is not given away at once when it goes.
        self.config["node"]["limits"].update(backends=16384, slots=65536)
        self.config["vips"] = {
            vip_name(vip): {"address": vip_address(vip), "port": 5000, "protocol": "udp",
                            "tracking": "never", "ring_slots": 256, "backends": backends(vip, 0)}
            for vip in range(VIPS)}
        self.caromd = self.start()

    def patch(self, step, media_type):
        """All ten VIPs are one revision."""
        revision = self.client.revision()
        reply = self.client.request("PATCH", "/v1/config", json.dumps(MOVES[media_type](step)),
                                    {"Content-Type": media_type})
        self.assertEqual((reply.status, reply.json()),
                         (200, {"revision": revision + 1, "changed": True}))

    def expect_transactions(self, media_type):
        with Rounds(self.peer) as traffic:
            for step in range(1, STEPS + 1):
                traffic.begun = step
                self.patch(step, media_type)
                traffic.ended = step
            traffic.wait_for(VIPS)
        self.assertEqual(traffic.faults, [])
        self.assertEqual(traffic.received, list(range(traffic.sent)))
        self.assertEqual(traffic.backward(), [])
        self.assertGreater(traffic.flips_within_rounds(), 0)
        self.assertEqual(traffic.met[-1][1], STEPS)
        self.stop(self.caromd)

    def test_json_patch(self):
        self.expect_transactions("application/json-patch+json")

    def test_merge_patch(self):
        self.expect_transactions("application/merge-patch+json")

    def test_a_patch_that_fails_at_its_last_vip_does_nothing(self):
        """Not to the packets, nor to what is configured."""
        before = self.client.get("/v1/config")
        patch = MOVES["application/json-patch+json"](1)
        patch[-1]["value"]["b1"]["address"] = "10.0.0.300"
        with Rounds(self.peer) as traffic:
            reply = self.client.request("PATCH", "/v1/config", json.dumps(patch),
                                        {"Content-Type": "application/json-patch+json"})
            traffic.wait_for(VIPS)
        self.assertEqual(reply.status, 422)
        fault, = reply.json()["errors"]
        self.assertEqual(fault["pointer"], f"/vips/{vip_name(VIPS - 1)}/backends/b1/address")
        self.assertEqual({step for _, step in traffic.met}, {0})
        after = self.client.get("/v1/config")
        self.assertEqual((after.json(), after.headers["ETag"]),
                         (before.json(), before.headers["ETag"]))
        self.stop(self.caromd)


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("to be run in a sandbox")
    sys.exit(tap.main())
