#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What was answered is in node.state_dir: at each system call of a write, caromd is killed, or the
call fails. What was refused is not there, nor in the data plane.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import concurrent.futures
import errno
import http.client
import mmap
import os
import signal
import struct
import sys
import threading
from pathlib import Path

import host
import tap
from host import BUILD, CAROMD, CONFIG, CaromdTest, run
from openapi_document import SCHEMAS, Document

SHIM = BUILD / "tests/lab/libfault_shim.so"
STATE = Path("/run/state")
FOLDER = STATE / "carom"
CONTROL = Path("/run/fault")
BACKEND = "/v1/vips/web/backends/b1"
STALL_S = 8  # longer than a stopping caromd waits for its clients
DOCUMENT = Document((Path(__file__).parents[2] / "api/openapi.yaml").read_text())


def setUpModule():
    CaromdTest.peer, CaromdTest.balancer = host.make_network()


class Faults:
    """What fault_shim.c is told: a struct control, in memory that both share."""

    LAYOUT = struct.Struct("=QQIIII")
    ACTIONS = ("none", "kill before", "kill within", "kill after", "fail", "short", "stall")

    def __init__(self):
        CONTROL.write_bytes(bytes(self.LAYOUT.size))
        with CONTROL.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.LAYOUT.size)

    def set(self, action="none", at=0, number=0, lasts=False):
        """Calls are counted from here on."""
        self.memory[:] = self.LAYOUT.pack(0, at, self.ACTIONS.index(action), number, lasts, 0)

    def calls(self):
        return self.LAYOUT.unpack(self.memory[:])[0]

    PREFIX = ("env", f"LD_PRELOAD={SHIM}", f"FAULT_CONTROL={CONTROL}", f"FAULT_FOLDER={FOLDER}",
              "ASAN_OPTIONS=verify_asan_link_order=0")


class DurabilityTest(CaromdTest):
    def setUp(self):
        super().setUp()
        STATE.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=4m", "state", STATE)
        self.addCleanup(self.unmount)
        self.config["node"]["state_dir"] = str(FOLDER)
        self.faults = Faults()

    def unmount(self):
        run("umount", STATE)
        STATE.rmdir()

    def detach(self):
        self.balancer.run(CAROMD, "--config", CONFIG, "--detach")

    def start_with_faults(self):
        self.faults.set()
        return self.start(prefix=Faults.PREFIX)

    def put_weight(self, weight):
        return self.client.put(BACKEND, {"address": "10.0.0.1", "weight": weight})

    def weight(self):
        return self.client.get(BACKEND).json()["weight"]

    def settle(self):
        """Until what was in force at the start is stored, too."""
        host.wait_until(lambda: self.store()["stored_revision"] == self.client.revision(),
                        "stored revision", lambda: str(self.store()))

    def store(self):
        status = self.client.get("/v1/status").json()
        self.assertEqual(DOCUMENT.faults({"$ref": SCHEMAS + "Status"}, status), [])
        return status["store"]

    def shape(self):
        """What is desired, and what the data plane has of it."""
        status = self.client.get("/v1/status").json()
        self.assertEqual(status["published_revision"], status["revision"])
        published = {vip: sorted(status["vips"][vip]["backends"]) for vip in status["vips"]}
        desired = self.client.get("/v1/vips").json()
        self.assertEqual(published, {vip: sorted(desired[vip]["backends"]) for vip in desired})
        return desired


class Stored(DurabilityTest):
    MORE = {"address": "192.0.2.11", "port": 80, "protocol": "tcp"}

    def put_and_lose_power(self):
        """Neither the process nor the data plane is left. Returns the revision that was answered."""
        caromd = self.start()
        reply = self.client.put("/v1/vips/more", self.MORE)
        self.assertEqual(reply.status, 201, reply)
        caromd.end(signal.SIGKILL)
        self.detach()
        return reply.json()["revision"]

    def test_write_survives(self):
        revision = self.put_and_lose_power()
        caromd = self.start()
        self.assertIn(f"revision {revision} is taken from '{FOLDER}'", caromd.messages("info"))
        self.assertEqual(self.client.revision(), revision)
        self.assertEqual(sorted(self.shape()), ["more", "numbers", "web"])
        self.assertEqual(self.store()["faults"], [])
        self.stop(caromd)

    def test_torn_end_is_cut_off(self):
        revision = self.put_and_lose_power()
        path = FOLDER / str(revision - 1)
        length = path.stat().st_size
        os.truncate(path, length - 1)
        caromd = self.start()
        store = self.store()
        fault, = store["faults"]
        self.assertEqual(caromd.messages("warning"), [
            f"{path} is torn at byte {fault['offset']} of {length - 1}; what came before that is"
            f" used, up to revision {revision - 1}"])
        self.assertEqual(fault, {"file": str(revision - 1), "fault": "torn",
                                 "offset": fault["offset"], "used_revision": revision - 1})
        self.assertEqual(path.stat().st_size, fault["offset"])
        self.assertEqual(sorted(self.shape()), ["numbers", "web"])
        self.assertEqual(self.put_weight(7).status, 200)
        self.stop(caromd)

    def test_corrupt_record_is_passed_over(self):
        revision = self.put_and_lose_power()
        path = FOLDER / str(revision - 1)
        text = bytearray(path.read_bytes())
        text[-2] ^= 1
        path.write_bytes(text)
        caromd = self.start()
        fault, = self.store()["faults"]
        self.assertEqual((fault["fault"], fault["used_revision"]), ("corrupt", revision - 1))
        message, = caromd.messages("error")
        self.assertIn(f"{path} is corrupt at byte {fault['offset']} of {len(text)}", message)
        self.assertEqual(sorted(self.shape()), ["numbers", "web"])
        self.assertGreater(self.client.revision(), revision)
        self.assertEqual(path.read_bytes(), text)
        self.stop(caromd)

    def test_nothing_good_is_no_start(self):
        revision = self.put_and_lose_power()
        (FOLDER / str(revision - 1)).write_bytes(b"?")
        caromd = self.launch()
        self.assertEqual(caromd.end(), 1)
        self.assertEqual(caromd.messages("error")[-1],
                         f"node.state_dir '{FOLDER}' has 1 files, and not one revision in them is"
                         " good; move it away to begin with the config file's vips")

    def test_stop_does_not_wait_for_the_disk_s_answers(self):
        """The client is cut off when its time is over; the write is there whole, or not at all."""
        caromd = self.start_with_faults()
        self.settle()
        self.faults.set("stall", at=1, number=STALL_S)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            write = pool.submit(self.put_weight, 7)
            host.wait_until(self.faults.calls, "a call for the disk")
            self.assertEqual(caromd.end(signal.SIGTERM), 0, caromd.lines())
            with self.assertRaises((http.client.HTTPException, OSError)):
                write.result()
        caromd = self.start()
        self.assertIn(self.weight(), (1, 7))
        self.shape()
        self.stop(caromd)

    def test_what_fits_the_limits_is_stored_and_published(self):
        """As many other backends have room beside those that are there."""
        self.config["node"]["limits"]["backends"] = 16
        caromd = self.start()
        self.settle()
        path = "/v1/vips/web/backends"
        first, other = ({f"{name}{number}": {"address": f"10.0.{third}.{number}"}
                         for number in range(1, 13)} for name, third in (("a", 8), ("b", 9)))
        self.assertEqual(self.client.put(path, first).status, 200)
        for query in ("?dry_run=true", ""):
            reply = self.client.put(path + query, other)
            self.assertEqual(reply.status, 200, reply)
        caromd.end(signal.SIGKILL)
        caromd = self.start()
        self.assertEqual(sorted(self.client.get(path).json()), sorted(other))
        self.assertEqual(self.client.request("DELETE", "/v1/vips/numbers").status, 200)
        self.stop(caromd)

    def test_full_disk_refuses_the_write(self):
        caromd = self.start()
        self.settle()
        before = self.client.get("/v1/config")
        many = {f"b{number}": {"address": f"10.0.0.{number}"} for number in range(1, 60)}
        with (STATE / "ballast").open("wb", buffering=0) as ballast:
            with self.assertRaises(OSError):
                while True:
                    ballast.write(bytes(1024))
        reply = self.client.put("/v1/vips/web/backends", many)
        self.assertEqual(reply.status, 500, reply)
        detail = (f"the write is refused, as it cannot be stored in node.state_dir '{FOLDER}':"
                  " No space left on device")
        self.assertEqual(reply.json()["detail"], detail)
        after = self.client.get("/v1/config")
        self.assertEqual((after.body, after.headers["ETag"]),
                         (before.body, before.headers["ETag"]))
        self.assertEqual(self.store()["last_refusal"]["detail"], detail)
        self.shape()
        (STATE / "ballast").unlink()
        self.assertEqual(self.client.put("/v1/vips/web/backends", many).status, 200)
        self.stop(caromd)

    def test_read_only_folder_refuses_the_write(self):
        caromd = self.start_with_faults()
        self.settle()
        self.faults.set("fail", 1, errno.EROFS, lasts=True)
        reply = self.put_weight(5)
        self.assertEqual(reply.status, 500, reply)
        self.assertIn(f"'{FOLDER}': Read-only file system", reply.json()["detail"])
        self.assertEqual(self.weight(), 1)
        self.faults.set()
        self.assertEqual(self.put_weight(5).status, 200)
        self.stop(caromd)

    def test_many_changes_cost_little(self):
        """One write and one sync a change, and no dump of all."""
        caromd = self.start_with_faults()
        self.settle()
        self.faults.set()
        for weight in range(2, 12):
            self.assertEqual(self.put_weight(weight).status, 200)
        self.assertEqual(self.faults.calls(), 20)
        self.stop(caromd)


class EachCall(DurabilityTest):
    """A write is appended (a write, a sync), or begins a fresh file, as the next one does after a
    sync that failed. What happens at each call is tried from the first one on, until there is no
    such call any more."""

    CALLS_MAX = 20

    def begin(self, fresh):
        """A caromd that is ready for the write in question."""
        caromd = self.start_with_faults()
        self.settle()
        if fresh:
            self.faults.set("fail", 2, errno.EIO)
            self.assertEqual(self.put_weight(99).status, 500)
        return caromd

    def restart(self, caromd):
        """After a kill that the shim or we sent, and without faults."""
        if caromd.process.poll() is None:
            caromd.end(signal.SIGKILL)
        self.faults.set()
        return self.start()

    def kill_at(self, action, call, fresh):
        """Returns whether there was such a call."""
        caromd = self.begin(fresh)
        before = self.weight()
        self.faults.set(action, call)
        try:
            answered = self.put_weight(before + 1).status == 200
        except OSError:
            answered = False
        there_was = self.faults.calls() >= call
        self.assertEqual(answered, not there_was)
        if there_was:
            self.assertEqual(caromd.end(), -signal.SIGKILL)
        caromd = self.restart(caromd)
        possible = [before + 1] if answered else [before, before + 1]
        self.assertIn(self.weight(), possible, (action, call, fresh))
        self.shape()
        self.assertEqual(self.put_weight(before + 2).status, 200)
        caromd = self.restart(caromd)
        self.assertEqual(self.weight(), before + 2)
        caromd.end(signal.SIGKILL)
        return there_was

    def kill_at_each(self, action, fresh):
        call = 1
        while self.kill_at(action, call, fresh):
            call += 1
            self.assertLess(call, self.CALLS_MAX)
        return call - 1

    def test_kill_before_each_call_of_an_append(self):
        self.assertEqual(self.kill_at_each("kill before", fresh=False), 2)

    def test_kill_within_each_call_of_an_append(self):
        self.assertEqual(self.kill_at_each("kill within", fresh=False), 2)

    def test_kill_after_each_call_of_an_append(self):
        self.assertEqual(self.kill_at_each("kill after", fresh=False), 2)

    def test_kill_before_each_call_of_a_fresh_file(self):
        self.assertGreaterEqual(self.kill_at_each("kill before", fresh=True), 5)

    def test_kill_within_each_call_of_a_fresh_file(self):
        self.assertGreaterEqual(self.kill_at_each("kill within", fresh=True), 5)

    def test_kill_after_each_call_of_a_fresh_file(self):
        self.assertGreaterEqual(self.kill_at_each("kill after", fresh=True), 5)

    def fail_at(self, call, fresh, **fault):
        """Refused, nothing is changed, and the next one succeeds. Returns whether there was such a
        call."""
        caromd = self.begin(fresh)
        before = self.client.get("/v1/config")
        weight = self.weight()
        self.faults.set(at=call, **fault)
        reply = self.put_weight(weight + 1)
        there_was = self.faults.calls() >= call
        self.faults.set()
        if reply.status == 200:
            self.assertFalse(there_was and fault.get("lasts"), (call, fault))
        else:
            self.assertEqual(reply.status, 500, reply)
            self.assertIn(f"node.state_dir '{FOLDER}': {os.strerror(fault['number'])}",
                          reply.json()["detail"])
            after = self.client.get("/v1/config")
            self.assertEqual((after.body, after.headers["ETag"]),
                             (before.body, before.headers["ETag"]))
            self.shape()
        expected = self.weight()
        caromd = self.restart(caromd)
        self.assertEqual(self.weight(), expected, (call, fresh, fault))
        caromd.end(signal.SIGKILL)
        return there_was

    def recover_from(self, fresh, **fault):
        """Each call fails in turn, in one process: the writes after that succeed."""
        caromd = self.begin(fresh)
        for call in range(1, 9):
            if fresh:
                self.faults.set("fail", 2, errno.EIO)
                self.put_weight(99)
            self.faults.set(at=call, **fault)
            self.put_weight(99)
            self.faults.set()
            self.assertEqual(self.put_weight(call + 1).status, 200, (call, fault))
        self.shape()
        weight = self.weight()
        caromd = self.restart(caromd)
        self.assertEqual(self.weight(), weight)
        self.assertEqual(caromd.messages("error"), [])
        self.stop(caromd)

    def fail_at_each(self, fresh, **fault):
        call = 1
        while self.fail_at(call, fresh, **fault):
            call += 1
            self.assertLess(call, self.CALLS_MAX)
        return call - 1

    def test_no_space_at_each_call_of_an_append(self):
        self.fail_at_each(fresh=False, action="short", number=errno.ENOSPC)

    def test_no_space_at_each_call_of_a_fresh_file(self):
        self.fail_at_each(fresh=True, action="short", number=errno.ENOSPC)

    def test_bad_disk_at_each_call_of_an_append(self):
        self.fail_at_each(fresh=False, action="fail", number=errno.EIO)

    def test_bad_disk_at_each_call_of_a_fresh_file(self):
        self.fail_at_each(fresh=True, action="fail", number=errno.EIO)

    def test_recovers_from_no_space(self):
        self.recover_from(fresh=False, action="short", number=errno.ENOSPC)
        self.recover_from(fresh=True, action="short", number=errno.ENOSPC)

    def test_recovers_from_a_bad_disk(self):
        self.recover_from(fresh=False, action="fail", number=errno.EIO, lasts=True)
        self.recover_from(fresh=True, action="fail", number=errno.EIO, lasts=True)

    def test_recovers_from_read_only(self):
        self.recover_from(fresh=False, action="fail", number=errno.EROFS, lasts=True)
        self.recover_from(fresh=True, action="fail", number=errno.EROFS, lasts=True)


class Together(DurabilityTest):
    """Several clients write at once, each a backend of its own, so that writes share a sync."""

    CLIENTS = 8
    BACKENDS = [f"b{number}" for number in range(1, 1 + CLIENTS)]

    @classmethod
    def setUpClass(cls):
        """The peer is all backends, for caromd gives those that do not answer time at its start."""
        for number in range(cls.CLIENTS):
            run("ip", "-n", cls.peer.name, "address", "add", cls.address(number), "dev", "lb0")

    @staticmethod
    def address(number):
        return f"10.0.0.{10 + number}"

    def setUp(self):
        super().setUp()
        self.config["vips"]["web"]["backends"] = {
            name: {"address": self.address(number)} for number, name in enumerate(self.BACKENDS)}

    def write_until_cut_off(self, name, number, answered):
        """Weights that grow, until nobody answers."""
        try:
            for weight in range(2, 60000):
                reply = self.client.put(f"/v1/vips/web/backends/{name}",
                                        {"address": self.address(number), "weight": weight})
                if reply.status != 200:
                    return
                answered[name] = weight
        except OSError:
            pass

    def kill_at(self, action, call, fresh=False):
        """Kills while they write; then asks what is there."""
        caromd = self.start_with_faults()
        self.settle()
        if fresh:
            self.faults.set("fail", 2, errno.EIO)
            self.assertEqual(self.client.delete("/v1/vips/numbers").status, 500)
        answered = {name: 1 for name in self.BACKENDS}
        self.faults.set(action, call)
        threads = [threading.Thread(target=self.write_until_cut_off, args=(name, number, answered))
                   for number, name in enumerate(self.BACKENDS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(caromd.end(), -signal.SIGKILL)
        self.faults.set()
        self.expect_answered(answered, (action, call, fresh))

    def expect_answered(self, answered, what):
        caromd = self.start()
        found = {name: backend["weight"]
                 for name, backend in self.client.get("/v1/vips/web/backends").json().items()}
        for name in self.BACKENDS:
            self.assertIn(found[name], (answered[name], answered[name] + 1), (name, what))
        self.shape()
        caromd.end(signal.SIGKILL)
        self.detach()
        for path in FOLDER.iterdir():
            path.unlink()

    KILLS = ("kill before", "kill within", "kill after")

    def test_killed(self):
        for call in range(20, 38):
            self.kill_at(self.KILLS[call % 3], call)

    def test_killed_in_a_fresh_file(self):
        for call in range(1, 8):
            self.kill_at(self.KILLS[call % 3], call, fresh=True)
            self.kill_at(self.KILLS[(call + 1) % 3], call, fresh=True)


class History(DurabilityTest):
    def test_outlives_caromd(self):
        caromd = self.start()
        for weight in (2, 3):
            self.assertEqual(self.put_weight(weight).status, 200)
        self.assertEqual(self.client.delete("/v1/vips/numbers").status, 200)
        before = self.client.get("/v1/revisions").json()
        caromd.end(signal.SIGKILL)
        self.detach()
        caromd = self.start()
        self.assertEqual(self.client.get("/v1/revisions").json(), before)
        self.assertEqual([(each["revision"], each["vips_added"], each["vips_changed"],
                           each["vips_removed"]) for each in before],
                         [(4, 0, 0, 1), (3, 0, 1, 0), (2, 0, 1, 0), (1, None, None, None)])
        self.assertEqual(before[-1]["author"], "config file")
        self.stop(caromd)

    def test_restore(self):
        caromd = self.start()
        first = self.client.get("/v1/vips").json()
        self.assertEqual(self.put_weight(2).status, 200)
        self.assertEqual(self.client.delete("/v1/vips/numbers").status, 200)
        reply = self.client.post("/v1/revisions/1/restore")
        self.assertEqual((reply.status, reply.json()), (200, {"revision": 4, "changed": True}))
        self.assertEqual(self.shape(), first)
        self.assertEqual(self.client.get("/v1/revisions/1").json()["vips"], first)
        self.assertEqual(self.client.get("/v1/revisions/4/diff?against=1").json(), [])
        self.assertEqual(self.client.get("/v1/revisions/2/diff").json(), [
            {"op": "replace", "path": "/vips/web/backends/b1/weight", "value": 2}])
        again = self.client.post("/v1/revisions/1/restore")
        self.assertEqual(again.json(), {"revision": 4, "changed": False})
        caromd.end(signal.SIGKILL)
        self.detach()
        caromd = self.start()
        self.assertEqual(self.shape(), first)
        self.stop(caromd)

    def test_restore_is_checked_again(self):
        caromd = self.start()
        many = {f"b{number}": {"address": f"10.0.1.{number}"} for number in range(1, 21)}
        self.assertEqual(self.client.put("/v1/vips/web/backends", many).status, 200)
        self.assertEqual(self.client.delete("/v1/vips/web").status, 200)
        self.stop(caromd)
        self.config["node"]["limits"]["backends"] = 10
        caromd = self.start()
        reply = self.client.post("/v1/revisions/2/restore")
        self.assertEqual(reply.status, 422, reply)
        self.assertIn("exceed node.limits.backends, which is 10", reply.json()["detail"])
        self.assertEqual(sorted(self.shape()), ["numbers"])
        self.stop(caromd)

    def test_unknown_revisions(self):
        caromd = self.start()
        for path in ("/v1/revisions/7", "/v1/revisions/7/diff", "/v1/revisions/1/diff?against=7",
                     "/v1/revisions/x", "/v1/revisions/01"):
            self.assertEqual(self.client.get(path).status, 404, path)
        self.assertEqual(self.client.post("/v1/revisions/7/restore").status, 404)
        reply = self.client.get("/v1/revisions/1/diff")
        self.assertEqual((reply.status, reply.json()["detail"]), (
            404, "revision 1 is the first: there is none before it to compare it with"))
        self.assertEqual(self.client.get("/v1/revisions?limit=0").status, 400)
        self.stop(caromd)

    def test_without_a_folder(self):
        self.config["node"]["state_dir"] = ""
        caromd = self.start()
        self.assertEqual(self.put_weight(2).status, 200)
        self.assertEqual(self.client.post("/v1/revisions/1/restore").json()["revision"], 3)
        self.assertEqual(len(self.client.get("/v1/revisions?limit=2").json()), 2)
        self.assertIsNone(self.store())
        text = self.client.request("GET", "/v1/revisions", headers={"Accept": "text/plain"})
        self.assertEqual(text.body.decode().split("\n")[0].split()[:3],
                         ["REVISION", "TIME", "AUTHOR"])
        self.stop(caromd)


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("to be run in a sandbox")
    sys.exit(tap.main())
