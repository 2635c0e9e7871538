# SPDX-License-Identifier: BSD-2-Clause
"""The lab's web server: says its name, on every address, over IPv4 and IPv6.

  /             the name
  /slow?ms=N    the name, N milliseconds later
  /bytes?n=N    N bytes

Usage: backend_http.py NAME [PORT]
"""

import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections alive
    disable_nagle_algorithm = True
    server_version = "backend"

    def do_GET(self):
        url = urlsplit(self.path)
        answer = {"/": self.name, "/slow": self.slow, "/bytes": self.bytes}.get(url.path)
        if answer is None:
            return self.send_error(404)
        try:
            body = answer(parse_qs(url.query))
        except (KeyError, ValueError):
            return self.send_error(400)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Backend", self.server.name)
        self.end_headers()
        self.wfile.write(body)

    def name(self, _query):
        return self.server.name.encode() + b"\n"

    def slow(self, query):
        time.sleep(int(query["ms"][0]) / 1000)
        return self.name(query)

    def bytes(self, query):
        return b"x" * int(query["n"][0])

    def log_message(self, *_arguments):
        pass


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6  # and, mapped, IPv4
    request_queue_size = 1024

    def __init__(self, name, port):
        self.name = name
        super().__init__(("::", port), Handler)


if __name__ == "__main__":
    Server(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 80).serve_forever()
