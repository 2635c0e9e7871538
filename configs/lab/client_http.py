# SPDX-License-Identifier: BSD-2-Clause
"""The lab's web client: bounded load on one URL, each request on a connection of its own.

Prints a line for each answer, `START NAME TRIES`: when it was asked for, in seconds since the
epoch; the name that answered; and how often it was asked for. As web browsers do, the client asks
once more when a connection breaks. A request that has no answer then is `START failed: WHY`.
"""

import argparse
import http.client
import signal
import threading
import time
from urllib.parse import urlsplit

TIMEOUT_S = 5
TRIES_MAX = 2


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

    def ask(self):
        connection = http.client.HTTPConnection(self.url.netloc, timeout=TIMEOUT_S)
        try:
            connection.request("GET", self.url.path, headers={"Connection": "close"})
            response = connection.getresponse()
            body = response.read().decode().strip()
            return body if response.status == 200 else f"failed: status {response.status}"
        finally:
            connection.close()

    def fetch(self):
        for tries in range(1, TRIES_MAX + 1):
            start = time.time()
            try:
                return f"{start:.6f} {self.ask()} {tries}"
            except (ConnectionError, http.client.RemoteDisconnected) as error:
                failure = error
            except (OSError, http.client.HTTPException) as error:
                return f"{start:.6f} failed: {error!r}"
        return f"{start:.6f} failed: {failure!r}"

    def work(self):
        while self.may_start():
            line = self.fetch()
            with self.lock:
                print(line)

    def run(self):
        threads = [threading.Thread(target=self.work) for _ in range(self.options.parallel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends at once, without a traceback
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--requests", type=int, default=1_000_000, help="stop after so many")
    parser.add_argument("--seconds", type=float, default=60, help="stop after so long")
    parser.add_argument("--parallel", type=int, default=4, help="at a time")
    Load(parser.parse_args()).run()
