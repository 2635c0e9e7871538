# SPDX-License-Identifier: BSD-2-Clause
"""The requests that bring a caromd to give every answer that its OpenAPI document describes.

Whatever can be told from the document is made from it: its examples, wrong values of its
parameters, the refusals that it announces. The rest is below, by its operations' names. The state
that all begin with is the document's own example of a config.
"""

import time

WEB = "/v1/vips/web"
PATIENCE_S = 10
BACKENDS_MAX = 1024  # the lab's limit
DEEP = [{"op": "copy", "from": "", "path": "/x"}] * 64


def base(walk):
    return walk.document.operations["replaceConfig"].body()[1]


def reset(walk, config=None):
    """Not an exercise: it puts the state back."""
    reply = walk.client.put("/v1/config", config or base(walk))
    if reply.status != 200:
        raise RuntimeError(f"the state cannot be set: {reply}")


def await_status(walk, condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not condition(walk.client.get("/v1/status").json()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain until {what}")
        time.sleep(0.01)


def clear(walk):
    """Room for a state that shares nothing with the one before: the data plane holds both for as
    long as packets may be under way."""
    reset(walk, {"vips": {}})
    await_status(walk, lambda status: not status["limits"]["backends"]["retiring"],
                 "backends that are not there any more have left the data plane")


def accepted(operation):
    """What makes a request of this operation a good one."""
    media_type, body = operation.body()
    return {"body": body, "media_type": media_type}


def is_stream(operation):
    return "text/event-stream" in operation.responses["200"].get("content", {})


# ---- from the document ----

def examples(walk):
    for operation in walk.document.operations.values():
        bodies = list(operation.body_examples()) or [(None, None)]
        for media_type, body in bodies if not is_stream(operation) else ():
            reset(walk)
            walk.send(operation.name, 200, body=body, media_type=media_type)


def tables(walk):
    for operation in walk.document.operations.values():
        if "text/plain; charset=utf-8" in operation.responses["200"].get("content", {}):
            walk.send(operation.name, 200, headers={"Accept": "text/plain"},
                      **accepted(operation))


def pages(walk):
    reset(walk)
    for name in "listVips", "listBackends":
        walk.send(name, 200, query=[("limit", "1")])


def wrong_values(schema):
    if schema.get("type") == "integer":
        return "x", "-1", "1.5", str(schema["maximum"] + 1)
    if schema.get("type") == "boolean":
        return "maybe", "1"
    return ("nonesuch",) if "enum" in schema else ("",)


def companions(operation, parameter):
    return [(other["name"], str(other["example"])) for other in operation.parameters_in("query")
            if other["name"] == parameter.get("x-goes-with")]


def parameters(walk):
    """Each alone, or with the one that it goes with, as the example shows it; and wrong ones, which
    nothing but their kind tells."""
    for operation in walk.document.operations.values():
        for parameter in operation.parameters_in("query"):
            name = parameter["name"]
            if not is_stream(operation):
                reset(walk)
                # A revision must be one that is kept.
                value = walk.client.revision() if name == "against" else parameter["example"]
                walk.send(operation.name, 200, **accepted(operation),
                          query=[(name, str(value).lower()), *companions(operation, parameter)])
            for value in wrong_values(walk.document.resolve(parameter["schema"])):
                walk.send(operation.name, 400, query=[(name, value)], **accepted(operation))
        for parameter in operation.parameters_in("header"):
            if not is_stream(operation):
                reset(walk)
                walk.send(operation.name, 200, headers={parameter["name"]: parameter["example"]},
                          **accepted(operation))


def refusals(walk, body_limits):
    """Of every operation, those that it announces. body_limits: in bytes, by operation."""
    reset(walk)
    for operation in walk.document.operations.values():
        refuse_request(walk, operation)
        if "404" in operation.responses:
            refuse_names(walk, operation)
        if "412" in operation.responses:
            refuse_preconditions(walk, operation)
        if operation.bodies:
            refuse_bodies(walk, operation, body_limits[str(operation)])


def refuse_request(walk, operation):
    walk.send(operation.name, 400, query=[("nonesuch", "1")], **accepted(operation))
    walk.send(operation.name, 403, headers={"Origin": "http://example.org"}, **accepted(operation))
    if "401" in operation.responses:
        walk.send(operation.name, 401, headers={"Authorization": "Bearer x"}, **accepted(operation))
    if "501" in operation.responses:
        walk.send(operation.name, 501, **accepted(operation),
                  headers={"If-Unmodified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"})


def refuse_names(walk, operation):
    for parameter in operation.parameters_in("path"):
        name = parameter["name"]
        if name == "vip" or operation.method not in ("PUT", "DELETE"):
            walk.send(operation.name, 404, path=walk.path(operation, **{name: "none"}),
                      **accepted(operation))


def refuse_preconditions(walk, operation):
    walk.send(operation.name, 412, headers={"If-Match": '"1"'}, **accepted(operation))
    walk.send(operation.name, 400, headers={"If-Match": "1"}, **accepted(operation))
    if operation.method == "GET":
        tag = walk.send(operation.name, 200).headers["ETag"]
        walk.send(operation.name, 304, headers={"If-None-Match": tag})


def refuse_bodies(walk, operation, limit):
    media_type, _ = operation.body()
    for body in ("{", '{"a": 1, "a": 2}'):
        walk.send(operation.name, 400, body=body, media_type=media_type)
    walk.send(operation.name, 415, body="x", media_type="text/plain")
    walk.send(operation.name, 415, body="{}", media_type=media_type,
              headers={"Content-Encoding": "gzip"})
    walk.send_raw(operation.name, 413,
                  f"{operation.method} {walk.path(operation)} HTTP/1.1\r\nHost: caromd\r\n"
                  f"Content-Length: {limit + 1}\r\n\r\n")


# ---- writes ----

def backends(count):
    return {f"b{i}": {"address": f"10.1.{i // 250}.{i % 250 + 1}"} for i in range(count)}


def creations(walk):
    reset(walk)
    printed = walk.client.get("/v1/config").json()
    walk.send("replaceConfig", 200, body=printed, media_type="application/json")
    walk.send("putVip", 201, path="/v1/vips/new", body={**base(walk)["vips"]["web"], "port": 1})
    walk.send("putBackend", 201, path=WEB + "/backends/new", body={"address": "10.0.1.99"})


def conflicts(walk):
    reset(walk)
    web = base(walk)["vips"]["web"]
    taken = web["backends"]["web-2"]["address"]
    clash = {"a": {"address": taken}, "b": {"address": taken}}
    walk.send("replaceConfig", 409, body={"vips": {"a": web, "b": web}})
    walk.send("putVip", 409, path="/v1/vips/other", body=web)
    walk.send("replaceBackends", 409, body=clash)
    walk.send("putBackend", 409, body={"address": taken})
    walk.send("patchConfig", 409, body={"vips": {"other": web}})
    walk.send("patchVip", 409, body={"backends": clash})
    walk.send("patchBackend", 409, body={"address": taken})
    walk.send("patchBackend", 409, body=[{"op": "test", "path": "/weight", "value": 7}])


def invalid(walk):
    reset(walk)
    web = base(walk)["vips"]["web"]
    walk.send("replaceConfig", 422, body={})
    walk.send("putVip", 422, body={**web, "port": 70000, "backends": {"b": {"address": "x"}}})
    walk.send("putVip", 422, body={**web, "backends": {f"b{i}": {} for i in range(150)}})
    walk.send("replaceBackends", 422, body=[])
    walk.send("putBackend", 422, body={"address": "10.0.1.11", "weight": "1"})
    walk.send("patchConfig", 422, body=[{"op": "put"}])
    walk.send("patchVip", 422, body={"port": -1})
    walk.send("patchBackend", 422, body={"address": None})
    walk.send("explainPacket", 422, body={"frame": "00"})
    walk.send("capturePackets", 422, body={"filter": "tcp port"})


def limits(walk):
    """What asks for more than node.limits, or more than a patch may cost."""
    reset(walk)
    web = base(walk)["vips"]["web"]
    too_many = backends(BACKENDS_MAX + 1)
    walk.send("replaceConfig", 422, body={"vips": {"web": {**web, "backends": too_many}}})
    walk.send("putVip", 422, body={**web, "backends": too_many})
    walk.send("replaceBackends", 422, body=too_many)
    walk.send("patchConfig", 422, body={"vips": {"web": {"backends": too_many}}})
    walk.send("patchVip", 422, body={"backends": too_many})
    walk.send("patchBackend", 422, body=DEEP)
    clear(walk)
    reset(walk, {"vips": {"web": {**web, "backends": backends(BACKENDS_MAX)}}})
    walk.send("putBackend", 422, path=WEB + "/backends/one-more", body={"address": "10.9.0.1"})
    clear(walk)


def restores(walk):
    """Also of a revision before as many backends as can be: both have room at once."""
    clear(walk)
    reset(walk)
    number = walk.client.revision()
    walk.send("restoreRevision", 200)
    web = base(walk)["vips"]["web"]
    reset(walk, {"vips": {"web": {**web, "backends": backends(BACKENDS_MAX)}}})
    walk.send("restoreRevision", 200, path=f"/v1/revisions/{number}/restore")
    clear(walk)


def drains(walk):
    reset(walk)
    walk.send("drainBackend", 200, query=[("wait_ms", "10")])
    walk.send("getStatus", 200)  # of a drain, it says how it gets on
