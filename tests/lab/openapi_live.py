# SPDX-License-Identifier: BSD-2-Clause
"""More requests for the answers that an OpenAPI document describes: what waits, what streams, what
real packets leave behind, and what may become of any request."""

import json
import os
import subprocess
import time
import types

from event_stream import EventStream
from openapi_exercises import (BACKENDS_MAX, PATIENCE_S, WEB, backends, base, clear, is_stream,
                               reset)
from rest_client import Reply

DISCARDED_BODY_BYTES_MAX = 1 << 20


# ---- crowds: as many as can wait or stream, and one more ----

def start(client, method, target):
    """A request whose answer is still to be read."""
    connected = client.connect()
    connected.sendall(f"{method} {target} HTTP/1.1\r\nHost: caromd\r\n\r\n".encode())
    return connected


def crowd(walk, name, count, query, brief_query):
    operation = walk.document.operations[name]
    crowded = [start(walk.client, operation.method, walk.path(operation) + query)
               for _ in range(count)]
    deadline = time.monotonic() + PATIENCE_S
    reply = None
    try:  # some of the others have not been read yet
        while not (reply and reply.status == 503) and time.monotonic() < deadline:
            if is_stream(operation):
                with EventStream(walk.client) as stream:
                    reply = Reply(stream.response) if stream.response.status != 200 else None
            else:
                reply = walk.client.request(operation.method, walk.path(operation) + brief_query)
        if reply:
            walk.judge(operation, reply, 503, f"one more than {count}")
        else:
            walk.fault(operation, f"{count + 1} are not too many")
    finally:
        for connected in crowded:
            connected.close()


def crowds(walk):
    reset(walk)
    revision = f"?revision={walk.client.revision()}&wait_ms="
    crowd(walk, "getConfig", 512, revision + "60000", revision + "100")
    crowd(walk, "streamEvents", 64, "", "")
    crowd(walk, "drainBackend", 256, "?wait_ms=60000", "?wait_ms=100")
    with start(walk.client, "POST", "/v1/capture") as connected:
        connected.recv(1)  # now it has begun, and there is one at a time
        walk.send("capturePackets", 503)


# ---- events ----

def judge_event(walk, stream, expected):
    operation = walk.document.operations["streamEvents"]
    schemas = operation.responses["200"]["content"]["text/event-stream"]["x-events"]
    event = stream.event()
    if sorted(event) != ["data", "event", "id"] or event["event"] != expected:
        walk.fault(operation, f"the event is {event}; expected '{expected}', an id and data")
        return
    for fault in walk.document.faults(schemas[expected], json.loads(event["data"])):
        walk.fault(operation, f"the data of {event} {fault}")


def judge_beginning(walk, stream):
    """Of a stream whose body never ends."""
    response = stream.response
    reply = types.SimpleNamespace(status=response.status, headers=response.headers, body=b"")
    walk.judge(walk.document.operations["streamEvents"], reply, 200, "a stream")


def changes_that_are_too_many(walk):
    """More than an event may hold: every backend of a VIP, all of them with long names."""
    name = "x" * 63
    web = {**base(walk)["vips"]["web"], "backends": {
        f"{name[:-4]}{i:04}": backend
        for i, backend in enumerate(backends(BACKENDS_MAX).values())}}
    clear(walk)
    reset(walk, {"vips": {name: web}})
    for backend in web["backends"].values():
        backend.update(weight=2, state="drain")
    return {"vips": {name: web}}


def events(walk):
    operation = walk.document.operations["streamEvents"]
    last = changes_that_are_too_many(walk)
    with EventStream(walk.client) as stream:
        judge_beginning(walk, stream)
        reset(walk, last)
        judge_event(walk, stream, "revision")
    clear(walk)
    reset(walk)
    with EventStream(walk.client) as stream:
        walk.send("deleteVip", 200)
        judge_event(walk, stream, "revision")
        walk.send("putVip", 201, body=base(walk)["vips"]["web"])
        judge_event(walk, stream, "revision")
    known = walk.client.revision() - 1
    for number, expected in ((known, "revision"), (known + 1000, "reset")):
        for query, headers in ((f"?since={number}", {}), ("", {"Last-Event-ID": str(number)})):
            with EventStream(walk.client, query, headers) as stream:
                judge_event(walk, stream, expected)
    walk.used |= {(operation.name, "since"), (operation.name, "Last-Event-ID")}


# ---- packets ----

def curl(walk, url):
    lab = os.path.basename(os.path.dirname(walk.client.path))
    subprocess.run(["nsenter", f"--net=/run/netns/{lab}-client", "curl", "--silent", "--output",
                    os.devnull, "--max-time", "10", url], check=True)


def packets(walk):
    """In the lab: requests after a drain, so that they are recorded."""
    web = {"address": "192.0.2.10", "port": 80, "protocol": "tcp",
           "backends": {f"backend{n}": {"address": f"10.0.{n}.2"} for n in (1, 2, 3)}}
    reset(walk, {"vips": {"web": web}})
    walk.send("drainBackend", 200, path=WEB + "/backends/backend3/drain")
    for _ in range(30):
        curl(walk, "http://192.0.2.10/")
    deadline = time.monotonic() + PATIENCE_S
    while not walk.client.get("/v1/flows").json() and time.monotonic() < deadline:
        time.sleep(0.1)
    walk.send("listFlows", 200, query=[("limit", "1")])
    walk.send("listFlows", 404, query=[("vip", "none")])
    explanations(walk, web["address"])


def explanations(walk, address):
    """Of a packet that is forwarded, and of one that is not; and again, of the whole frame."""
    for port in 80, 81:
        described = {"source": "198.51.100.2", "source_port": 40000, "destination": address,
                     "destination_port": port, "protocol": "tcp", "length": 100}
        reply = explain(walk, described)
        again = explain(walk, {"frame": reply["bytes_in"]})
        if again != reply:
            walk.fault("POST /v1/explain", f"says {reply}, and of the same frame {again}")


def explain(walk, packet):
    return walk.send("explainPacket", 200, body={**packet, "interface": "eth0"},
                     media_type="application/json").json()


# ---- any request ----

def failures(walk):
    """What `default` describes, as far as it can be brought about."""
    line = "GET /healthz HTTP/1.1\r\nHost: caromd\r\n"
    walk.send_raw("getHealth", 413, f"{line}Content-Length: {DISCARDED_BODY_BYTES_MAX + 1}\r\n\r\n")
    walk.send_raw("getHealth", 400, f"{line}Host: other\r\n\r\n")
    walk.send_raw("getHealth", 417, f"{line}Expect: 200-ok\r\n\r\n")
    walk.send_raw("getHealth", 501, f"{line}Transfer-Encoding: gzip\r\n\r\n")
    walk.send("getHealth", 431, headers={"X": "x" * 20000})
    walk.send_raw("getHealth", 408, line)


def methods(walk):
    """HEAD, OPTIONS, and what a path does not have."""
    answer = walk.document.resolve({"$ref": "#/components/responses/MethodNotAllowed"})
    reset(walk)
    for operation in walk.document.operations.values():
        path = walk.path(operation)
        reply = walk.client.request("TRACE", path)
        if reply.status != 405:
            walk.fault(f"TRACE {path}", f"expected 405; the answer was {reply}")
        else:
            walk.judge_response(f"TRACE {path}", answer, reply)
        if operation.method == "GET" and not is_stream(operation):
            compare_head(walk, operation)


def compare_head(walk, operation):
    head, full = (walk.client.request(method, walk.path(operation)) for method in ("HEAD", "GET"))
    names = sorted(operation.responses["200"].get("headers", {})) + ["Content-Type"]
    if head.body or head.status != full.status or \
            [head.headers[name] for name in names] != [full.headers[name] for name in names]:
        walk.fault(f"HEAD {walk.path(operation)}", f"is not as GET: {head.status} {head.headers}")
