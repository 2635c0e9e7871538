#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Keeps configs/schema.json honest: schema and codec are asked about the same documents.

Usage: test_config_schema.py JUDGE CONFIGS, with the config_judge program and the folder of examples.

Most documents are derived from the schema itself: each key left out, each bound hit and crossed,
each choice made. Wherever a schema can tell, both must agree; what only the codec can tell is
listed by itself.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import unittest

import jsonschema

JUDGE, CONFIGS = sys.argv[1:3]
SCHEMA = json.loads(pathlib.Path(CONFIGS, "schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

BASE = {
    "node": {
        "name": "lb1",
        "interfaces": [{"name": "eth0", "mode": "auto"}],
        "hash_seed": "paris",
        "outer_source4": "10.255.0.0/16",
        "outer_source6": "2001:db8:ffff::/96",
        "limits": {"vips": 1, "backends": 1, "slots": 131072, "flows": 128,
                   "flow_inserts_per_s": 1},
        "flow_idle_timeout_ms": 10000,
        "bpf_dir": "/sys/fs/bpf/carom",
        "state_dir": "/var/lib/carom",
    },
    "api": {
        "listen": ["unix:/run/carom/api.sock"],
        "socket_mode": "0660",
        "socket_group": "adm",
        "tls": {"certificate": "/etc/lb1.pem", "key": "/etc/lb1.key", "client_ca": "/etc/ca.pem"},
        "tokens": "/etc/tokens",
    },
    "vips": {
        "web": {
            "address": "192.0.2.10", "port": 443, "protocol": "tcp", "ring_slots": 256,
            "tracking": "changes", "on_down": "keep",
            "backends": {"web-1": {"address": "10.0.0.1", "weight": 1, "state": "active"}},
        }
    },
}

# Where the base has an object of each kind that the schema defines.
PLACES = {
    "": [],
    "node": ["node"],
    "interface": ["node", "interfaces", 0],
    "limits": ["node", "limits"],
    "api": ["api"],
    "tls": ["api", "tls"],
    "vip": ["vips", "web"],
    "backend": ["vips", "web", "backends", "web-1"],
}

ADDRESS = ["vips", "web", "address"]
LISTEN = ["api", "listen"]
BEYOND_LOOPBACK = ["0.0.0.0:80"]
TLS = {"certificate": "/c", "key": "/k"}
ABSENT = object()

GOOD = [
    (ADDRESS, "2001:db8::10"),
    (ADDRESS, "2001:db8::192.0.2.10"),
    (ADDRESS, "2001:DB8:0:0:0:0:0:10"),
    (["node", "outer_source4"], "10.255.0.1"),
    (["node", "outer_source4"], "10.0.0.0/8"),
    (["node", "outer_source6"], "2001:db8::/128"),
    (["node", "outer_source6"], "2001:db8::1"),
    (["node", "interfaces", 0, "name"], "eth0.100@x"),
    (["node", "name"], "a" * 63),
    (["node", "hash_seed"], "x" * 127),
    (["node", "bpf_dir"], "/" + "x" * 106),
    (["node", "state_dir"], "/" + "x" * 106),
    (["node", "state_dir"], ""),
    (LISTEN, ["127.0.0.1:1", "[::1]:65535", "[0:0:0:0:0:0:0:1]:1", "unix:/" + "x" * 106]),
    (LISTEN, ["0.0.0.0:80", "192.0.2.1:80", "[::]:80", "[2001:db8::192.0.2.1]:80"]),
    (["api"], {"listen": ["127.0.0.1:80", "[0::1]:80"]}),
    (["api"], {"listen": BEYOND_LOOPBACK, "tls": TLS, "tokens": "/t"}),
    (["api"], {"listen": BEYOND_LOOPBACK, "tls": {**TLS, "client_ca": "/a"}}),
    (["api", "socket_mode"], "600"),
    (["api", "socket_mode"], "0777"),
    (["api", "socket_group"], "x" * 32),
    (["api", "tokens"], "/" + "x" * 106),
    (["api", "tls", "key"], "/" + "x" * 106),
    (["vips"], {}),
    (["vips", "web", "backends"], {}),
]

BAD = [
    (ADDRESS, ""),
    (ADDRESS, "192.0.2"),
    (ADDRESS, "192.0.2.10/32"),
    (ADDRESS, "example.org"),
    (ADDRESS, " 192.0.2.10"),
    (ADDRESS, "fe80::1%eth0"),
    (["node", "outer_source4"], "10.0.0.0/33"),
    (["node", "outer_source4"], "2001:db8::/96"),
    (["node", "outer_source6"], "2001:db8::/95"),
    (["node", "outer_source6"], "10.0.0.0/8"),
    (["node", "interfaces"], []),
    (["node", "interfaces"], [{"name": f"eth{number}"} for number in range(17)]),
    (["node", "interfaces", 0, "name"], ""),
    (["node", "interfaces", 0, "name"], "a/b"),
    (["node", "interfaces", 0, "name"], "a b"),
    (["node", "interfaces", 0, "name"], "a:b"),
    (["node", "interfaces", 0, "name"], ".."),
    (["node", "interfaces", 0, "name"], "x" * 16),
    (["node", "name"], ""),
    (["node", "name"], "a b"),
    (["node", "name"], "-a"),
    (["node", "name"], "a" * 64),
    (["node", "hash_seed"], ""),
    (["node", "hash_seed"], "x" * 128),
    (["node", "bpf_dir"], "x"),
    (["node", "bpf_dir"], "/" + "x" * 107),
    (["node", "state_dir"], "x"),
    (["node", "state_dir"], "/" + "x" * 107),
    (["node", "limits", "slots"], 131073),
    (["node", "flow_idle_timeout_ms"], 10500),
    (LISTEN, []),
    (LISTEN, [f"127.0.0.1:{port}" for port in range(1, 10)]),
    (LISTEN, ["127.0.0.1:80", "127.0.0.1:80"]),
    (["api"], {"listen": ["0.0.0.0:80"]}),
    (["api"], {"listen": ["192.0.2.1:80"], "tokens": "/t"}),
    (["api"], {"listen": ["127.0.0.1:80", "[::]:80"], "tls": TLS}),
    (["api"], {"listen": ["[2001:db8::1]:80"], "tls": TLS}),
    (["api", "socket_mode"], "0060"),
    (["api", "socket_mode"], "66"),
    (["api", "socket_mode"], "0668"),
    (["api", "socket_mode"], "00660"),
    (["api", "socket_mode"], "1660"),
    (["api", "socket_mode"], "u+rw"),
    (["api", "socket_mode"], "0o660"),
    (["api", "socket_group"], ""),
    (["api", "socket_group"], "-adm"),
    (["api", "socket_group"], "a b"),
    (["api", "socket_group"], "x" * 33),
    (["api", "tokens"], "tokens"),
    (["api", "tokens"], "/" + "x" * 107),
    (["api", "tls", "certificate"], "lb1.pem"),
    (["api", "tls", "key"], "/" + "x" * 107),
    (LISTEN, ["127.0.0.1"]),
    (LISTEN, ["127.0.0.1:0"]),
    (LISTEN, ["127.0.0.1:080"]),
    (LISTEN, ["::1:80"]),
    (LISTEN, ["localhost:80"]),
    (LISTEN, ["unix:run/api.sock"]),
    (LISTEN, ["unix:/" + "x" * 107]),
    (["vips", "web", "ring_slots"], 128),
    (["vips", "web", "ring_slots"], 300),
    (["vips", "web", "ring_slots"], 262144),
    (["vips", "web", "protocol"], "TCP"),
    (["vips", "web", "tracking"], ""),
    (["vips", "web", "on_down"], "KEEP"),
    (["vips", "-web"], BASE["vips"]["web"]),
    (["vips", "web", "backends", "a/b"], {"address": "10.0.0.2"}),
]

# Across values, or beyond what a pattern or an integer can say.
ONLY_THE_CODEC_TELLS = [
    (ADDRESS, "10.0.0.300"),
    (ADDRESS, "2001:db8:::1"),
    (ADDRESS, "::ffff:192.0.2.10"),
    (ADDRESS, "127.0.0.1"),
    (ADDRESS, "ff02::1"),
    (ADDRESS, "10.0.0.1"),
    (["vips", "web", "port"], 80.0),
    (["vips", "other"], BASE["vips"]["web"]),
    (["vips", "web", "backends", "web-2"], {"address": "10.0.0.1"}),
    (["vips", "web", "backends", "web-2"], {"address": "10.0.0.2"}),
    (["node", "outer_source4"], "10.0.0.1/8"),
    (["node", "outer_source6"], "::ffff:0:0/96"),
    (["node", "interfaces"], [{"name": "a"}, {"name": "a", "mode": "native"}]),
    (["node", "hash_seed"], "\u00e9" * 64),
    (LISTEN, ["127.0.0.1:65536"]),
    (LISTEN, ["[::1]:80", "[0::1]:80"]),
]


def changed(path, value):
    """The base with another value at the path; ABSENT removes what is there."""
    document = copy.deepcopy(BASE)
    if not path:
        return value
    target = document
    for key in path[:-1]:
        target = target[key]
    if value is ABSENT:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return document


def judge(documents):
    """The codec's verdict on each document."""
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    answer = subprocess.run([JUDGE], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    verdicts = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(verdicts) == len(documents), f"{len(verdicts)} of {len(documents)} answered"
    return verdicts


def objects():
    """For each kind of object: its schema and where the base has one."""
    for name, path in PLACES.items():
        yield SCHEMA["$defs"][name] if name else SCHEMA, path


def properties():
    """For each key that the schema knows: its own schema, its path in the base, its owner's."""
    for schema, path in objects():
        for key, part in schema["properties"].items():
            if "$ref" in part:
                part = {**SCHEMA["$defs"][part["$ref"].rsplit("/", 1)[1]], **part}
            yield part, path + [key], schema


def bounds_and_choices():
    """What is derived from the schema: changes to accept and changes to refuse."""
    good, bad = [], []
    for part, path, owner in properties():
        (bad if path[-1] in owner.get("required", []) else good).append((path, ABSENT))
        bad.append((path, None))
        bad.append((path, [True]))
        if part.get("type") != "integer" and "enum" not in part:
            bad.append((path, 7))
        if part.get("type") == "integer":
            good += [(path, part["minimum"]), (path, part["maximum"])]
            bad += [(path, part["minimum"] - 1), (path, part["maximum"] + 1), (path, 1.5)]
            bad += [(path, str(part["minimum"]))]
        good += [(path, choice) for choice in part.get("enum", [])]
    return good, bad


class Schema(unittest.TestCase):
    def assert_verdicts(self, changes, by_schema, by_codec):
        verdicts = judge([changed(*change) for change in changes])
        for (path, value), verdict in zip(changes, verdicts):
            with self.subTest(path=path, value="absent" if value is ABSENT else value):
                faults = [error.message for error in
                          VALIDATOR.iter_errors(changed(path, value))]
                self.assertEqual(not faults, by_schema, f"schema: {faults}")
                self.assertEqual(not verdict["faults"], by_codec, f"codec: {verdict['faults']}")

    def test_the_schema_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_base_has_every_key(self):
        for _, path, _ in properties():
            target = BASE
            for key in path:
                self.assertIn(key, target if isinstance(target, dict) else range(len(target)))
                target = target[key]

    def test_derived_documents_are_judged_alike(self):
        good, bad = bounds_and_choices()
        self.assert_verdicts(good, True, True)
        self.assert_verdicts(bad, False, False)

    def test_chosen_documents_are_judged_alike(self):
        self.assert_verdicts(GOOD, True, True)
        self.assert_verdicts(BAD, False, False)
        self.assert_verdicts(ONLY_THE_CODEC_TELLS, True, False)

    def test_examples_are_judged_alike(self):
        paths = [path for path in pathlib.Path(CONFIGS).glob("*.json")
                 if path.name != "schema.json"]
        self.assertGreaterEqual(len(paths), 3)
        self.assert_verdicts([([], json.loads(path.read_text())) for path in paths], True, True)

    def test_both_know_the_same_keys(self):
        for schema, path in objects():
            with self.subTest(path=path):
                document = changed(path + ["?"], 1)
                self.assertFalse(VALIDATOR.is_valid(document))
                (fault,) = judge([document])[0]["faults"]
                known = re.search(r"nown keys: (.*)", fault["message"]).group(1)
                self.assertEqual(known.split(", "), list(schema["properties"]))

    def test_defaults_are_what_the_codec_takes(self):
        for part, path, _ in properties():
            if "default" not in part:
                continue
            with self.subTest(path=path):
                found = judge([changed(path, ABSENT)])[0]["config"]
                for key in path:
                    found = found[key]
                self.assertEqual(found, part["default"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
