#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""caromd shares an interface with other XDP programs, through libxdp's dispatcher.

The other one is there by xdp-loader, a client of libxdp that is not ours, and it passes everything.
To be run in a sandbox, with the environment's CAROM_BUILD naming what to run, on a kernel that lets
programs of type ext in. Speaks TAP.
"""

import json
import signal
import sys

import host
import tap
import xdp_loader
from host import BPF, CAROMD, CAROMD_NEXT, CONFIG, CaromdTest, Traffic
from xdp_loader import OTHER

OURS = "carom_balancer"


def setUpModule():
    xdp_loader.share_pins()
    CaromdTest.peer, CaromdTest.balancer = host.make_network()


class DispatcherTest(CaromdTest):
    def members(self):
        return xdp_loader.members(self.balancer, "eth0")

    def names(self):
        return [name for name, _ in self.members()]

    def add_other(self, mode="native"):
        xdp_loader.load_other(self.balancer, "eth0", mode)

    def number_of(self, wanted):
        number, = [number for name, number in self.members() if name == wanted]
        return number

    def interface(self):
        found, = self.client.get("/v1/status").json()["interfaces"]
        return found

    def expect_all(self, traffic):
        """Each datagram came back, once."""
        self.assertGreater(traffic.sent, 0)
        self.assertEqual(sorted(traffic.received), list(range(traffic.sent)))


class Shares(DispatcherTest):
    def expect_both(self, names):
        self.assertEqual(self.names(), names)
        self.assertTrue(self.interface()["dispatcher"])
        self.assertEqual(self.interface()["program_id"], self.number_of(OURS))
        with Traffic(self.peer) as traffic:
            traffic.wait_for(100)
        self.expect_all(traffic)

    def test_alone(self):
        caromd = self.start()
        self.expect_both([OURS])
        self.stop(caromd)

    def test_other_comes_later(self):
        caromd = self.start()
        self.add_other()
        self.expect_both([OURS, OTHER])
        self.stop(caromd)

    def test_other_was_first(self):
        self.add_other()
        caromd = self.start()
        self.expect_both([OURS, OTHER])
        self.stop(caromd)


class Restarts(DispatcherTest):
    """A new caromd replaces its program, and nothing else, under traffic."""

    def expect_seamless(self, number, status, program=CAROMD):
        caromd = self.start()
        self.add_other()
        before = dict(self.members())
        with Traffic(self.peer) as traffic:
            traffic.wait_for(100)
            self.assertEqual(caromd.end(number), status)
            traffic.wait_for(100)
            caromd = self.start(program=program)
            traffic.wait_for(100)
        self.expect_all(traffic)
        after = dict(self.members())
        self.assertEqual(self.names(), [OURS, OTHER])
        self.assertEqual(after[OTHER], before[OTHER])
        self.assertNotEqual(after[OURS], before[OURS])
        self.assertEqual(self.interface()["program_id"], after[OURS])
        self.stop(caromd)

    def test_after_sigterm(self):
        self.expect_seamless(signal.SIGTERM, 0)

    def test_after_sigkill(self):
        self.expect_seamless(signal.SIGKILL, -signal.SIGKILL)

    def test_upgrade(self):
        """The next caromd brings a program of other code."""
        before = self.tag_of(CAROMD)
        self.expect_seamless(signal.SIGTERM, 0, program=CAROMD_NEXT)
        self.assertNotEqual(self.tag_of(CAROMD_NEXT), before)

    def tag_of(self, program):
        """What the kernel makes of a program's code."""
        caromd = self.start(program=program)
        number = self.interface()["program_id"]
        shown = host.run("bpftool", "--json", "prog", "show", "id", str(number))
        self.stop(caromd)
        return json.loads(shown.stdout)["tag"]


class Modes(DispatcherTest):
    def set_mode(self, mode):
        self.config["node"]["interfaces"][0]["mode"] = mode
        self.write_config()

    def start_in(self, mode):
        self.set_mode(mode)
        return self.start()

    def test_joined(self):
        """The dispatcher's mode goes before native mode."""
        self.add_other("skb")
        caromd = self.start_in("auto")
        self.assertEqual(self.interface()["mode"], "generic")
        self.assertEqual(self.names(), [OURS, OTHER])
        self.stop(caromd)

    def test_changed(self):
        self.stop(self.start_in("generic"))
        caromd = self.start_in("native")
        self.assertEqual(self.interface()["mode"], "native")
        self.assertEqual(self.names(), [OURS])
        self.stop(caromd)

    def test_not_changed_for_others(self):
        self.stop(self.start_in("generic"))
        self.add_other("skb")
        self.set_mode("native")
        self.expect_refused_in_passing(
            "interface 'eth0': other XDP programs are attached in generic mode, which leaves no"
            " room for one in native mode")

    def test_change_that_fails(self):
        self.stop(self.start_in("generic"))
        self.set_mode("native")
        with self.without_native_mode():
            self.expect_refused_in_passing(
                "interface 'eth0': cannot attach the XDP program in native mode: "
                "Numerical result out of range")

    def expect_refused_in_passing(self, message):
        """What was there is there: the same programs, and packets flow."""
        before = self.members()
        caromd = self.launch()
        self.assertEqual(caromd.end(), 1)
        self.assertEqual(caromd.messages("error"), [message])
        self.assertEqual(self.members(), before)
        with Traffic(self.peer) as traffic:
            traffic.wait_for(100)
        self.expect_all(traffic)


class Detaches(DispatcherTest):
    def test_leaves_other(self):
        self.stop(self.start())
        self.add_other()
        number = self.number_of(OTHER)
        result = self.balancer.run(CAROMD, "--config", CONFIG, "--detach")
        self.assertEqual(result.stdout, f"{BPF}/carom: taken off 1 interfaces\n")
        self.assertEqual(self.members(), [(OTHER, number)])


if __name__ == "__main__":
    sys.exit(tap.main())
