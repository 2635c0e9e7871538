# SPDX-License-Identifier: BSD-2-Clause
"""A client of caromd's REST API that may misbehave: raw bytes, half requests, many connections.

The address is a Unix socket's path; nothing here starts caromd.
"""

import http.client
import json
import os
import socket
import struct

TIMEOUT_S = 30


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        self.closes = response.will_close

    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body.decode(errors='replace')[:2000]}"


class HttpConnection(http.client.HTTPConnection):
    """HTTP over a socket that is connected already."""

    def __init__(self, connected):
        super().__init__("caromd", timeout=TIMEOUT_S)
        self.sock = connected


class Client:
    def __init__(self, path):
        self.path = path
        self.server_pid = None

    def connect(self):
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(TIMEOUT_S)
        connected.connect(self.path)
        return connected

    def request(self, method, target, body=None, headers=None):
        """One request on a connection of its own. A body that is not text is sent as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        with self.connect() as connected:
            connection = HttpConnection(connected)
            connection.request(method, target, body, headers)
            return Reply(connection.getresponse())

    def get(self, target):
        return self.request("GET", target)

    def put(self, target, body, headers=None):
        return self.request("PUT", target, body, headers)

    def post(self, target):
        return self.request("POST", target)

    def delete(self, target):
        return self.request("DELETE", target)

    def revision(self):
        return int(self.get("/v1/vips").headers["ETag"].strip('"'))

    def server_descriptors(self):
        """How many files the process at the other end has open. Asked again, it makes no connection
        of its own, which would be counted or not by who is faster."""
        if not self.server_pid:
            with self.connect() as connected:
                credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            self.server_pid, _, _ = struct.unpack("3i", credentials)
        return len(os.listdir(f"/proc/{self.server_pid}/fd"))


def read_reply(connected, method="GET"):
    """The next answer on a connection to which something was sent by hand."""
    response = http.client.HTTPResponse(connected, method=method)
    response.begin()
    return Reply(response)


def read_replies(connected, methods):
    """Several answers: HTTPResponse reads ahead, so all must be read from one file."""

    class Shared:
        def __init__(self, file):
            self.file = file

        def makefile(self, _mode):
            return self.file

    class Unclosed:
        """A response closes its file at its end; the next one needs it still."""

        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def close(self):
            pass

    shared = Shared(Unclosed(connected.makefile("rb")))
    return [read_reply(shared, method) for method in methods]


def put_header(target, length, extra=""):
    return (f"PUT {target} HTTP/1.1\r\nHost: caromd\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n{extra}\r\n").encode()
