#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The demo, interrupted at any point, leaves nothing behind. Speaks TAP.

Usage: test_demo_teardown.py DEMO, with the environment's CAROM_BUILD naming what to run
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

# From before the first namespace is there to under load.
SECONDS_TO_LIVE = [0.05, 0.2, 0.4, 0.6, 0.9, 1.3, 2.5, 7]
SECONDS_TO_END = 30


def start_demo(demo):
    """The mark is inherited by all that the demo starts."""
    mark = f"CAROM_TEST_MARK={os.getpid()}-{time.monotonic_ns()}"
    process = subprocess.Popen([demo], env=os.environ | dict([mark.split("=")]),
                               start_new_session=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return process, mark


def is_marked(folder, mark):
    try:
        return mark.encode() in (folder / "environ").read_bytes().split(b"\0")
    except OSError:
        return False  # it has ended meanwhile, or is a zombie


def leftovers(name, mark):
    found = [f"process {folder.name}" for folder in Path("/proc").glob("[0-9]*")
             if is_marked(folder, mark)]
    found += [f"mount {line}" for line in Path("/proc/mounts").read_text().splitlines()
              if name in line]
    return found + [str(path) for folder in ("/run", "/run/netns")
                    for path in Path(folder).glob(f"{name}*")]


def wait_for_leftovers(name, mark, seconds):
    """What is there still when so much time has passed, if anything is."""
    deadline = time.monotonic() + seconds
    while (found := leftovers(name, mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def interrupt(demo, seconds, number):
    """What is wrong after the demo was sent the signal, as lines; none if all is well."""
    process, mark = start_demo(demo)
    time.sleep(seconds)
    # A terminal sends ^C to all in the foreground.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    try:
        _, errors = process.communicate(timeout=SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return [f"still there {SECONDS_TO_END} s later"]
    # Whoever is killed cannot take down anything, and leaves that to another.
    patience = SECONDS_TO_END if number == signal.SIGKILL else 0
    found = [f"left behind: {what}"
             for what in wait_for_leftovers(f"carom-demo-{process.pid}", mark, patience)]
    # Before it has set its traps, there is nothing to take down, and the signal itself ends it.
    if process.returncode not in (128 + number, -number):
        found += [f"exit status: expected {128 + number}, found {process.returncode}"]
        found += errors.splitlines()
    return found


def main(demo):
    cases = [(seconds, number) for seconds in SECONDS_TO_LIVE
             for number in (signal.SIGTERM, signal.SIGINT)]
    cases += [(seconds, signal.SIGKILL) for seconds in SECONDS_TO_LIVE[2::2]]
    failed = False
    print(f"1..{len(cases)}")
    for index, (seconds, number) in enumerate(cases, 1):
        found = interrupt(demo, seconds, number)
        failed |= bool(found)
        print(f"{'not ok' if found else 'ok'} {index} - {number.name} after {seconds} s")
        print(*[f"# {line}\n" for line in found], sep="", end="", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
