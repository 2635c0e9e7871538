#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""caromd that has started can do little, and touches only what is its own: its user, its system
calls, its folder on disk, its pins, and the control page of its maps.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import host
import tap
from host import BPF, CAROMD, CONFIG, SOCKET, CaromdTest, Traffic, run, wait_until

USER = 65527  # on a host without a user `carom`
NAMED_USER = 60999
OTHER = 1234
STATE = Path("/run/state")
SECCOMP_FILTER = 2
CAP_DAC_READ_SEARCH = 2
BACKEND = "/v1/vips/web/backends/b1"


def setUpModule():
    CaromdTest.peer, CaromdTest.balancer = host.make_network()


def process_status(path):
    lines = (line.split(":", 1) for line in (path / "status").read_text().splitlines())
    return {name: value.split() for name, value in lines}


def child_of(process):
    children, = Path(f"/proc/{process.pid}/task/{process.pid}").glob("children")
    number, = children.read_text().split()
    return Path(f"/proc/{number}")


def has_ended(process):
    """An orphan stays as a zombie in the sandbox, whose first process is this test."""
    return not process.exists() or process_status(process)["State"][0] == "Z"


@contextlib.contextmanager
def named_user():
    """The host has a user `carom`, as far as this sandbox sees."""
    passwd = Path("/run/passwd")
    passwd.write_text(Path("/etc/passwd").read_text()
                      + f"carom:x:{NAMED_USER}:{NAMED_USER}::/:/usr/sbin/nologin\n")
    run("mount", "--bind", passwd, "/etc/passwd")
    try:
        yield
    finally:
        run("umount", "/etc/passwd")


class Running(CaromdTest):
    def expect_user(self, caromd, user):
        threads = list(Path(f"/proc/{caromd.process.pid}/task").iterdir())
        self.assertGreater(len(threads), 1)
        for thread in threads:
            found = process_status(thread)
            self.assertEqual((found["Uid"], found["Gid"], found["Groups"]),
                             ([str(user)] * 4, [str(user)] * 4, []))
            self.assertEqual((found["Seccomp"], found["NoNewPrivs"]), ([str(SECCOMP_FILTER)], ["1"]))
        self.assertEqual(self.client.get("/v1/status").json()["process"], {
            "uid": user, "gid": user, "groups": [], "no_new_privs": True, "seccomp": "filter"})

    def test_user(self):
        caromd = self.start()
        self.expect_user(caromd, USER)
        self.stop(caromd)

    def test_user_of_that_name(self):
        with named_user():
            caromd = self.start()
            self.expect_user(caromd, NAMED_USER)
            self.stop(caromd)

    def test_user_that_it_is_started_as(self):
        """It has the capabilities by its unit's AmbientCapabilities, say, and stays that user."""
        SOCKET.parent.mkdir()
        os.chown(SOCKET.parent, OTHER, OTHER)
        os.chown(BPF, OTHER, OTHER)
        wanted = ",".join(f"+{name}" for name in ("bpf", "net_admin", "sys_admin"))
        try:
            caromd = self.start(prefix=[
                "setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups",
                f"--inh-caps=-all,{wanted}", f"--ambient-caps=-all,{wanted}"])
            self.expect_user(caromd, OTHER)
            self.assertEqual(SOCKET.stat().st_uid, OTHER)
            caromd.signal(signal.SIGHUP)
            caromd.wait_for(f"{CONFIG} is in force")
            self.stop(caromd)
            self.assertEqual(self.state()["sockets"], [str(SOCKET.parent)])
        finally:
            os.chown(BPF, 0, 0)

    def test_what_root_may_write_it_may_not(self):
        caromd = self.start()
        found = process_status(Path(f"/proc/{caromd.process.pid}"))
        user, group = int(found["Uid"][0]), int(found["Gid"][0])
        victim = Path("/run/cron.d/carom")  # as /etc/cron.d is: root's, 0755
        victim.parent.mkdir()
        self.addCleanup(victim.parent.rmdir)
        tried = subprocess.run(["touch", victim], user=user, group=group, extra_groups=[],
                               capture_output=True, text=True, check=False)
        self.assertIn("Permission denied", tried.stderr)
        self.stop(caromd)

    def test_socket_is_root_s_and_goes(self):
        caromd = self.start()
        status = SOCKET.stat()
        self.assertEqual((status.st_uid, stat.S_IMODE(status.st_mode)), (0, 0o660))
        self.stop(caromd)
        self.assertEqual(self.state()["sockets"], [])

    def test_socket_of_another_process_stays(self):
        caromd = self.start()
        SOCKET.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(SOCKET))
            self.stop(caromd)
            self.assertTrue(SOCKET.is_socket())

    def test_keeper(self):
        """It is root, but opens nothing for writing; and it ends with caromd, however that ends."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            caromd = self.start()
            keeper = child_of(caromd.process)
            found = process_status(keeper)
            self.assertEqual((found["Seccomp"], found["NoNewPrivs"]), ([str(SECCOMP_FILTER)], ["1"]))
            self.assertEqual({int(found[name][0], 16) for name in ("CapPrm", "CapEff")},
                             {1 << CAP_DAC_READ_SEARCH})
            caromd.end(number)
            wait_until(lambda path=keeper: has_ended(path), "end of the keeper")

    def test_reload_without_keeper(self):
        caromd = self.start()
        os.kill(int(child_of(caromd.process).name), signal.SIGKILL)
        caromd.signal(signal.SIGHUP)
        caromd.wait_for("the keeper of files .* does not answer: .*; restart caromd")
        caromd.wait_for(f"{CONFIG}: Broken pipe|{CONFIG}: Connection reset")
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.stop(caromd)

    def test_reload_of_what_only_root_may_read(self):
        self.write_config()
        CONFIG.chmod(0o600)
        caromd = self.start()
        self.config["vips"]["web"]["backends"]["b1"]["weight"] = 7
        self.write_config()
        CONFIG.chmod(0o600)
        caromd.signal(signal.SIGHUP)
        caromd.wait_for(f"{CONFIG} is in force")
        self.assertEqual(self.client.get(BACKEND).json()["weight"], 7)
        self.stop(caromd)

    def test_does_not_stay_root_without_cap_setuid(self):
        self.write_config()
        self.expect_refusal(
            "caromd does not stay root, but lacks cap_setuid or cap_setgid to become uid 65527;"
            " grant them, or start it as a user of its own",
            prefix=["setpriv", "--bounding-set=-setuid"])


class StateDir(CaromdTest):
    def setUp(self):
        super().setUp()
        STATE.mkdir()
        STATE.chmod(0o755)
        self.addCleanup(run, "rm", "-r", STATE)
        self.config["node"]["state_dir"] = str(STATE)

    def put_and_stop(self, caromd, weight):
        self.assertEqual(self.client.put(BACKEND, {"address": "10.0.0.1", "weight": weight}).status,
                         200)
        self.stop(caromd)

    def owners(self):
        return {path.stat().st_uid for path in (STATE, *STATE.iterdir())}

    def give(self, user):
        for path in (STATE, *STATE.iterdir()):
            os.chown(path, user, user)

    def test_is_given_to_the_user(self):
        self.put_and_stop(self.start(), 2)
        self.assertEqual(self.owners(), {USER})

    def test_of_an_older_version(self):
        """Which ran as root, and left it root's alone; or before there was a user `carom`."""
        self.put_and_stop(self.start(), 2)
        self.give(0)
        STATE.chmod(0o700)
        caromd = self.start()
        self.assertEqual(self.client.get(BACKEND).json()["weight"], 2)
        self.put_and_stop(caromd, 3)
        self.assertEqual(self.owners(), {USER})
        with named_user():
            caromd = self.start()
            self.assertEqual(self.client.get(BACKEND).json()["weight"], 3)
            self.put_and_stop(caromd, 4)
        self.assertEqual(self.owners(), {NAMED_USER})

    def test_links_are_not_given(self):
        """Neither by a link nor by a second name does a file elsewhere become the user's."""
        victim = Path("/run/victim")
        victim.write_text("root's")
        self.addCleanup(victim.unlink)
        (STATE / "link").symlink_to(victim)
        os.link(victim, STATE / "name")
        self.stop(self.start())
        self.assertEqual(victim.stat().st_uid, 0)

    def expect_both(self, message):
        """Neither a start nor --check takes it."""
        self.write_config()
        self.expect_refusal(message)
        self.expect_refusal(f"{CONFIG} cannot be used:", message, arguments=["--check"])

    def test_that_others_can_write_is_refused(self):
        for mode in (0o777, 0o775, 0o702):
            STATE.chmod(mode)
            self.expect_both(f"node.state_dir '{STATE}': its mode {mode:04o} lets others write to"
                             " it; set it with: chmod go-w")

    def test_of_another_user_is_refused(self):
        self.give(OTHER)
        self.expect_both(f"node.state_dir '{STATE}': it belongs to uid {OTHER}; expected root, or"
                         f" uid {USER}, which caromd runs as")

    def put_beside(self, make):
        """What is no file has the number of a revision to come. Told, and passed by."""
        self.put_and_stop(self.start(), 2)
        path = STATE / "7"
        make(path)
        caromd = self.start()
        self.assertIn(f"{path} is not a regular file, and is not read", caromd.messages("error"))
        self.assertEqual(self.client.get(BACKEND).json()["weight"], 2)
        self.assertGreater(self.client.revision(), 7)
        self.put_and_stop(caromd, 3)
        caromd = self.start()
        self.assertEqual(self.client.get(BACKEND).json()["weight"], 3)
        self.stop(caromd)
        self.assertTrue(path.is_symlink() or path.exists())

    def test_pipe_is_not_waited_for(self):
        self.put_beside(os.mkfifo)

    def test_link_is_not_followed(self):
        self.put_beside(lambda path: path.symlink_to("/etc/passwd"))

    def test_socket_is_not_opened(self):
        def bind(path):
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(path))
        self.put_beside(bind)

    def test_pipe_in_the_place_of_the_file_to_come(self):
        os.mkfifo(STATE / "new")
        self.put_and_stop(self.start(), 2)
        self.assertFalse((STATE / "new").exists())


class Pins(CaromdTest):
    FOLDER = BPF / "carom"

    def pin(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        run("bpftool", "map", "create", path, "type", "array", "key", "4", "value", "4",
            "entries", "1", "name", "foreign")

    def test_of_others_stay(self):
        foreign = [self.FOLDER / "foreign", self.FOLDER / "maps/foreign"]
        for path in foreign:
            self.pin(path)
        self.stop(self.start())
        self.assertTrue(all(path.exists() for path in foreign))
        self.config["node"]["hash_seed"] = "another"  # so nothing is adopted
        self.stop(self.start())
        self.assertTrue(all(path.exists() for path in foreign))
        detached = self.balancer.run(CAROMD, "--config", CONFIG, "--detach")
        self.assertEqual(sorted(path for path in self.FOLDER.rglob("*") if path.is_file()),
                         sorted(foreign))
        self.assertIn(f"'{self.FOLDER}/maps' stays: it has what is not carom's", detached.stderr)

    def test_folder_is_the_root_of_a_bpffs(self):
        for folder in (str(BPF), f"{BPF}/", "/sys/fs/bpf"):
            self.config["node"]["bpf_dir"] = folder
            self.write_config()
            message = (f"node.bpf_dir '{folder}' is the root of a bpffs, where others have their"
                       f" pins; choose a folder of its own in it, such as '{folder}/carom'")
            self.expect_refusal(message)
            self.expect_refusal(f"{CONFIG} cannot be used:", message, arguments=["--check"])

    def test_folder_outside_of_a_bpffs_is_told_by_check(self):
        self.config["node"]["bpf_dir"] = "/run/elsewhere/carom"
        self.write_config()
        self.expect_refusal(f"{CONFIG} cannot be used:",
                            "node.bpf_dir '/run/elsewhere/carom' does not lie on a bpffs; mount one"
                            " with: mount -t bpf bpf FOLDER, or choose a folder under /sys/fs/bpf",
                            arguments=["--check"])


class ControlPage(CaromdTest):
    ACTIVE = slice(4, 8)

    def write_active(self, number):
        """As another process could that has CAP_BPF."""
        path = BPF / "carom/maps/data_control"
        entry, = json.loads(run("bpftool", "--json", "map", "dump", "pinned", path).stdout)
        value = entry["value"]
        value[self.ACTIVE] = [f"0x{byte:02x}" for byte in number.to_bytes(4, sys.byteorder)]
        run("bpftool", "map", "update", "pinned", path, "key", *entry["key"], "value", *value)

    def test_foreign_write_is_noticed_and_taken_back(self):
        caromd = self.start()
        self.assertEqual(self.client.get("/v1/status").json()["control_page"],
                         {"foreign_writes": 0})
        self.write_active(77)
        caromd.wait_for(r"another process wrote to the control page of the data plane \(active\);"
                        " that is taken back")
        self.assertEqual(self.client.get("/v1/status").json()["control_page"],
                         {"foreign_writes": 1})
        with Traffic(self.peer) as traffic:
            traffic.wait_for(100)
        self.assertEqual(sorted(traffic.received), list(range(traffic.sent)))
        self.assertEqual(self.client.put(BACKEND, {"address": "10.0.0.1", "weight": 3}).status, 200)
        self.stop(caromd)


if __name__ == "__main__":
    sys.exit(tap.main())
