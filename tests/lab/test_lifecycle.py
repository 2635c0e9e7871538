#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""caromd comes and goes, and packets do not notice: stops, kills, restarts, reloads, detaching.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import json
import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import host
import tap
from host import BPF, CAROMD, CONFIG, SOCKET, CaromdTest, Traffic, run, wait_until
from rest_client import put_header

PROGRAM = "carom_balancer"
NATIVE, GENERIC = 1, 2  # as `ip` numbers them
CAP_NET_ADMIN, CAP_BPF = 12, 39
BPFFS = Path("/sys/fs/bpf")
UNIT = Path(__file__).parent / "../../configs/caromd.service"


def setUpModule():
    CaromdTest.peer, CaromdTest.balancer = host.make_network()


class LifecycleTest(CaromdTest):
    def program(self, interface="eth0"):
        """The id of the one program there, which is ours."""
        (number, name, _), = self.balancer.xdp(interface)
        self.assertEqual(name, PROGRAM)
        return number

    def detach(self):
        result = self.balancer.run(CAROMD, "--config", CONFIG, "--detach", check=False)
        return result.returncode, result.stdout, result.stderr

    def expect_all(self, traffic):
        """Each datagram came back, once."""
        self.assertGreater(traffic.sent, 0)
        self.assertEqual(sorted(traffic.received), list(range(traffic.sent)))


class Starts(LifecycleTest):
    def test_ready(self):
        caromd = self.start()
        self.assertEqual(caromd.messages("error") + caromd.messages("warning"), [])
        self.assertEqual(caromd.messages("info")[-1], "ready: 2 vips on 1 interfaces")
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.assertEqual(self.state()["sockets"], [str(SOCKET.parent), str(SOCKET)])
        with Traffic(self.peer) as traffic:
            traffic.wait_for(100)
        self.expect_all(traffic)
        self.stop(caromd)

    def expect_mode(self, requested, expected_name, expected_number):
        self.config["node"]["interfaces"][0]["mode"] = requested
        caromd = self.start()
        interface, = self.client.get("/v1/status").json()["interfaces"]
        self.assertEqual((interface["requested_mode"], interface["mode"]),
                         (requested, expected_name))
        (number, _, mode), = self.balancer.xdp("eth0")
        self.assertEqual((mode, interface["program_id"]), (expected_number, number))
        with Traffic(self.peer) as traffic:
            traffic.wait_for(100)
        self.expect_all(traffic)
        self.stop(caromd)

    def test_modes(self):
        """One after the other, so each start finds a program in the mode of the one before."""
        self.expect_mode("generic", "generic", GENERIC)
        self.expect_mode("native", "native", NATIVE)
        self.expect_mode("auto", "native", NATIVE)
        self.expect_mode("generic", "generic", GENERIC)
        self.expect_mode("auto", "generic", GENERIC)

    def test_two_interfaces(self):
        self.config["node"]["interfaces"].append({"name": "eth1"})
        caromd = self.start()
        self.assertEqual(caromd.messages("info")[-1], "ready: 2 vips on 2 interfaces")
        self.program("eth0")
        self.program("eth1")
        self.stop(caromd)
        self.assertEqual(self.detach(), (0, f"{BPF}/carom: taken off 2 interfaces\n", ""))
        self.assertEqual(self.state(), self.BARE)

    def test_capabilities_are_dropped(self):
        """By every thread, those of the pool included; and none can come back."""
        caromd = self.start()
        kept = 1 << CAP_BPF | 1 << CAP_NET_ADMIN
        expected = {"CapInh": 0, "CapPrm": kept, "CapEff": kept, "CapBnd": kept, "CapAmb": 0,
                    "NoNewPrivs": 1}
        threads = list(Path(f"/proc/{caromd.process.pid}/task").iterdir())
        self.assertGreater(len(threads), 1)
        for thread in threads:
            found = dict(line.split(":\t") for line in (thread / "status").read_text().splitlines())
            self.assertEqual({name: int(found[name], 16) for name in expected}, expected, thread)
        self.assertEqual(self.client.get("/v1/status").json()["capabilities"],
                         {"kept": ["cap_net_admin", "cap_bpf"]})
        keeps, drops = [message for message in caromd.messages("info")
                        if message.startswith("capabilities: ")]
        self.assertRegex(keeps, "^capabilities: keeps cap_bpf to .*, cap_net_admin to ")
        self.assertRegex(drops, "^capabilities: drops cap_chown .* cap_sys_admin ")
        self.assertNotRegex(drops, "cap_net_admin|cap_bpf")
        self.stop(caromd)

    def test_works_by_the_unit_s_capabilities(self):
        """Those that it has left to drop are what only its start needs."""
        granted, = re.findall("^CapabilityBoundingSet=(.*)$", UNIT.read_text(), re.MULTILINE)
        names = [name.removeprefix("CAP_").lower() for name in granted.split()]
        caromd = self.start(prefix=["setpriv", "--no-new-privs",
                                    f"--bounding-set={','.join(['-all', *map('+{}'.format, names)])}"])
        self.assertIn("capabilities: drops cap_chown cap_dac_read_search cap_setgid cap_setuid"
                      " cap_sys_admin", caromd.messages("info"))
        self.stop(caromd)

    def test_limit_of_open_files_is_raised(self):
        caromd = self.start(prefix=["prlimit", "--nofile=256:"])
        self.assertEqual(self.file_limit(caromd), 4096)
        self.assertEqual(caromd.messages("warning"), [])
        self.stop(caromd)

    def test_limit_of_open_files_cannot_be_raised(self):
        caromd = self.start(prefix=["prlimit", "--nofile=256:512", "setpriv",
                                    "--bounding-set=-sys_resource"])
        self.assertEqual(self.file_limit(caromd), 512)
        self.assertEqual(caromd.messages("warning"), [
            "the limit of open files stays at 512, where 4096 are wanted (Operation not"
            " permitted), so the API serves fewer clients at a time; set LimitNOFILE= in caromd's"
            " unit"])
        self.stop(caromd)

    def file_limit(self, caromd):
        limits = Path(f"/proc/{caromd.process.pid}/limits").read_text()
        return int(re.search(r"Max open files +(\d+)", limits)[1])

    def test_stale_socket_is_replaced(self):
        killed = self.start()
        killed.end(signal.SIGKILL)
        self.assertTrue(SOCKET.is_socket())
        caromd = self.start()
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.stop(caromd)

    def test_bpffs_is_mounted_where_it_belongs(self):
        self.config["node"]["bpf_dir"] = str(BPFFS / "carom")
        try:
            caromd = self.start()
            self.assertEqual(caromd.messages("info")[0], f"mounted a bpffs on {BPFFS}")
            self.assertTrue((BPFFS / "carom/maps").is_dir())
            self.stop(caromd)
            self.assertEqual(self.detach(), (0, f"{BPFFS}/carom: taken off 1 interfaces\n", ""))
            self.assertFalse((BPFFS / "carom").exists())
        finally:
            run("umount", BPFFS, check=False)

    def test_stopped_before_it_is_ready(self):
        """It waits for a next hop that does not answer: nothing is attached yet."""
        self.config["vips"]["web"]["backends"]["b1"]["address"] = "10.0.0.99"
        self.write_config()
        caromd = self.launch()
        wait_until(lambda: (BPF / "carom").exists(), "bpf_dir", caromd.lines)
        # Its signals' handlers are there soon after; until then, signals end it by default.
        wait_until(lambda: self.catches(caromd, signal.SIGTERM), "handler", caromd.lines)
        self.assertEqual(caromd.end(signal.SIGTERM), 0)
        self.assertEqual(caromd.lines(),
                         [("info", "stopping on signal 15; the data plane goes on")])
        self.assertEqual(self.state(), self.BARE)

    def catches(self, caromd, number):
        status = Path(f"/proc/{caromd.process.pid}/status").read_text()
        return int(re.search(r"SigCgt:\t(\w+)", status)[1], 16) >> (number - 1) & 1


class Stops(LifecycleTest):
    def expect_packets_without(self, number, status):
        caromd = self.start()
        program, pins = self.program(), self.state()["pins"]
        with Traffic(self.peer) as traffic:
            traffic.wait_for(100)
            self.assertEqual(caromd.end(number), status)
            traffic.wait_for(300)
        self.expect_all(traffic)
        self.assertEqual((self.program(), self.state()["pins"]), (program, pins))
        return caromd

    def test_sigterm(self):
        caromd = self.expect_packets_without(signal.SIGTERM, 0)
        self.assertEqual(caromd.messages("info")[-1],
                         "stopping on signal 15; the data plane goes on")
        self.assertEqual(self.state()["sockets"], [])

    def test_sigint(self):
        self.expect_packets_without(signal.SIGINT, 0)

    def test_signals_that_mean_nothing(self):
        caromd = self.start()
        before = caromd.lines()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM, signal.SIGIO,
                       signal.SIGVTALRM, signal.SIGPROF, signal.SIGRTMIN, signal.SIGRTMAX):
            caromd.signal(number)
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.assertEqual(caromd.lines(), before)
        self.assertEqual(caromd.end(signal.SIGTERM), 0)

    def test_sigkill(self):
        self.expect_packets_without(signal.SIGKILL, -signal.SIGKILL)

    def test_detach(self):
        caromd = self.start()
        self.stop(caromd)
        with Traffic(self.peer) as traffic:
            traffic.wait_for(100)
            self.assertEqual(self.detach(), (0, f"{BPF}/carom: taken off 1 interfaces\n", ""))
            sent = traffic.sent
            wait_until(lambda: traffic.sent > sent + 100, "datagrams sent")
        self.assertEqual(self.state(), self.BARE)
        # One may have been under way while they were counted.
        self.assertLessEqual(max(traffic.received), sent)
        self.assertEqual(self.detach(), (0, f"{BPF}/carom: taken off 0 interfaces\n", ""))


class Restarts(LifecycleTest):
    def expect_seamless(self, number, status):
        """Twice, with packets flowing all the while."""
        caromd = self.start()
        with Traffic(self.peer) as traffic:
            for _ in range(2):
                program = self.program()
                self.assertEqual(caromd.end(number), status)
                traffic.wait_for(50)
                caromd = self.start()
                self.assertNotEqual(self.program(), program)
                self.assertIn("interface 'eth0': replaced in native mode: the driver supports"
                              " native XDP", caromd.messages("info"))
                self.assertEqual(caromd.messages("error") + caromd.messages("warning"), [])
                traffic.wait_for(50)
        self.expect_all(traffic)
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.stop(caromd)

    def test_after_sigterm(self):
        self.expect_seamless(signal.SIGTERM, 0)

    def test_after_sigkill(self):
        self.expect_seamless(signal.SIGKILL, -signal.SIGKILL)

    def adoption(self):
        return self.client.get("/v1/status").json()["adoption"]

    def restart_with(self, key, value):
        """Packets go on by what the predecessor left, until the program changes."""
        self.stop(self.start())
        with Traffic(self.peer) as traffic:
            self.config["node"][key] = value
            caromd = self.start()
            traffic.wait_for(50)
        self.expect_all(traffic)
        self.assertEqual(caromd.messages("error"), [])
        self.last_adoption = self.adoption()
        self.stop(caromd)
        return caromd.messages("warning")

    def test_without_vips(self):
        self.config["vips"] = {}
        for _ in range(2):
            caromd = self.start()
            self.assertEqual(self.client.get("/v1/vips").json(), {})
            self.stop(caromd)

    def test_with_other_limits(self):
        limits = self.config["node"]["limits"]
        self.assertEqual(self.restart_with("limits", limits | {"backends": 128, "slots": 32768}),
                         [])
        self.assertEqual(self.last_adoption, {
            "result": "inherited", "predecessor_abi": "4.0", "reason": None, "left_out": []})

    def test_with_another_hash_seed(self):
        self.assertEqual(self.restart_with("hash_seed", "rome"), [
            "what the predecessor left is not adopted, but replaced: its flow hash has another key"
            " (node.hash_seed), so flows get backends anew"])
        self.assertEqual(self.last_adoption, {
            "result": "refused", "predecessor_abi": "4.0",
            "reason": "its flow hash has another key (node.hash_seed), so flows get backends anew",
            "left_out": []})

    def expect_key(self, source):
        """Starts; returns the key's fingerprint, once log and metrics have said it, too."""
        caromd = self.start()
        fingerprint = self.client.get("/v1/status").json()["hash_fingerprint"]
        self.assertIn(f"node.hash_seed is not set: the flow hash's key is {source}, fingerprint"
                      f" {fingerprint}; the nodes of a fleet need one seed",
                      caromd.messages("info"))
        self.assertIn(f'carom_hash_info{{fingerprint="{fingerprint}"}} 1',
                      self.client.get("/metrics").body.decode())
        self.assertEqual(caromd.messages("error") + caromd.messages("warning"), [])
        self.stop(caromd)
        return fingerprint

    def test_without_hash_seed(self):
        """A random key lasts as long as the maps, or the file in state_dir."""
        del self.config["node"]["hash_seed"]
        first = self.expect_key("a new random one")
        self.assertEqual(self.expect_key("the predecessor's"), first)
        state = Path(tempfile.mkdtemp(dir="/run"))
        self.addCleanup(shutil.rmtree, state)
        self.config["node"]["state_dir"] = str(state)
        self.assertEqual(self.expect_key("the predecessor's"), first)
        status = (state / "hash_key").stat()
        self.assertEqual((status.st_mode & 0o777, status.st_uid), (0o600, state.stat().st_uid))
        self.detach()
        self.assertEqual(self.expect_key("the stored one"), first)
        self.detach()
        (state / "hash_key").unlink()
        self.assertNotEqual(self.expect_key("a new random one"), first)

    def test_with_one_map_more(self):
        """The version before had no such map: it starts empty, and the others are adopted."""
        caromd = self.start()
        self.assertEqual(self.adoption(), {
            "result": "none", "predecessor_abi": None, "reason": None, "left_out": []})
        self.stop(caromd)
        (BPF / "carom/maps/reasons").unlink()
        with Traffic(self.peer) as traffic:
            caromd = self.start()
            traffic.wait_for(50)
        self.expect_all(traffic)
        self.assertEqual(self.adoption(), {
            "result": "adopted", "predecessor_abi": "4.0", "reason": None,
            "left_out": [{"map": "reasons", "reason": "it is not pinned"}]})
        self.assertEqual(caromd.messages("warning"),
                         ["map 'reasons' is not adopted: it is not pinned"])
        self.stop(caromd)
        caromd = self.start()
        self.assertEqual(self.adoption()["left_out"], [])
        self.stop(caromd)

    def set_abi_version(self, version):
        """As if another caromd had left the maps."""
        path, = (BPF / "carom/maps").glob("*control*")
        entry, = json.loads(run("bpftool", "--json", "map", "dump", "pinned", path).stdout)
        value = [f"0x{version:02x}", "0x00", "0x00", "0x00", *entry["value"][4:]]
        run("bpftool", "map", "update", "pinned", path, "key", *entry["key"], "value", *value)

    def test_with_another_abi(self):
        """What is stored is published anew, and the other one's program goes in passing."""
        self.stop(self.start())
        before = self.program()
        self.set_abi_version(1)
        with Traffic(self.peer) as traffic:
            traffic.wait_for(50)
            caromd = self.start()
            traffic.wait_for(50)
        self.expect_all(traffic)
        self.assertNotEqual(self.program(), before)
        warning, = caromd.messages("warning")
        self.assertRegex(warning, "^what the predecessor left is not adopted, but replaced: it"
                                  " has ABI version 1, this is [0-9]+$")
        self.assertEqual(caromd.messages("error"), [])
        self.stop(caromd)

    def test_that_fails_leaves_the_former_program(self):
        """The second interface is taken; the first goes on as it was."""
        self.stop(self.start())
        self.balancer.put_xdp("eth1")
        self.config["node"]["interfaces"].append({"name": "eth1"})
        self.write_config()
        with Traffic(self.peer) as traffic:
            caromd = self.launch()
            self.assertEqual(caromd.end(), 1)
            self.assertRegex("\n".join(caromd.messages("error")),
                             "^interface 'eth1': another XDP program .*$")
            traffic.wait_for(50)
        self.expect_all(traffic)
        self.program("eth0")

    def test_with_a_mode_that_fails(self):
        """The one in generic mode had to go for the attempt, and is back."""
        self.config["node"]["interfaces"][0]["mode"] = "generic"
        self.stop(self.start())
        program = self.program()
        self.config["node"]["interfaces"][0]["mode"] = "native"
        self.write_config()
        with self.without_native_mode():
            caromd = self.launch()
            self.assertEqual(caromd.end(), 1)
            self.assertEqual(caromd.messages("error"), [
                "interface 'eth0': cannot attach the XDP program in native mode:"
                " Numerical result out of range"])
            self.assertEqual(self.program(), program)
            with Traffic(self.peer) as traffic:
                traffic.wait_for(100)
            self.expect_all(traffic)


class Wholesale(LifecycleTest):
    """More rings at once than the loop fills itself."""

    SLOTS = 131072
    SECOND_BACKEND = "10.0.0.11"

    def setUp(self):
        super().setUp()
        self.peer.run("ip", "address", "add", f"{self.SECOND_BACKEND}/24", "dev", "lb0")
        self.config["node"]["limits"]["slots"] = 8 * self.SLOTS
        self.many = self.config["vips"] | {
            f"vip-{number}": {
                "address": f"192.0.2.{100 + number}", "port": 80, "protocol": "tcp",
                "ring_slots": self.SLOTS,
                "backends": {"b1": {"address": "10.0.0.1"},
                             "b2": {"address": self.SECOND_BACKEND, "weight": 1 + number}},
            } for number in range(4)}

    def tearDown(self):
        super().tearDown()
        self.peer.run("ip", "address", "delete", f"{self.SECOND_BACKEND}/24", "dev", "lb0")

    def digests(self):
        return {name: vip["ring_digest"]
                for name, vip in self.client.get("/v1/status").json()["vips"].items()}

    def test_rings_are_whole_when_they_are_published(self):
        caromd = self.start()
        with Traffic(self.peer) as traffic:
            self.assertEqual(self.client.put("/v1/config", {"vips": self.many}).status, 200)
            self.assertEqual(self.client.delete("/v1/vips/vip-3").status, 200)
            traffic.wait_for(50)
            digests = self.digests()
            self.assertEqual(len(digests), 5)
            # The next one reads the rings back from the maps.
            self.assertEqual(caromd.end(signal.SIGKILL), -signal.SIGKILL)
            del self.many["vip-3"]
            self.config["vips"] = self.many
            caromd = self.start()
            self.assertIn("5 vips as they were", "".join(caromd.messages("info")))
            self.assertEqual(self.digests(), digests)
        self.expect_all(traffic)
        self.stop(caromd)

    def test_stopped_while_rings_are_filled(self):
        caromd = self.start()
        body = json.dumps({"vips": self.many}).encode()
        with self.client.connect() as connected:
            connected.sendall(put_header("/v1/config", len(body)) + body)
            self.stop(caromd)


class Reloads(LifecycleTest):
    """By SIGHUP. What cannot be taken over changes nothing, and the log says why."""

    def reload(self, caromd, pattern, text=None):
        self.write_config(text)
        caromd.signal(signal.SIGHUP)
        caromd.wait_for(pattern)

    def expect_unchanged(self, pattern, *messages, text=None):
        caromd = self.start()
        with Traffic(self.peer) as traffic:
            before, state = self.client.get("/v1/config"), self.state()
            self.reload(caromd, pattern, text)
            after = self.client.get("/v1/config")
            self.assertEqual(caromd.messages("error"), list(messages))
            self.assertEqual((after.body, after.headers["ETag"]),
                             (before.body, before.headers["ETag"]))
            self.assertEqual(self.state(), state)
            traffic.wait_for(50)
        self.expect_all(traffic)
        self.stop(caromd)

    def test_good(self):
        caromd = self.start()
        revision = self.client.revision()
        with Traffic(self.peer) as traffic:
            self.config["vips"]["more"] = {"address": "192.0.2.11", "port": 80, "protocol": "tcp"}
            del self.config["vips"]["web"]
            self.reload(caromd, f"{CONFIG} is in force as revision {revision + 1}\n")
            traffic.wait_for(50)
        self.expect_all(traffic)
        self.assertEqual(sorted(self.client.get("/v1/vips").json()), ["more", "numbers"])
        self.stop(caromd)

    def test_without_a_change(self):
        caromd = self.start()
        revision = self.client.revision()
        self.reload(caromd, f"{CONFIG} is in force as revision {revision}\n")
        self.stop(caromd)

    def test_undoes_what_rest_wrote(self):
        caromd = self.start()
        self.assertEqual(self.client.delete("/v1/vips/web").status, 200)
        self.reload(caromd, f"{CONFIG} is in force as revision ")
        self.assertEqual(sorted(self.client.get("/v1/vips").json()), ["numbers", "web"])
        self.stop(caromd)

    def test_malformed(self):
        self.expect_unchanged(
            "line 2, column 1", f"{CONFIG} is not taken over:",
            f"{CONFIG}: line 2, column 1: string or '}}' expected near '{{'", text="{\n{")

    def test_file_is_gone(self):
        caromd = self.start()
        CONFIG.unlink()
        caromd.signal(signal.SIGHUP)
        caromd.wait_for("error: ")
        self.assertEqual(caromd.messages("error"), [
            f"{CONFIG} is not taken over:", f"{CONFIG}: No such file or directory"])
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.stop(caromd)

    def test_faults(self):
        caromd = self.start()
        self.config["vips"]["web"]["port"] = 65536
        self.config["vips"]["web"]["colour"] = "red"
        revision = self.client.revision()
        self.reload(caromd, "out of range")
        self.assertEqual(caromd.messages("error"), [
            f"{CONFIG} is not taken over:",
            "vip 'web': port 65536 is out of range; expected 0 to 65535 (at /vips/web/port)",
            "vip 'web': unknown key 'colour'; known keys: address, port, protocol, ring_slots,"
            " tracking, on_down, backends (at /vips/web/colour)"])
        self.assertEqual(self.client.revision(), revision)
        self.assertEqual(self.client.get("/v1/vips/web").json()["port"], 80)
        self.stop(caromd)

    def test_changed_node(self):
        caromd = self.start()
        revision = self.client.revision()
        self.config["node"]["hash_seed"] = "rome"
        self.config["vips"] = {}
        self.reload(caromd, "hash_seed")
        self.assertEqual(caromd.messages("error"), [
            f"{CONFIG} is not taken over:",
            "node: hash_seed differs from what runs, \"carom\"; only the file sets it, and only a"
            " restart changes it (at /node/hash_seed)"])
        self.assertEqual(self.client.revision(), revision)
        self.assertEqual(len(self.client.get("/v1/vips").json()), 2)
        self.stop(caromd)

    def test_many_at_once(self):
        caromd = self.start()
        with Traffic(self.peer) as traffic:
            for number in range(50):
                self.config["vips"]["web"]["backends"]["b1"]["weight"] = 1 + number
                self.write_config()
                caromd.signal(signal.SIGHUP)
            self.reload(caromd, f"{CONFIG} is in force as revision ")
            traffic.wait_for(50)
        self.expect_all(traffic)
        wait_until(lambda: self.client.get("/v1/vips/web/backends/b1").json()["weight"] == 50,
                   "weight of 50", caromd.lines)
        self.assertEqual(caromd.messages("error"), [])
        self.stop(caromd)


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("to be run in a sandbox")
    sys.exit(tap.main())
