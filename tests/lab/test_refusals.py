#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What caromd cannot start with: bad configs, and hosts that lack something or have it taken.

Each is told in the log, in words that say what to do, and leaves the host as it was. To be run in
a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import errno
import os
import pathlib
import shutil
import socket
import sys

import host
import tap
from host import BPF, BUILD, CAROMD, CONFIG, SOCKET, CaromdTest

REFUSE_BPF = BUILD / "tests/lab/refuse_bpf"
KERNEL = os.uname().release
UNUSABLE = f"{CONFIG} cannot be used:"
USAGE = "usage: caromd [--config FILE] [--check | --detach] [--verbose]"


def setUpModule():
    CaromdTest.peer, CaromdTest.balancer = host.make_network()


class BadConfigs(CaromdTest):
    """Neither a start nor --check gets further than to the faults, and both tell them all."""

    def expect_faults(self, *messages, text=None):
        self.write_config(text)
        self.expect_refusal(UNUSABLE, *messages)
        self.expect_refusal(UNUSABLE, *messages, arguments=["--check"])

    def test_malformed_json(self):
        self.expect_faults(f"{CONFIG}: line 3, column 7: '}}' expected near '\"vips\"'",
                           text='{\n\t"node": {"interfaces": [{"name": "eth0"}]}\n\t"vips": {}\n}\n')

    def test_end_of_file_in_json(self):
        self.expect_faults(f"{CONFIG}: line 2, column 1: string or '}}' expected near end of file",
                           text='{"node": {\n')

    def test_empty_file(self):
        self.expect_faults(f"{CONFIG}: line 1, column 1: nothing there; expected a JSON object", text="")

    def test_no_file(self):
        CONFIG.unlink(missing_ok=True)
        self.expect_refusal(UNUSABLE, f"{CONFIG}: No such file or directory")

    def test_duplicate_key(self):
        self.expect_faults(f"{CONFIG}: line 2, column 2: duplicate key 'vips'",
                           text='{"node": {"interfaces": [{"name": "eth0"}]}, "vips": {},\n'
                                '"vips": {}}')

    def test_unknown_key(self):
        self.config["vips"]["web"]["adress"] = "192.0.2.10"
        self.expect_faults(
            "vip 'web': unknown key 'adress'; did you mean 'address'? Known keys: address, port,"
            " protocol, ring_slots, tracking, on_down, backends (at /vips/web/adress)")

    def test_missing_key(self):
        del self.config["node"]["interfaces"]
        self.expect_faults("node: key 'interfaces' is missing (at /node)")

    def test_wrong_type(self):
        self.config["vips"]["web"]["port"] = "80"
        self.expect_faults("vip 'web': port is '80', a string; expected an integer from 0 to 65535"
                           " (at /vips/web/port)")

    def test_port_out_of_range(self):
        self.config["vips"]["web"]["port"] = 65536
        self.expect_faults("vip 'web': port 65536 is out of range; expected 0 to 65535"
                           " (at /vips/web/port)")

    def test_bad_address(self):
        self.config["vips"]["web"]["backends"]["b1"]["address"] = "10.0.0.300"
        self.expect_faults("vip 'web': backend 'b1': address '10.0.0.300' is not an IP address"
                           " (at /vips/web/backends/b1/address)")

    def test_two_vips_of_one_address(self):
        self.config["vips"]["shop"] = self.config["vips"]["web"]
        self.expect_faults("vip 'web': address '192.0.2.10' with port 80 and protocol 'tcp' is that"
                           " of vip 'shop' (at /vips/web/address)")

    def test_backend_that_is_a_vip(self):
        self.config["vips"]["web"]["backends"]["b1"]["address"] = "192.0.2.10"
        self.expect_faults("vip 'web': backend 'b1': address '192.0.2.10' is that of vip 'web'; a packet"
                           " sent there would come straight back"
                           " (at /vips/web/backends/b1/address)")

    def test_too_much_for_the_limits(self):
        self.config["node"]["limits"]["slots"] = 4096
        self.expect_faults("vips: 8192 slots in all exceed node.limits.slots, which is 4096"
                           " (at /vips)")

    def test_all_faults_at_once(self):
        self.config["node"]["colour"] = "red"
        self.config["vips"]["web"]["port"] = -1
        self.config["vips"]["numbers"]["protocol"] = "sctp"
        self.expect_faults(
            "node: unknown key 'colour'; known keys: name, interfaces, hash_seed, outer_source4,"
            " outer_source6, limits, flow_idle_timeout_ms, bpf_dir, state_dir (at /node/colour)",
            "vip 'web': port -1 is out of range; expected 0 to 65535 (at /vips/web/port)",
            "vip 'numbers': protocol 'sctp' is unknown; expected 'tcp' or 'udp'"
            " (at /vips/numbers/protocol)")

    def test_faults_of_all_stages(self):
        """What values are, what they are together, and what they name on this host."""
        self.config["node"]["hash_seed"] = 1
        self.config["api"].update(listen=["0.0.0.0:80", "there"], socket_group="no-such-group",
                                  tokens="/run/no-tokens")
        self.config["vips"]["web"]["port"] = "80"
        self.config["vips"]["shop"] = self.config["vips"]["numbers"]
        self.expect_faults(
            "node: hash_seed is an integer; expected a string (at /node/hash_seed)",
            "api: listen[1] 'there' cannot be listened on; expected 'unix:/PATH',"
            " 'IPV4:PORT' or '[IPV6]:PORT' (at /api/listen/1)",
            "api: listen[0] '0.0.0.0:80' is not on loopback; what listens there needs api.tls"
            " (at /api/listen/0)",
            "vip 'web': port is '80', a string; expected an integer from 0 to 65535"
            " (at /vips/web/port)",
            "vip 'shop': address '192.0.2.10' with port 5000 and protocol 'udp' is that of vip 'numbers'"
            " (at /vips/shop/address)",
            "api.socket_group 'no-such-group': this host has no such group",
            "api.tokens '/run/no-tokens': open it: No such file or directory")

    def test_check_warns_of_missing_interfaces(self):
        """It may be for another host."""
        self.config["node"]["interfaces"].append({"name": "eth7"})
        self.write_config()
        warning = ("warning", "interface 'eth7' does not exist in this network namespace")
        caromd = self.launch("--check")
        self.assertEqual(caromd.end(), 0, caromd.lines())
        self.assertEqual(caromd.lines(), [warning])
        self.assertIn(": good: ", caromd.output)
        self.config["node"]["name"] = ""
        self.write_config()
        caromd = self.launch("--check")
        self.assertEqual(caromd.end(), 1)
        self.assertEqual((len(caromd.lines()), caromd.lines()[-1]), (3, warning))

    def test_check_of_a_good_one(self):
        self.write_config()
        caromd = self.launch("--check", prefix=["setpriv", "--bounding-set=-all"])
        self.assertEqual(caromd.end(), 0, caromd.lines())
        self.assertEqual(caromd.output, f"{CONFIG}: good: 2 vips, 2 backends\n")
        self.assertEqual(self.state(), self.BARE)


class BadCommandLines(CaromdTest):
    def expect_usage(self, *arguments, complaint=()):
        result = self.balancer.run(CAROMD, *arguments, check=False)
        lines = result.stderr.splitlines()
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertEqual(lines[:len(complaint) + 1], [*complaint, USAGE])
        self.assertEqual(self.state(), self.BARE)

    def test_unknown_option(self):
        self.expect_usage("--colour", complaint=[f"{CAROMD}: unrecognized option '--colour'"])

    def test_option_without_its_argument(self):
        self.expect_usage("-c", complaint=[f"{CAROMD}: option requires an argument -- 'c'"])

    def test_argument_too_many(self):
        self.expect_usage("start", complaint=["caromd: unexpected argument 'start'"])

    def test_two_actions(self):
        self.expect_usage("--check", "--detach",
                          complaint=["caromd: --check and --detach exclude each other"])

    def test_help_and_version(self):
        shown = self.balancer.run(CAROMD, "--help")
        self.assertEqual((shown.stdout.splitlines()[0], shown.stderr), (USAGE, ""))
        shown = self.balancer.run(CAROMD, "--version")
        self.assertRegex(shown.stdout, r"^caromd \d+\.\d+\.\d+\n$")


class BadHosts(CaromdTest):
    def setUp(self):
        super().setUp()
        self.write_config()

    def test_unknown_interface(self):
        self.config["node"]["interfaces"][0]["name"] = "eth7"
        self.write_config()
        self.expect_refusal("interface 'eth7' does not exist in this network namespace")

    def test_no_capabilities(self):
        for action in ([], ["--detach"]):
            self.expect_refusal(
                "capabilities to attach XDP programs are missing: cap_bpf cap_net_admin"
                " cap_sys_admin; run this as root, or grant them in a unit (AmbientCapabilities=)",
                arguments=action, prefix=["setpriv", "--bounding-set=-all"])

    def test_one_capability_less(self):
        self.expect_refusal(
            "capabilities to attach XDP programs are missing: cap_net_admin; run this as root, or"
            " grant them in a unit (AmbientCapabilities=)",
            prefix=["setpriv", "--bounding-set=-net_admin"])

    def test_kernel_that_refuses(self):
        needs = ("; carom needs Linux 6.1 or later with CONFIG_BPF_SYSCALL, and no filter in front"
                 " of bpf(2)")
        array = "make a BPF array that can be mapped into memory"
        program = "load an XDP program with compare-and-exchange and bpf_xdp_load_bytes"
        for command, error, attempt, reason in (
                ("all", errno.ENOSYS, array, "Function not implemented"),
                ("all", errno.EINVAL, array, "Invalid argument"),
                ("map_create", errno.EPERM, array, "Operation not permitted"),
                ("prog_load", errno.EINVAL, program, "Invalid argument")):
            self.expect_refusal(f"the kernel ({KERNEL}) refuses to {attempt}: {reason}{needs}",
                                prefix=[REFUSE_BPF, command, error])

    def test_another_program_on_the_interface(self):
        for mode in ("auto", "native", "generic"):
            self.balancer.put_xdp("eth0", "xdpgeneric" if mode == "generic" else "xdpdrv")
            (number, name, _), = self.balancer.xdp("eth0")
            self.config["node"]["interfaces"][0]["mode"] = mode
            self.write_config()
            self.expect_refusal(
                f"interface 'eth0': another XDP program is attached (id {number}, '{name}'), and it"
                " leaves no room for a second; take it off with: ip link set eth0 xdp off")
            self.balancer.take_xdp_off("eth0")

    def test_second_interface_fails(self):
        """The first, which had been attached by then, is bare again."""
        self.balancer.put_xdp("eth1")
        self.config["node"]["interfaces"].append({"name": "eth1"})
        self.write_config()
        before = self.state()
        caromd = self.launch()
        self.assertEqual(caromd.end(), 1)
        self.assertEqual(len(caromd.messages("error")), 1)
        self.assertRegex(caromd.messages("error")[0],
                         "^interface 'eth1': another XDP program is attached ")
        self.assertRegex(caromd.messages("info")[0], "^interface 'eth0': attached in native mode")
        self.assertEqual(self.state(), before)
        self.assertIsNone(self.balancer.xdp("eth0"))

    def test_bpf_dir_outside_of_a_bpffs(self):
        self.config["node"]["bpf_dir"] = "/run/elsewhere/carom"
        self.write_config()
        self.expect_refusal("node.bpf_dir '/run/elsewhere/carom' does not lie on a bpffs; mount one"
                            " with: mount -t bpf bpf FOLDER, or choose a folder under /sys/fs/bpf")
        self.assertFalse(os.path.exists("/run/elsewhere"))

    def test_state_dir_that_is_not_needed(self):
        """What a start that fails has made, it removes again; what was there, stays."""
        folder = pathlib.Path("/run/fresh")
        self.config["node"].update(state_dir=str(folder), interfaces=[{"name": "eth7"}])
        self.write_config()
        for is_there in (False, True):
            if is_there:
                folder.mkdir()
                self.addCleanup(folder.rmdir)
            self.expect_refusal("interface 'eth7' does not exist in this network namespace")
            self.assertEqual(folder.exists(), is_there)

    def test_state_dir_that_cannot_be_made(self):
        self.config["node"]["state_dir"] = "/run/none/carom"
        self.write_config()
        self.expect_refusal("cannot make node.state_dir '/run/none/carom':"
                            " No such file or directory")


class TakenAddresses(CaromdTest):
    """An API that cannot be listened on is found before any packet is touched."""

    def setUp(self):
        super().setUp()
        SOCKET.parent.mkdir()

    def tearDown(self):
        shutil.rmtree(SOCKET.parent)
        super().tearDown()

    def test_another_process_on_the_socket(self):
        self.write_config()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(SOCKET))
            other.listen()
            self.expect_refusal(f"api: listen on 'unix:{SOCKET}': another process listens there")
            self.assertTrue(SOCKET.is_socket())

    def test_what_is_not_a_socket(self):
        self.write_config()
        SOCKET.write_text("precious")
        self.expect_refusal(f"api: listen on 'unix:{SOCKET}': what is there is not a socket")
        self.assertEqual(SOCKET.read_text(), "precious")

    def test_second_address_is_taken(self):
        """The first, which had been opened by then, is gone again."""
        for listen, family, address in (("127.0.0.1:7007", socket.AF_INET, ("127.0.0.1", 7007)),
                                        ("[::1]:7007", socket.AF_INET6, ("::1", 7007))):
            self.config["api"]["listen"] = [f"unix:{SOCKET}", listen]
            self.write_config()
            with self.balancer.inside():
                other = socket.socket(family)
            with other:
                other.bind(address)
                other.listen()
                self.expect_refusal(f"api: listen on '{listen}': another process listens there")


class OtherInstances(CaromdTest):
    """The one that runs is not disturbed."""

    def test_second_on_the_same_instance(self):
        caromd = self.start()
        for action in ([], ["--detach"]):
            self.expect_refusal(f"another caromd runs the instance '{BPF}/carom'", arguments=action)
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.stop(caromd)

    def test_another_instance_on_the_same_interface(self):
        caromd = self.start()
        (number, name, _), = self.balancer.xdp("eth0")
        self.config["node"]["bpf_dir"] = str(BPF / "other")
        self.config["api"]["listen"] = ["unix:/run/other/api.sock"]
        self.write_config()
        self.expect_refusal(
            "interface 'eth0': another carom, with another bpf_dir, serves there (program id"
            f" {number}, '{name}'), and it leaves no room for a second")
        self.assertFalse(os.path.exists("/run/other"))
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.stop(caromd)

    def test_second_on_the_same_state(self):
        self.config["node"]["state_dir"] = "/run/state"
        self.write_config()
        caromd = self.start()
        self.config["node"]["bpf_dir"] = str(BPF / "other")
        self.write_config()
        self.expect_refusal("another caromd uses node.state_dir '/run/state'")
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.stop(caromd)

    def test_another_instance_on_another_interface(self):
        first = self.start()
        self.config["node"]["bpf_dir"] = str(BPF / "other")
        self.config["node"]["interfaces"][0]["name"] = "eth1"
        self.config["api"]["listen"] = ["unix:/run/other/api.sock"]
        second = self.start()
        self.stop(second)
        removed = self.balancer.run(CAROMD, "--config", CONFIG, "--detach")
        self.assertEqual(removed.stdout, f"{BPF}/other: taken off 1 interfaces\n")
        self.assertIsNone(self.balancer.xdp("eth1"))
        self.assertIsNotNone(self.balancer.xdp("eth0"))
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.stop(first)


if __name__ == "__main__":
    sys.exit(tap.main())
