# SPDX-License-Identifier: BSD-2-Clause
"""The lab's web client: bounded load on one URL. Prints a line for each request:

  CONNECTION START NAME     or     CONNECTION START failed: WHY

CONNECTION is `new`, one for this request alone, or `held-N`, one of those that are opened first and
used until the end. START is in seconds since the epoch; NAME is who answered. Nothing is tried
twice: a connection that breaks is a failure.
"""

import argparse
import http.client
import signal
import threading
import time
from urllib.parse import urlsplit

TIMEOUT_S = 5
HELD_PAUSE_S = 0.02


class Load:
    def __init__(self, options):
        self.options = options
        self.url = urlsplit(options.url)
        self.deadline = time.monotonic() + options.seconds
        self.lock = threading.Lock()
        self.started = 0

    def may_start(self):
        with self.lock:
            self.started += 1
            return self.started <= self.options.requests and time.monotonic() < self.deadline

    def connect(self):
        return http.client.HTTPConnection(self.url.netloc, timeout=TIMEOUT_S)

    def ask(self, connection, name, headers):
        """Whether there was an answer."""
        start = time.time()
        try:
            connection.request("GET", self.url.path, headers=headers)
            response = connection.getresponse()
            body = response.read().decode().strip()
            outcome = body if response.status == 200 else f"failed: status {response.status}"
        except (OSError, http.client.HTTPException) as error:
            outcome = f"failed: {error!r}"
        with self.lock:
            print(f"{name} {start:.6f} {outcome}")
        return not outcome.startswith("failed")

    def run_new(self):
        while self.may_start():
            connection = self.connect()
            self.ask(connection, "new", {"Connection": "close"})
            connection.close()

    def run_held(self, name):
        connection = self.connect()
        while self.ask(connection, name, {}) and time.monotonic() < self.deadline:
            connection.auto_open = False  # once open, it is not to be opened again
            time.sleep(HELD_PAUSE_S)
        connection.close()

    def run(self):
        threads = [threading.Thread(target=self.run_held, args=(f"held-{number}",))
                   for number in range(self.options.held)]
        threads += [threading.Thread(target=self.run_new) for _ in range(self.options.parallel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends at once, without a traceback
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--requests", type=int, default=1_000_000, help="stop after so many new ones")
    parser.add_argument("--seconds", type=float, default=60, help="stop after so long")
    parser.add_argument("--parallel", type=int, default=4, help="new connections at a time")
    parser.add_argument("--held", type=int, default=0, help="held connections")
    Load(parser.parse_args()).run()
