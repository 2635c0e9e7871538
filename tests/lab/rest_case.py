# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of a caromd's REST API share: its client, two VIPs, and what is expected of answers.

A script takes CLIENT, RestTest, setUpModule and tearDownModule from here.
"""

import os
import time
import unittest

from rest_client import TIMEOUT_S, Client

CLIENT = Client(os.environ.get("CAROMD_SOCKET", ""))

WEB = {"address": "198.51.100.10", "port": 443, "protocol": "tcp",
       "backends": {"web-1": {"address": "10.0.1.11", "weight": 10},
                    "web-2": {"address": "10.0.1.12", "weight": 10, "state": "drain"}}}
DNS = {"address": "198.51.100.11", "port": 53, "protocol": "udp",
       "backends": {"dns-1": {"address": "10.0.2.11"}}}


def setUpModule():
    global found_vips
    found_vips = CLIENT.get("/v1/vips").json()


def tearDownModule():
    reply = CLIENT.put("/v1/config", {"vips": found_vips})
    if reply.status != 200:
        raise RuntimeError(f"the VIPs that were there could not be put back: {reply}")


class RestTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.expect_status(CLIENT.put("/v1/config", {"vips": {"web": WEB, "dns": DNS}}), 200)

    def expect_status(self, reply, status):
        self.assertEqual(reply.status, status, f"the answer was {reply}")
        return reply

    def expect_write(self, reply, status, revision, changed):
        self.expect_status(reply, status)
        self.assertEqual(reply.json(), {"revision": revision, "changed": changed})
        self.assertEqual(reply.headers["ETag"], f'"{revision}"')

    def expect_problem(self, reply, status, name):
        """RFC 9457, and nothing of it missing."""
        self.expect_status(reply, status)
        self.assertEqual(reply.headers["Content-Type"], "application/problem+json")
        problem = reply.json()
        self.assertEqual(problem["type"], f"/problems/{name}")
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["title"] and problem["detail"], problem)
        return problem

    def expect_faults(self, reply, status, name, pointers):
        problem = self.expect_problem(reply, status, name)
        self.assertEqual(sorted(error["pointer"] for error in problem["errors"]), sorted(pointers))
        self.assertTrue(all(error["detail"] for error in problem["errors"]), problem)
        return problem

    def expect_alive(self):
        """Within the client's time, which is a busy machine's, too."""
        self.expect_status(CLIENT.get("/healthz"), 200)

    def wait_for_descriptors(self, expected):
        deadline = time.monotonic() + TIMEOUT_S
        while CLIENT.server_descriptors() > expected and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertLessEqual(CLIENT.server_descriptors(), expected)
