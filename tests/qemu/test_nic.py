#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""caromd on a NIC with a driver of its own, virtio's, and no veth: native XDP, under traffic.

To be run in the guest of tests/qemu/run, which has two NICs on one wire. Speaks TAP.
"""

import json
import signal
import sys

import host
import tap
import xdp_loader
from host import CaromdTest, Traffic, run

PEER_NIC, BALANCER_NIC = "52:54:00:00:00:01", "52:54:00:00:00:02"


def move_nic(hardware_address, where, name, address):
    nic, = [link["ifname"] for link in json.loads(run("ip", "-json", "link").stdout)
            if link.get("address") == hardware_address]
    run("ip", "link", "set", nic, "netns", where.name, "name", name)
    run("ip", "-n", where.name, "address", "add", address, "dev", name)
    run("ip", "-n", where.name, "link", "set", name, "up")


def setUpModule():
    """The wire in place of the veth pair between the peer and the balancer's eth0."""
    xdp_loader.share_pins()
    run("modprobe", "virtio_net")
    CaromdTest.peer, CaromdTest.balancer = peer, balancer = host.make_network()
    run("ip", "-n", "balancer", "link", "delete", "eth0")
    move_nic(BALANCER_NIC, balancer, "eth0", "10.0.0.2/24")
    move_nic(PEER_NIC, peer, "lb0", "10.0.0.1/24")
    run("ip", "-n", "peer", "route", "add", "192.0.2.0/24", "via", "10.0.0.2")


class Nic(CaromdTest):
    def test_restart(self):
        self.config["node"]["interfaces"][0]["mode"] = "native"
        caromd = self.start()
        interface, = self.client.get("/v1/status").json()["interfaces"]
        self.assertEqual((interface["mode"], interface["dispatcher"]), ("native", True))
        with Traffic(self.peer) as traffic:
            traffic.wait_for(100)
            self.assertEqual(caromd.end(signal.SIGKILL), -signal.SIGKILL)
            caromd = self.start()
            traffic.wait_for(100)
        self.assertEqual(sorted(traffic.received), list(range(traffic.sent)))
        self.stop(caromd)


if __name__ == "__main__":
    sys.exit(tap.main())
