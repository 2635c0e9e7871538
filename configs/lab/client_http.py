# SPDX-License-Identifier: BSD-2-Clause
"""The lab's web client: bounded load on one URL, and a line for each request:

  KIND CONNECTION START OUTCOME

KIND is `new`, a connection of its own for the request, or `held`, one of the connections that are
opened first and used until the end. START is in seconds since the epoch. OUTCOME is the name that
answered, or `failed: ` and why.
"""

import argparse
import http.client
import signal
import threading
import time
from urllib.parse import urlsplit

TIMEOUT_S = 5
HELD_PAUSE_S = 0.02


def request(connection, path, headers):
    """The line's end: when the request began, and what came of it."""
    start = time.time()
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read().decode().strip()
        outcome = body if response.status == 200 else f"failed: status {response.status}"
    except (OSError, http.client.HTTPException) as error:
        outcome = f"failed: {error!r}"
    return f"{start:.6f} {outcome}"


class Load:
    def __init__(self, options):
        self.options = options
        self.url = urlsplit(options.url)
        self.deadline = time.monotonic() + options.seconds
        self.lock = threading.Lock()
        self.started = 0
        self.lines = []

    def connect(self):
        return http.client.HTTPConnection(self.url.netloc, timeout=TIMEOUT_S)

    def take_number(self):
        """The number of the next request, or None when it is enough."""
        with self.lock:
            if self.started == self.options.requests or time.monotonic() > self.deadline:
                return None
            self.started += 1
            return self.started

    def run_new(self):
        while (number := self.take_number()) is not None:
            connection = self.connect()
            line = request(connection, self.url.path, {"Connection": "close"})
            connection.close()
            self.lines.append(f"new {number} {line}")

    def run_held(self, number):
        connection = self.connect()
        connection.connect()
        connection.auto_open = False  # a held connection that breaks is a failure
        while time.monotonic() <= self.deadline:
            self.lines.append(f"held {number} {request(connection, self.url.path, {})}")
            time.sleep(HELD_PAUSE_S)
        connection.close()

    def run(self):
        threads = [threading.Thread(target=self.run_new) for _ in range(self.options.parallel)]
        threads += [threading.Thread(target=self.run_held, args=(number,))
                    for number in range(self.options.held)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("\n".join(self.lines))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends at once, without a traceback
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--requests", type=int, default=-1, help="stop after so many new ones")
    parser.add_argument("--seconds", type=float, default=60, help="stop after so long")
    parser.add_argument("--parallel", type=int, default=4, help="new connections at a time")
    parser.add_argument("--held", type=int, default=0, help="held connections")
    Load(parser.parse_args()).run()
