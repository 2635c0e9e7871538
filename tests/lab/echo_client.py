# SPDX-License-Identifier: BSD-2-Clause
"""Load whose every byte is accounted for, until SIGTERM: held TCP connections and UDP flows, and a
steady stream of short ones.

Prints `held` when the held ones are open, and at the end one line of JSON: the failures, and the
datagrams that nobody answered, in words; how much there was of everything; and what was sent to and
received from each server over TCP.
Nothing is tried twice. A flow that hears another name than before, or another count of bytes than
it has sent, has failed; what TCP itself repairs has not.
"""

import argparse
import asyncio
import collections
import contextlib
import json
import random
import signal
import time

import echo_frame

TIMEOUT_S = 25  # retransmissions included
DATAGRAM_TIMEOUT_S = 0.5  # until the next one is sent
EDGE_DATAGRAM_TIMEOUT_S = 5  # for a flow's first answer, and for its last ones
REQUEST_BYTES_MAX = 3000
DATAGRAM_BYTES_MAX = 1200
HELD_PAUSE_S = 1.0
SHORT_PAUSE_S = 0.05
SHORT_EXCHANGES_MAX = 8


class Failure(Exception):
    pass


class Flow:
    """To one server, from beginning to end."""

    def __init__(self, address):
        self.address = address
        self.local = None
        self.name = None

    def __str__(self):
        return f"{type(self).__name__} from {self.local} to {self.address} at {self.name}"

    def check(self, name):
        if self.name not in (None, name):
            raise Failure(f"{name} answers")
        self.name = name


class Tcp(Flow):
    def __init__(self, address):
        super().__init__(address)
        self.sent = self.received = 0

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection(self.address, echo_frame.PORT)
        self.local = self.writer.get_extra_info("sockname")[:2]

    async def exchange(self):
        request = echo_frame.request(random.randbytes(random.randint(1, REQUEST_BYTES_MAX)))
        self.writer.write(request)
        self.sent += len(request)
        reply = await self.reader.readexactly(echo_frame.reply_bytes(request))
        self.received += len(reply)
        name, total, echoed = echo_frame.parse_reply(reply)
        self.check(name)
        if total != self.sent or echoed != request:
            raise Failure(f"sent {self.sent} bytes, of which {total} arrived, and "
                          f"{'the same' if echoed == request else 'others'} came back")

    async def close(self):
        """Both sides have heard all when the server has closed, too."""
        self.writer.write_eof()
        rest = await self.reader.read()
        if rest:
            raise Failure(f"{len(rest)} bytes too many")
        self.writer.close()


class Udp(Flow, asyncio.DatagramProtocol):
    def __init__(self, address):
        super().__init__(address)
        self.replies = asyncio.Queue()
        self.unanswered = {}  # requests, and when they were sent

    def datagram_received(self, data, _peer):
        self.replies.put_nowait(data)

    async def open(self):
        self.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, remote_addr=(self.address, echo_frame.PORT))
        self.local = self.transport.get_extra_info("sockname")[:2]

    async def exchange(self):
        request = echo_frame.request(random.randbytes(random.randint(1, DATAGRAM_BYTES_MAX)))
        self.transport.sendto(request)
        self.unanswered[request] = time.time()
        await self.hear(DATAGRAM_TIMEOUT_S if self.name else EDGE_DATAGRAM_TIMEOUT_S)

    async def hear(self, seconds):
        """Until all is answered, but no longer: answers may come late, or never."""
        with contextlib.suppress(asyncio.TimeoutError):
            async with asyncio.timeout(seconds):
                while self.unanswered:
                    name, _, request = echo_frame.parse_reply(await self.replies.get())
                    self.check(name)
                    if not self.unanswered.pop(request, None):
                        raise Failure(f"{name} answers what was not asked, or answers twice")

    async def close(self):
        await self.hear(EDGE_DATAGRAM_TIMEOUT_S)
        self.transport.close()


class Load:
    def __init__(self, options):
        self.options = options
        self.ending = asyncio.Event()
        self.failures = []
        self.losses = []
        self.counts = collections.Counter()
        self.totals = collections.defaultdict(collections.Counter)

    async def attempt(self, flow, action):
        """Whether it worked."""
        try:
            await asyncio.wait_for(action, TIMEOUT_S)
            return True
        except (OSError, EOFError, Failure, asyncio.TimeoutError) as error:
            self.failures.append(f"{time.time():.3f} {flow}: {error!r}")
            return False

    async def pause(self, seconds):
        """No longer than the load goes on."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds * random.uniform(0.5, 1.5))

    def new(self, kind):
        return kind(random.choice(self.options.addresses))

    async def hold(self, flow):
        while not self.ending.is_set():
            await self.pause(HELD_PAUSE_S)
            if not await self.attempt(flow, flow.exchange()):
                return
        await self.close(flow, "held")

    async def run_short(self, kind):
        while not self.ending.is_set():
            flow = self.new(kind)
            if await self.attempt(flow, flow.open()) and await self.exchange_some(flow):
                await self.close(flow, "short")

    async def exchange_some(self, flow):
        for _ in range(random.randint(1, SHORT_EXCHANGES_MAX)):
            if not await self.attempt(flow, flow.exchange()):
                return False
            await self.pause(SHORT_PAUSE_S)
        return True

    async def close(self, flow, how):
        if not await self.attempt(flow, flow.close()):
            return
        self.counts[f"{how}_{type(flow).__name__.lower()}"] += 1
        if isinstance(flow, Udp):
            self.losses += [f"{sent:.3f} {flow}" for sent in flow.unanswered.values()]
        else:
            self.totals[flow.name].update(connections=1, sent=flow.sent, received=flow.received)

    async def run(self):
        options = self.options
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.ending.set)
        held = [self.new(Tcp) for _ in range(options.tcp)]
        held += [self.new(Udp) for _ in range(options.udp)]
        await asyncio.gather(*(self.attempt(flow, flow.open()) for flow in held))
        await asyncio.gather(*(self.attempt(flow, flow.exchange()) for flow in held if flow.local))
        print("held", flush=True)
        await asyncio.gather(*(self.hold(flow) for flow in held if flow.name),
                             *(self.run_short(Tcp) for _ in range(options.short_tcp)),
                             *(self.run_short(Udp) for _ in range(options.short_udp)))
        print(json.dumps({"failures": self.failures, "losses": self.losses,
                          "counts": self.counts, "totals": self.totals}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("addresses", nargs="+")
    parser.add_argument("--tcp", type=int, default=0, help="held connections")
    parser.add_argument("--udp", type=int, default=0, help="held flows")
    parser.add_argument("--short-tcp", type=int, default=0, help="short connections at a time")
    parser.add_argument("--short-udp", type=int, default=0, help="short flows at a time")
    asyncio.run(Load(parser.parse_args()).run())
