# SPDX-License-Identifier: BSD-2-Clause
"""Looks for what Markdown files name and what is not there: relative links to no file, or to no
heading of it, and code spans that are paths of the repository, such as `bpf/abi.h`, or begin so.

Usage: docs.py, from the root of the repository. Prints them, and exits with 1 if there is one.
"""

import re
import subprocess
import sys
from pathlib import Path

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
CODE_BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]*)`")
PATH = re.compile(r"[a-zA-Z0-9_.-]+(?:/[a-zA-Z0-9_.-]+)*/?")


def read_prose(path):
    return CODE_BLOCK.sub("", path.read_text())


def name_anchor(heading):
    """As GitHub does."""
    text = LINK.sub(lambda link: link.group(0)[1 : link.group(0).index("]")], heading)
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def find_fault(document, link, known):
    """known: every file and folder of the repository."""
    target, _, anchor = link.partition("#")
    path = (document.parent / target).resolve() if target else document.resolve()
    if path not in known:
        return "no such file in the repository"
    if anchor and path.suffix == ".md":
        if anchor not in map(name_anchor, HEADING.findall(read_prose(path))):
            return f"no heading '#{anchor}'"
    return None


def find_dead_paths(document, text, known):
    """Paths begin at the root of the repository, or beside the document. NAME stands for any."""
    top = {path.relative_to(Path.cwd()).parts[:1] for path in known} - {()}
    for words in map(str.split, CODE.findall(text)):
        path = Path(words[0] if words else "")
        is_path = PATH.fullmatch(str(path)) and len(path.parts) > 1 and path.parts[:1] in top
        if is_path and not path.stem.isupper():
            if not {path.resolve(), (document.parent / path).resolve()} & known:
                yield path


def main():
    listed = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True)
    files = [Path(line) for line in listed.stdout.splitlines()]
    known = {parent.resolve() for file in files for parent in (file, *file.parents)}
    count = 0
    for document in (file for file in files if file.suffix == ".md"):
        text = read_prose(document)
        for path in find_dead_paths(document, text, known):
            print(f"{document}: {path}: no such file or folder in the repository")
            count += 1
        for link in LINK.findall(CODE.sub("", text)):
            fault = None if ":" in link else find_fault(document, link, known)
            if fault:
                print(f"{document}: link to {link}: {fault}")
                count += 1
    sys.exit(1 if count else 0)


main()
