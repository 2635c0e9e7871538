# SPDX-License-Identifier: BSD-2-Clause
"""GET /v1/events, read event by event."""

import json
import time

from rest_client import HttpConnection

TIMEOUT_S = 10


class EventStream:
    def __init__(self, client, query="", headers=None):
        self.socket = client.connect()
        connection = HttpConnection(self.socket)
        connection.request("GET", f"/v1/events{query}", headers=headers or {})
        self.response = connection.getresponse()

    def close(self):
        self.response.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def event(self):
        """The next one, as a dict of its fields; None at the end. Comments are passed over."""
        fields, deadline = {}, time.monotonic() + TIMEOUT_S
        while line := self.response.readline():
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                if time.monotonic() > deadline:
                    raise TimeoutError("no event came")
                continue
            if not line and fields:
                return fields
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
        return None

    def revision(self):
        event = self.event()
        return event["event"], int(event["id"]), json.loads(event["data"])
