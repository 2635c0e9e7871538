# SPDX-License-Identifier: BSD-2-Clause
"""A client that holds every answer against an OpenAPI document, and remembers which there were."""

import json
import urllib.parse

from rest_client import read_reply

# Of every HTTP answer, whatever it is about.
COMMON_HEADERS = {"connection", "content-length", "content-type", "date", "transfer-encoding"}


def is_json(media_type):
    return media_type.split(";")[0] == "application/json" or media_type.endswith("+json")


def typed(schema, text):
    """A parameter's value as its schema has it."""
    if schema.get("type") == "integer":
        return int(text)
    return text == "true" if schema.get("type") == "boolean" else text


class Walk:
    def __init__(self, client, document):
        self.client, self.document = client, document
        self.faults = []
        self.seen = set()  # (operation's name, status, media type, index of the schema's branch)
        self.headers = set()  # (operation's name, status, header's name)
        self.used = set()  # (operation's name, parameter's name): in a request that was carried out

    def fault(self, where, text):
        self.faults.append(f"{where}: {text}")

    # ---- requests ----

    def path(self, operation, **names):
        """With the document's examples, but for these; and with a revision that is there."""
        if "{revision}" in operation.template:
            names.setdefault("revision", self.client.revision())
        return operation.path(**names)

    def send(self, name, status, path=None, query=None, body=None, headers=None, media_type=None):
        """Asks for an operation, and expects a status. Bodies that are not text become JSON."""
        operation = self.document.operations[name]
        target = path or self.path(operation)
        if query:
            target += "?" + (query if isinstance(query, str) else urllib.parse.urlencode(query))
        headers = dict(headers or {})
        if media_type:
            headers["Content-Type"] = media_type
        reply = self.client.request(operation.method, target, body, headers)
        if self.judge(operation, reply, status, target) and status < 400:
            self.note_use(operation, query, body, headers)
        return reply

    def send_raw(self, name, status, text):
        """A request written by hand."""
        with self.client.connect() as connected:
            connected.sendall(text.encode())
            reply = read_reply(connected)
        self.judge(self.document.operations[name], reply, status, text.split("\r\n")[0])

    def note_use(self, operation, query, body, headers):
        """Of a request that was carried out: what it consists of must be described."""
        given = {**dict(query if query and not isinstance(query, str) else ()), **headers}
        for parameter in operation.parameters:
            if parameter["name"] in given:
                self.used.add((operation.name, parameter["name"]))
                self.judge_request(operation, parameter["name"], parameter["schema"],
                                   typed(self.document.resolve(parameter["schema"]),
                                         given[parameter["name"]]))
        content = operation.bodies.get(headers.get("Content-Type"))
        if content and not isinstance(body, (str, bytes)):
            self.judge_request(operation, "the body", content["schema"], body)

    def judge_request(self, operation, what, schema, value):
        for fault in self.document.faults(schema, value):
            self.fault(operation, f"takes {what} that its schema does not: {fault}")

    # ---- answers ----

    def judge(self, operation, reply, status, request):
        where = f"{request} ({operation.name}) {reply.status}"
        if reply.status != status:
            self.fault(where, f"expected {status}; the answer was {reply}")
            return False
        known = str(status) if str(status) in operation.responses else "default"
        branch = self.judge_response(where, operation.responses[known], reply)
        media_type = reply.headers.get("Content-Type")
        self.seen.add((operation.name, known, media_type, branch))
        self.headers |= {(operation.name, known, name) for name in
                         operation.responses[known].get("headers", {}) if name in reply.headers}
        return True

    def judge_response(self, where, response, reply):
        """Returns the index of the branch that the body is of."""
        self.judge_headers(where, response.get("headers", {}), reply)
        contents = response.get("content")
        media_type = reply.headers.get("Content-Type")
        if not contents:
            if reply.body or media_type:
                self.fault(where, f"there is a body of type {media_type}; expected none")
            return 0
        if media_type not in contents:
            self.fault(where, f"Content-Type is {media_type}; expected {', '.join(contents)}")
            return 0
        schema = contents[media_type].get("schema")
        return self.judge_body(where, schema, reply, media_type) if schema else 0

    def judge_headers(self, where, headers, reply):
        known = COMMON_HEADERS | {name.lower() for name in headers}
        for name in reply.headers.keys():
            if name.lower() not in known:
                self.fault(where, f"header {name} is not described")
        for name, header in headers.items():
            header, value = self.document.resolve(header), reply.headers.get(name)
            if value is None and header.get("required"):
                self.fault(where, f"header {name} is missing")
            elif value is not None:
                for fault in self.document.faults(header["schema"], value):
                    self.fault(where, f"header {name}: {fault}")

    def judge_body(self, where, schema, reply, media_type):
        if is_json(media_type):
            value = json.loads(reply.body)
        else:
            value = reply.body.decode()
        faults = self.document.faults(schema, value)
        for fault in faults:
            self.fault(where, f"body {fault}")
        if faults:
            return 0
        branches = self.document.branches(self.document.resolve(schema))
        return next(index for index, branch in enumerate(branches)
                    if not self.document.faults(branch, value))

    # ---- what was left out ----

    def unseen_answers(self):
        """Each answer that the document has and nothing got, and each header that none had; but for
        `default`, which is not an operation's own."""
        for operation in self.document.operations.values():
            for status, response in operation.responses.items():
                if status == "default":
                    continue
                for answer in set(self.answers_of(operation, status, response)) - self.seen:
                    yield " ".join(map(str, answer))
                for name in response.get("headers", {}):
                    if (operation.name, status, name) not in self.headers:
                        yield f"{operation.name} {status} with header {name}"

    def answers_of(self, operation, status, response):
        if not response.get("content"):
            yield operation.name, status, None, 0
        for media_type, content in response.get("content", {}).items():
            schema = self.document.resolve(content.get("schema", {}))
            for branch in range(len(self.document.branches(schema))):
                yield operation.name, status, media_type, branch

    def unused_parameters(self):
        for operation in self.document.operations.values():
            for parameter in operation.parameters:
                use = operation.name, parameter["name"]
                if parameter["in"] != "path" and use not in self.used:
                    yield " ".join(use)
