# SPDX-License-Identifier: BSD-2-Clause
"""Counts the static functions whose bare name stands in more than one .c file.

A symbol tells its file: `finish` in nine files does not, `drain_finish` does. A few names may stand
twice, so it is their share that has a limit. Tests are left out.

Usage: names.py LIMIT, a percentage of all static functions; from the root of the repository. Exits
with 1, and lists the names with their files, the worst first, if there are more.
"""

import re
import subprocess
import sys
from collections import defaultdict

# As clang-format lays a definition out: `static` begins a line, and the body's `{` ends one.
STATIC = re.compile(r"^static\b[^;={()]*?\b(\w+)\([^;{]*\{$", re.MULTILINE)


def find_statics():
    """{name: its files}"""
    files = defaultdict(list)
    sources = subprocess.run(
        ["git", "ls-files", "*.c", ":!tests"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    for path in sources:
        with open(path) as source:
            for name in STATIC.findall(source.read()):
                files[name].append(path)
    return files


def main():
    limit = float(sys.argv[1])
    files = find_statics()
    count = sum(map(len, files.values()))
    shared = {name: paths for name, paths in files.items() if len(paths) > 1}
    share = 100 * sum(map(len, shared.values())) / count
    if share <= limit:
        sys.exit(0)
    print(f"{share:.1f} % of {count} static functions have a name that stands in several files;")
    print(f"the limit is {limit:g} %. A name can take its file's noun: finish → drain_finish")
    for name, paths in sorted(shared.items(), key=lambda item: (-len(item[1]), item[0])):
        print(f"    {name} ×{len(paths)}: {' '.join(paths)}")
    sys.exit(1)


main()
