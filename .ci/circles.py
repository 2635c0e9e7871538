# SPDX-License-Identifier: BSD-2-Clause
"""Looks for circles among files: of includes, and of uses of functions and data.

A source and the header beside it, a.c and a.h, count as one file, named by their path without the
suffix. A file leads on to another if it includes its header, or if its object refers to a symbol
that the other one's object defines. One kind of arrow does not count: a header a_parts.h, which some
files of a folder share, may include headers of that folder; which file needs which is seen by the
symbols. Tests are left out.

Usage: circles.py BUILD, from the root of the repository; BUILD has compile_commands.json and the
objects that it tells of. Prints one shortest circle of each knot of files, with the reason for each
arrow, and exits with 1 if there is one.
"""

import json
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

FOLDERS = ("api", "balancer", "bpf", "control")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def name_unit(path):
    return str(Path(path).with_suffix(""))


def find_header(included, source, headers):
    """The header that is meant: one in the folder of the source, else one that ends like this."""
    beside = source.parent / included
    if beside in headers:
        return beside
    return next((header for header in headers if f"/{header}".endswith(f"/{included}")), None)


def is_shared_inside(source, header):
    return source.name.endswith("_parts.h") and source.parent == header.parent


def read_includes():
    """All (from, to, reason) that the sources say."""
    listed = subprocess.run(
        ["git", "ls-files", *FOLDERS], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    paths = [Path(path) for path in listed]
    headers = {path for path in paths if path.suffix == ".h"}
    for source in paths:
        if source.suffix not in (".c", ".h"):
            continue
        for included in INCLUDE.findall(source.read_text()):
            header = find_header(included, source, headers)
            if header and not is_shared_inside(source, header):
                yield name_unit(source), name_unit(header), f'includes "{included}"'


def list_objects(build):
    """Each source outside the tests, relative to the repository, with its object."""
    with open(build / "compile_commands.json") as file:
        for entry in json.load(file):
            source = Path(entry["file"]).relative_to(Path.cwd())
            words = shlex.split(entry["command"])
            if source.parts[0] in FOLDERS:
                yield source, build / words[words.index("-o") + 1]


def read_symbols(objects):
    """The symbols that the objects define, and those that they refer to: (unit, symbol) each."""
    units = {str(path): name_unit(source) for source, path in objects}
    lines = subprocess.run(
        ["nm", "--extern-only", "--print-file-name", "--format=posix", *units],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    defined, used = [], []
    for line in lines:
        path, rest = line.split(": ", maxsplit=1)
        symbol, kind = rest.split()[:2]
        (used if kind == "U" else defined).append((units[path], symbol))
    return defined, used


def read_uses(build):
    """All (from, to, reason) that the objects say."""
    defined, used = read_symbols(list(list_objects(build)))
    homes = defaultdict(set)
    for unit, symbol in defined:
        homes[symbol].add(unit)
    for unit, symbol in used:
        if unit not in homes[symbol]:
            for home in homes[symbol]:
                yield unit, home, f"uses {symbol}"


def find_circle(start, arrows):
    """The shortest way from a file back to itself, as a list of files; None if there is none."""
    before = {}
    ring = [start]
    while ring:
        following = []
        for unit in ring:
            for further in sorted(arrows[unit]):
                if further == start:
                    return trace(unit, start, before)
                if further not in before:
                    before[further] = unit
                    following.append(further)
        ring = following
    return None


def trace(unit, start, before):
    circle = [unit]
    while circle[-1] != start:
        circle.append(before[circle[-1]])
    return circle[::-1]


def reach(start, arrows):
    reached, left = set(), [start]
    while left:
        for unit in arrows[left.pop()]:
            if unit not in reached:
                reached.add(unit)
                left.append(unit)
    return reached


def find_knots(arrows):
    """Sets of files each of which leads to all others of its set."""
    reached = {unit: reach(unit, arrows) for unit in list(arrows)}
    knots = set()
    for unit in reached:
        if unit in reached[unit]:
            knots.add(frozenset(u for u in reached[unit] if unit in reached.get(u, ())))
    return sorted(knots, key=sorted)


def print_knot(knot, arrows):
    circles = [find_circle(unit, arrows) for unit in sorted(knot)]
    circle = min(circles, key=len)
    print(f"a circle of {len(circle)} files:")
    for unit, further in zip(circle, circle[1:] + circle[:1]):
        print(f"    {unit}  →  {further}    {sorted(arrows[unit][further])[0]}")
    if len(knot) > len(circle):
        print(f"    {len(knot)} files lead to one another: {', '.join(sorted(knot))}")


def main():
    arrows = defaultdict(lambda: defaultdict(set))
    build = Path(sys.argv[1])
    for reasons in (read_includes(), read_uses(build)):
        for unit, further, reason in reasons:
            if unit != further:
                arrows[unit][further].add(reason)
    knots = find_knots(arrows)
    for knot in knots:
        print_knot(knot, arrows)
    sys.exit(1 if knots else 0)


main()
