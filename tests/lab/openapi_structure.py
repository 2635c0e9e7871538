# SPDX-License-Identifier: BSD-2-Clause
"""What an OpenAPI 3.1 document is made of (OpenAPI Specification 3.1.0, section 4.8), as a JSON
Schema: as much of it as our document uses. What we do not use is not allowed, and so is noticed.

Schemas themselves are not looked into: they are JSON Schema of 2020-12, which has its own.
"""


def fields(required, /, **optional):
    """An object of these and of extensions, and of nothing else."""
    return {"type": "object", "required": list(required), "properties": {**required, **optional},
            "patternProperties": {"^x-": True}, "additionalProperties": False}


def map_of(part, names=".*"):
    return {"type": "object", "propertyNames": {"pattern": names}, "additionalProperties": part}


def list_of(part):
    return {"type": "array", "items": part}


def ref(name):
    return {"$ref": f"#/$defs/{name}"}


def or_reference(part):
    return {"if": {"required": ["$ref"]}, "then": ref("reference"), "else": part}


STRING, BOOLEAN = {"type": "string", "minLength": 1}, {"type": "boolean"}
COMPONENT_NAMES = "^[A-Za-z0-9._-]+$"
STATUSES = "^([1-5][0-9][0-9]|default)$"
METHODS = ("get", "put", "post", "delete", "patch")

STRUCTURE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **fields({"openapi": {"const": "3.1.0"}, "info": ref("info"),
              "paths": map_of(ref("path"), "^/")},
             servers=list_of(ref("server")), tags=list_of(ref("tag")),
             components=ref("components"), security=list_of(ref("requirement"))),
    "$defs": {
        "reference": fields({"$ref": {"type": "string", "pattern": "^#/components/"}}),
        "info": fields({"title": STRING, "version": STRING}, summary=STRING, description=STRING,
                       license=fields({"name": STRING}, identifier=STRING)),
        "server": fields({"url": STRING}, description=STRING),
        "tag": fields({"name": STRING}, description=STRING),
        "requirement": map_of(list_of(STRING)),
        "path": fields({}, parameters=list_of(or_reference(ref("parameter"))),
                       **{method: ref("operation") for method in METHODS}),
        "operation": fields({"operationId": STRING, "summary": STRING, "responses": {
                                 "minProperties": 1,
                                 **map_of(or_reference(ref("response")), STATUSES)}},
                            description=STRING, tags=list_of(STRING),
                            parameters=list_of(or_reference(ref("parameter"))),
                            requestBody=or_reference(ref("body")),
                            security=list_of(ref("requirement"))),
        "parameter": {
            **fields({"name": STRING, "in": {"enum": ["path", "query", "header"]},
                      "description": STRING, "schema": True},
                     required=BOOLEAN, example=True),
            "if": {"properties": {"in": {"const": "path"}}},
            "then": {"required": ["required"], "properties": {"required": {"const": True}}},
        },
        "body": fields({"content": ref("content")}, required=BOOLEAN, description=STRING),
        "content": {"minProperties": 1, **map_of(ref("media"), "^[a-z]+/[a-z.+-]+(; [a-z]+=.+)*$")},
        "media": {
            **fields({}, schema=True, example=True,
                     examples=map_of(or_reference(ref("example")))),
            "not": {"required": ["example", "examples"]},
        },
        "example": fields({"value": True}, summary=STRING, description=STRING),
        "response": fields({"description": STRING}, content=ref("content"),
                           headers=map_of(or_reference(ref("header")))),
        "header": fields({"description": STRING, "schema": True}, required=BOOLEAN, example=True),
        "security": {
            **fields({"type": {"enum": ["http", "mutualTLS"]}}, description=STRING, scheme=STRING,
                     bearerFormat=STRING),
            "if": {"properties": {"type": {"const": "http"}}},
            "then": {"required": ["scheme"]},
        },
        "components": fields({}, schemas=map_of(True, COMPONENT_NAMES),
                             responses=map_of(ref("response"), COMPONENT_NAMES),
                             parameters=map_of(ref("parameter"), COMPONENT_NAMES),
                             headers=map_of(ref("header"), COMPONENT_NAMES),
                             securitySchemes=map_of(ref("security"), COMPONENT_NAMES)),
    },
}
