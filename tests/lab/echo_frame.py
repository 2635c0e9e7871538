# SPDX-License-Identifier: BSD-2-Clause
"""What echo_client.py and echo_server.py say to each other: frames over TCP, datagrams over UDP.

A request is a length and so many bytes. The reply to it is the server's name, how many bytes the
connection has brought it so far, and the request once more: so each side can tell, to the byte,
what the other one got, and the client, who the other one is.
"""

import struct

PORT = 7

REQUEST = struct.Struct("!I")
REPLY = struct.Struct("!16sQ")


def request(payload):
    return REQUEST.pack(len(payload)) + payload


def take_request(buffer):
    """The whole request that the buffer begins with; b"" if there is none yet."""
    if len(buffer) < REQUEST.size:
        return b""
    end = REQUEST.size + REQUEST.unpack_from(buffer)[0]
    return buffer[:end] if len(buffer) >= end else b""


def reply(name, received, whole_request):
    return REPLY.pack(name.encode(), received) + whole_request


def reply_bytes(whole_request):
    return REPLY.size + len(whole_request)


def parse_reply(frame):
    """Name, bytes received so far, and the request as it arrived."""
    name, received = REPLY.unpack_from(frame)
    return name.rstrip(b"\0").decode(), received, frame[REPLY.size:]
