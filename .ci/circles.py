# SPDX-License-Identifier: BSD-2-Clause
"""Looks for circles: of headers that include one another, and of objects that use one another.

A header leads to each header that it includes. An object leads to each object that defines a symbol
which it refers to. Tests are left out.

Usage: circles.py BUILD, from the root of the repository; BUILD has compile_commands.json and the
objects that it names. Prints a shortest circle of each knot, with the reason for each arrow, and
exits with 1 if there is one.
"""

import json
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

FOLDERS = ("api", "balancer", "bpf", "control")
INCLUDE = re.compile(r'^#include "(?:.*/)?([^"/]+)"', re.MULTILINE)


def run(*command):
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()


def draw_includes():
    """{header: {included header: reason}}; every header has a name of its own."""
    paths = [path for path in run("git", "ls-files", *FOLDERS) if path.endswith(".h")]
    headers = {Path(path).name: path for path in paths}
    arrows = {}
    for path in paths:
        included = headers.keys() & INCLUDE.findall(Path(path).read_text())
        arrows[path] = {headers[name]: f'#include "{name}"' for name in included}
    return arrows


def find_objects(build):
    """{path of an object: its source}"""
    objects = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = Path(entry["file"]).relative_to(Path.cwd())
        words = shlex.split(entry["command"])
        if source.parts[0] in FOLDERS:
            objects[str(Path(entry["directory"]) / words[words.index("-o") + 1])] = str(source)
    return objects


def draw_uses(build):
    """{source: {used source: reason}}"""
    objects = find_objects(build)
    homes, uses = defaultdict(set), []
    for line in run("nm", "--extern-only", "--print-file-name", "--format=posix", *objects):
        path, rest = line.split(": ", maxsplit=1)
        symbol, kind = rest.split()[:2]
        if kind == "U":
            uses.append((objects[path], symbol))
        else:
            homes[symbol].add(objects[path])
    arrows = defaultdict(dict)
    for source, symbol in uses:
        for home in homes[symbol] - {source}:
            arrows[source].setdefault(home, f"uses {symbol}")
    return arrows


def find_circle(start, arrows):
    """A shortest way from a node back to itself, as a list of nodes; None if there is none."""
    ways = [[start]]
    seen = set()
    for way in ways:
        for node in sorted(arrows.get(way[-1], ())):
            if node == start:
                return way
            if node not in seen:
                seen.add(node)
                ways.append([*way, node])
    return None


def reach(start, arrows):
    reached, left = set(), [start]
    while left:
        for node in arrows.get(left.pop(), ()):
            if node not in reached:
                reached.add(node)
                left.append(node)
    return reached


def find_knots(arrows):
    """Sets of nodes each of which leads to all others of its set."""
    reached = {node: reach(node, arrows) for node in arrows}
    knots = {
        frozenset(other for other in reached[node] if node in reached.get(other, ()))
        for node in reached
        if node in reached[node]
    }
    return sorted(knots, key=sorted)


def print_knot(noun, knot, arrows):
    circle = min((find_circle(node, arrows) for node in sorted(knot)), key=len)
    print(f"a circle of {len(circle)} {noun}:")
    for node, further in zip(circle, circle[1:] + circle[:1]):
        print(f"    {node}  →  {further}    {arrows[node][further]}")
    if len(knot) > len(circle):
        print(f"    {len(knot)} {noun} lead to one another: {', '.join(sorted(knot))}")


def main():
    count = 0
    for noun, arrows in (("headers", draw_includes()), ("objects", draw_uses(Path(sys.argv[1])))):
        for knot in find_knots(arrows):
            print_knot(noun, knot, arrows)
            count += 1
    sys.exit(1 if count else 0)


main()
