# SPDX-License-Identifier: BSD-2-Clause
"""An OpenAPI document: its operations, its schemas, and which of both have been met.

Owns what has been met; knows nothing of HTTP.
"""

import re
import urllib.parse

import jsonschema
import yaml

SCHEMAS = "#/components/schemas/"


class Operation:
    """A method of a path, with all that the document says of it."""

    def __init__(self, document, method, template, item):
        operation = item[method]
        self.method, self.template, self.name = method.upper(), template, operation["operationId"]
        self.parameters = [document.resolve(parameter) for parameter in
                           item.get("parameters", []) + operation.get("parameters", [])]
        self.responses = {status: document.resolve(response)
                          for status, response in operation["responses"].items()}
        self.bodies = document.resolve(operation.get("requestBody", {})).get("content", {})
        self.security = operation.get("security", document.tree.get("security"))

    def __str__(self):
        return f"{self.method} {self.template}"

    def parameters_in(self, place):
        return [parameter for parameter in self.parameters if parameter["in"] == place]

    def path(self, **names):
        """With the parameters' examples, but for these."""
        examples = {parameter["name"]: parameter["example"]
                    for parameter in self.parameters_in("path")}
        return re.sub(r"\{(\w+)\}", lambda match: urllib.parse.quote(
            str({**examples, **names}[match[1]])), self.template)

    def body_examples(self):
        """For each body that the document shows: its media type and its value."""
        for media_type, content in self.bodies.items():
            for example in examples_of(content):
                yield media_type, example

    def body(self):
        """A media type and a body that are accepted; of an operation without one, None."""
        return next(self.body_examples(), (None, None))


def examples_of(content):
    if "example" in content:
        yield content["example"]
    for example in content.get("examples", {}).values():
        yield example["value"]


class Document:
    def __init__(self, text):
        self.tree = yaml.safe_load(text)
        self.operations = {
            operation.name: operation for template, item in self.tree["paths"].items()
            for operation in (Operation(self, method, template, item) for method in item
                              if method != "parameters")}
        self.schemas = self.tree["components"]["schemas"]
        self.met_members = set()  # (id of a schema's `properties`, name)
        self.met_refs = set()
        self.validator_class = jsonschema.validators.extend(
            jsonschema.Draft202012Validator,
            {"$ref": self.follow_ref, "properties": self.follow_members})
        self.resolver = jsonschema.RefResolver("", self.tree)

    def resolve(self, node):
        while "$ref" in node:
            found = self.tree
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def faults(self, schema, value):
        """What is wrong with a value, a line each."""
        validator = self.validator_class(schema, resolver=self.resolver)
        return [f"at /{'/'.join(map(str, error.absolute_path))}: {error.message[:500]}"
                for error in validator.iter_errors(value)]

    def branches(self, schema):
        """The alternatives that a schema of the document has at its top, or it alone."""
        return schema.get("oneOf", [schema])

    # ---- what has been met ----

    def follow_ref(self, validator, reference, instance, schema):
        self.met_refs.add(reference)
        return jsonschema.Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance,
                                                                  schema)

    def follow_members(self, validator, properties, instance, schema):
        if isinstance(instance, dict):
            self.met_members |= {(id(properties), name) for name in properties if name in instance}
        return jsonschema.Draft202012Validator.VALIDATORS["properties"](validator, properties,
                                                                        instance, schema)

    def unmet(self, leave_out):
        """Schemas, and members of schemas, that no value has had yet."""
        for name, schema in self.schemas.items():
            if name in leave_out:
                continue
            if SCHEMAS + name not in self.met_refs:
                yield name
            else:
                yield from (f"{name}: {path}" for path in self.unmet_members(schema, ""))

    def unmet_members(self, schema, path):
        if not isinstance(schema, dict):
            return
        for name, part in schema.get("properties", {}).items():
            if part is not False and (id(schema["properties"]), name) not in self.met_members:
                yield f"{path}/{name}"
            yield from self.unmet_members(part, f"{path}/{name}")
        for key in ("items", "additionalProperties"):
            yield from self.unmet_members(schema.get(key), f"{path}/*")


def references(node):
    """All that a part of a document refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)
