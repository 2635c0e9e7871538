#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Large answers, which caromd makes beside its event loop: whole, of one revision, and at nobody
else's cost, whatever their readers do.

To be run in a sandbox, with the environment's CAROM_BUILD naming what to run. Speaks TAP.
"""

import contextlib
import os
import resource
import signal
import sys
import threading

import host
import tap
from host import CaromdTest
from rest_client import HttpConnection, read_reply

VIPS = 300
BACKENDS = 16
WEIGHTS = range(2, 42)
READERS = 8
LEAVERS = 100
CROWD = 700  # more than may run and wait
HELD_BYTES_MAX = 256 << 20  # of answers that caromd keeps for readers
FILES_MAX = 4096
READ_BYTES = 1 << 20

LARGE_READS = ("/v1/config", "/v1/vips", "/v1/status", "/v1/stats", "/v1/drops", "/metrics",
               "/v1/revisions/1")


def setUpModule():
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))
    CaromdTest.peer, CaromdTest.balancer = host.make_network()


def make_vips(weight):
    return {f"vip-{number:03}": {
        "address": f"198.18.{number >> 8}.{number & 255}", "port": 443, "protocol": "tcp",
        "ring_slots": 256,
        "backends": {f"backend-{place:02}": {"address": f"10.128.{number >> 4}.{place}",
                                             "weight": weight} for place in range(BACKENDS)},
    } for number in range(VIPS)}


def weights_of(vips):
    return {backend["weight"] for vip in vips.values() for backend in vip["backends"].values()}


def request(target, method="GET", extra=""):
    return f"{method} {target} HTTP/1.1\r\nHost: caromd\r\n{extra}\r\n".encode()


class ReadersTest(CaromdTest):
    def setUp(self):
        super().setUp()
        self.config["node"]["limits"] = {"vips": VIPS, "backends": 2 * VIPS * BACKENDS,
                                         "slots": 4 * VIPS * 256, "flows": 1024}
        self.config["vips"] = make_vips(1)
        self.caromd = self.start()

    def ask(self, target, **options):
        connected = self.client.connect()
        self.addCleanup(connected.close)
        connected.sendall(request(target, **options))
        return connected

    def expect_whole(self, reply):
        self.assertEqual(reply.status, 200, reply)
        self.assertEqual(len(reply.body), int(reply.headers["Content-Length"]))


class Answers(ReadersTest):
    def test_of_one_revision_beside_writers(self):
        """Step by step all weights change at once, and each is a revision's."""
        weights = {self.client.revision(): 1}
        seen, faults, done = set(), [], threading.Event()

        def read():
            while not done.is_set():
                reply = self.client.get("/v1/config")
                found = weights_of(reply.json()["vips"])
                if len(found) != 1 or reply.status != 200:
                    faults.append(f"{reply.status}, weights {found}")
                seen.add((int(reply.headers["ETag"].strip('"')), *found))

        threads = [threading.Thread(target=read) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        for weight in WEIGHTS:
            reply = self.client.put("/v1/config", {"vips": make_vips(weight)})
            self.assertEqual(reply.status, 200, reply)
            weights[reply.json()["revision"]] = weight
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])
        self.assertGreater(len(seen), 1)
        self.assertEqual({pair for pair in seen if weights[pair[0]] != pair[1]}, set())
        self.stop(self.caromd)

    def test_without_their_bodies(self):
        for target in LARGE_READS:
            whole = self.client.get(target)
            self.expect_whole(whole)
            reply = read_reply(self.ask(target, method="HEAD"), "HEAD")
            self.assertEqual((reply.status, reply.body), (200, b""))
            self.assertEqual(reply.headers["Content-Type"], whole.headers["Content-Type"])
            self.assertIn("Content-Length", reply.headers)

    def test_of_what_is_known(self):
        for target in ("/v1/config", "/v1/vips"):
            tag = self.client.get(target).headers["ETag"]
            known = self.client.request("GET", target, headers={"If-None-Match": tag})
            self.assertEqual((known.status, known.body), (304, b""))
            other = self.client.request("GET", target, headers={"If-Match": '"77"'})
            self.assertEqual(other.status, 412, other)

    def test_in_their_order_on_one_connection(self):
        connected = self.client.connect()
        self.addCleanup(connected.close)
        connection = HttpConnection(connected)
        for target in LARGE_READS + ("/healthz",) + LARGE_READS:
            connection.request("GET", target)
            response = connection.getresponse()
            self.assertEqual(response.status, 200, target)
            response.read()

    def test_as_a_table(self):
        reply = self.client.request("GET", "/v1/status", headers={"Accept": "text/plain"})
        self.expect_whole(reply)
        self.assertEqual(len(reply.body.splitlines()), 1 + VIPS * BACKENDS)

    def test_of_what_is_not_there(self):
        for target in ("/v1/revisions/77", "/v1/revisions/1/diff", "/v1/vips/none/backends"):
            self.assertEqual(self.client.get(target).status, 404, target)


class Readers(ReadersTest):
    def test_that_leave_meanwhile(self):
        descriptors = self.client.server_descriptors()
        for number in range(LEAVERS):
            self.ask(LARGE_READS[number % len(LARGE_READS)]).close()
        self.expect_whole(self.client.get("/v1/status"))
        host.wait_until(lambda: self.client.server_descriptors() <= descriptors,
                        "end of the connections that were left")
        self.stop(self.caromd)

    def test_that_are_too_many(self):
        crowd = [self.client.connect() for _ in range(CROWD)]
        for connected in crowd:
            self.addCleanup(connected.close)
            connected.sendall(request("/v1/status"))
        replies = [read_reply(connected) for connected in crowd]
        refused = [reply for reply in replies if reply.status != 200]
        self.assertGreater(len(refused), 0)
        self.assertLess(len(refused), CROWD)
        self.assertEqual({(reply.status, reply.json()["detail"]) for reply in refused},
                         {(503, "too many large answers are waited for already")})
        for reply in replies:
            self.assertEqual(len(reply.body), int(reply.headers["Content-Length"]))

    def test_that_read_nothing(self):
        """They are cut off for the sake of others, and writes are not refused on their account."""
        length = len(self.client.get("/v1/status").body)
        stalled = []
        for number in range(HELD_BYTES_MAX // length + 1):
            stalled.append(self.ask("/v1/status"))
            stalled[-1].recv(1)
        reply = self.client.put("/v1/vips/vip-000/backends/backend-00",
                                {"address": "10.0.0.1", "weight": 7})
        self.assertEqual(reply.status, 200, reply)
        host.wait_until(lambda: self.client.get("/v1/status").status == 200, "room for an answer")
        self.assertLess(self.count_until_end(stalled[0]), length)

    @staticmethod
    def count_until_end(connected):
        """How many bytes still come."""
        count = 0
        with contextlib.suppress(ConnectionError):
            while received := len(connected.recv(READ_BYTES)):
                count += received
        return count

    def test_that_a_stop_meets(self):
        """Each has its answer, or is refused, and caromd ends in order."""
        asked = [self.ask("/v1/status") for _ in range(READERS * 4)]
        asked[0].recv(1)
        self.caromd.signal(signal.SIGTERM)
        statuses = []
        for connected in asked[1:]:
            try:
                reply = read_reply(connected)
            except (ConnectionError, ValueError):
                continue
            statuses.append(reply.status)
            self.assertEqual(len(reply.body), int(reply.headers["Content-Length"]))
        self.assertLessEqual(set(statuses), {200, 503})
        asked[0].close()
        self.stop(self.caromd, None)


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("to be run in a sandbox")
    sys.exit(tap.main())
