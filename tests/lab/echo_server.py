# SPDX-License-Identifier: BSD-2-Clause
"""Echoes what echo_client.py sends, over TCP and UDP, and says its name. On SIGTERM prints what it
counted over TCP, as JSON.

Usage: echo_server.py NAME ADDRESS…
"""

import asyncio
import json
import signal
import sys

import echo_frame

BACKLOG = 4096


class Echo(asyncio.Protocol):
    """One connection."""

    def __init__(self, name, totals):
        self.name = name
        self.totals = totals
        self.buffer = b""
        self.received = 0  # in whole requests

    def connection_made(self, transport):
        self.transport = transport
        self.totals["connections"] += 1
        self.totals["open"] += 1

    def data_received(self, data):
        self.totals["received"] += len(data)
        self.buffer += data
        while request := echo_frame.take_request(self.buffer):
            self.buffer = self.buffer[len(request):]
            self.received += len(request)
            reply = echo_frame.reply(self.name, self.received, request)
            self.totals["sent"] += len(reply)
            self.transport.write(reply)

    def connection_lost(self, error):
        self.totals["open"] -= 1
        self.totals["broken"] += bool(error or self.buffer)


class EchoDatagrams(asyncio.DatagramProtocol):
    def __init__(self, name):
        self.name = name

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.transport.sendto(echo_frame.reply(self.name, len(data), data), peer)


async def main(name, addresses):
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    totals = dict.fromkeys(("connections", "received", "sent", "open", "broken"), 0)
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await loop.create_server(lambda: Echo(name, totals), addresses, echo_frame.PORT,
                             backlog=BACKLOG)
    for address in addresses:  # a socket for each, or answers would come from another address
        await loop.create_datagram_endpoint(lambda: EchoDatagrams(name),
                                            (address, echo_frame.PORT))
    await ended.wait()
    print(json.dumps({name: totals}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
