#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What fits node.limits can be published, whatever was written before; next hops follow, and a start
succeeds.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import os
import signal
import sys
import tempfile
import time

import host
import tap
from host import CaromdTest, run

LIMIT = 64  # of backends
VIPS = ("left", "right")
BACKENDS = "10.64.0.0/16"
GATEWAY = "10.0.0.1"
EXCHANGES = 20


def setUpModule():
    CaromdTest.peer, CaromdTest.balancer = host.make_network()
    run("ip", "-n", "balancer", "route", "add", BACKENDS, "via", GATEWAY)


def backends(generation, count):
    """Names and addresses that no other generation has."""
    return {f"g{generation}-{number}": {"address": f"10.64.{generation}.{number + 1}"}
            for number in range(count)}


class Room(CaromdTest):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory(dir="/run")
        self.addCleanup(self.folder.cleanup)
        self.addCleanup(self.forget_gateway)
        self.config["node"]["limits"]["backends"] = LIMIT
        self.config["node"]["state_dir"] = self.folder.name

    def forget_gateway(self):
        run("ip", "-n", "balancer", "neigh", "del", GATEWAY, "dev", "eth0", check=False)

    def start_with(self, count):
        self.config["vips"] = {
            name: {"address": f"192.0.2.{10 + number}", "port": 80, "protocol": "tcp",
                   "ring_slots": 256, "backends": backends(0, count)}
            for number, name in enumerate(VIPS)}
        return self.start()

    def exchange(self, generation, count):
        for name in VIPS:
            for query in ("?dry_run=true", ""):
                reply = self.client.request("PUT", f"/v1/vips/{name}/backends{query}",
                                            backends(generation, count))
                self.assertEqual(reply.status, 200,
                                 f"exchange {generation} of '{name}'{query}: {reply}")

    def gateway_of(self, vip):
        """Where packets to the VIP go, by the word of the program's twin."""
        reply = self.client.request("POST", "/v1/explain", {
            "source": "198.51.100.7", "source_port": 40000, "protocol": "tcp",
            "destination": f"192.0.2.{10 + VIPS.index(vip)}", "destination_port": 80})
        self.assertEqual(reply.status, 200, reply)
        next_hop = reply.json()["next_hop"]
        return next_hop and next_hop["destination_mac"]

    def move_gateway(self, mac):
        run("ip", "-n", "balancer", "neigh", "replace", GATEWAY, "lladdr", mac, "dev", "eth0",
            "nud", "permanent")
        for vip in VIPS:
            host.wait_until(lambda vip=vip: self.gateway_of(vip) == mac, f"{mac} in '{vip}'")

    def expect_whole(self, caromd, generation, count):
        """Writes are taken, and after a kill everything is as it was."""
        self.move_gateway("02:00:00:00:00:01")
        self.exchange(generation, count)
        self.move_gateway("02:00:00:00:00:02")
        caromd.end(signal.SIGKILL)
        caromd = self.start()
        for vip in VIPS:
            found = self.client.get(f"/v1/vips/{vip}/backends").json()
            self.assertEqual(sorted(found), sorted(backends(generation, count)))
            self.assertEqual(self.gateway_of(vip), "02:00:00:00:00:02")
        self.assertEqual(self.client.request("DELETE", f"/v1/vips/{VIPS[0]}").status, 200)
        self.stop(caromd)

    def test_above_half_of_the_limit(self):
        """An exchange leaves as many ordinals behind as it brings; sweeps have forgotten those when
        the gateway changes."""
        caromd = self.start_with(18)
        self.exchange(1, 18)
        time.sleep(4)
        self.move_gateway("02:00:00:00:00:03")
        self.expect_whole(caromd, 2, 18)

    def test_exchanges_at_the_limit_without_a_pause(self):
        caromd = self.start_with(LIMIT // len(VIPS))
        for generation in range(1, EXCHANGES):
            self.exchange(generation, LIMIT // len(VIPS))
        self.expect_whole(caromd, EXCHANGES, LIMIT // len(VIPS))


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("to be run in a sandbox")
    sys.exit(tap.main())
