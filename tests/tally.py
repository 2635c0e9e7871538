# SPDX-License-Identifier: BSD-2-Clause
"""Adds up ctest's JUnit files: what failed, what was skipped and why, and the closing line.

A test that speaks TAP, as cmocka's do when told so, counts by its cases; any other counts as one. A
test that fails without a case to show for it (it crashed, hung, or ran fewer cases than it planned)
is one failure more.

Usage: tally.py [--allow-skips] RESULTS…, each without its suffix .xml
Exits with 1 if anything failed or, without --allow-skips, was skipped; or if nothing ran.
"""

import re
import sys
from xml.etree import ElementTree

PLAN = re.compile(r"1\.\.(\d+)")
CASE = re.compile(r"(not )?ok \d+\b(?: - )?(?P<name>[^#]*)(?P<skip># SKIP *(?P<why>.*))?")


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add_results(self, path):
        try:
            tests = ElementTree.parse(path).getroot().iter("testcase")
        except (OSError, ElementTree.ParseError) as error:
            self.failed.append(f"{path}: no results: {error}")
            return
        for test in tests:
            output = test.findtext("system-out") or ""
            lines = [line.strip() for line in output.splitlines() if line.strip()]
            if test.get("status") in ("run", "fail"):
                self.add_run(test.get("name"), test.get("status") == "fail", lines)
            else:
                self.add_not_run(test, lines)

    def add_run(self, name, has_failed, lines):
        failures = len(self.failed)
        cases = [case for case in map(CASE.fullmatch, lines) if case]
        for case in cases:
            self.add_case(name, case, lines)
        planned = sum(int(plan[1]) for plan in map(PLAN.fullmatch, lines) if plan)
        if len(cases) < planned:
            self.failed.append(f"{name}: {planned} cases planned, {len(cases)} run")
        if has_failed and len(self.failed) == failures:
            self.failed.append(name)
        elif not cases and not has_failed:
            self.passed += 1

    def add_not_run(self, test, lines):
        """Skipped, if the test said so itself by its exit status; else CTest could not run it."""
        message = test.find("skipped").get("message")
        kind = self.skipped if message.startswith("SKIP_") else self.failed
        kind.append(f"{test.get('name')}: {lines[-1] if lines else message}")

    def add_case(self, test, case, lines):
        if case["skip"]:
            self.skipped.append(f"{test}: {case['why'] or case['name']}: {self.reason(case, lines)}")
        elif case[1]:
            self.failed.append(f"{test}: {case['name'].strip()}")
        else:
            self.passed += 1

    @staticmethod
    def reason(case, lines):
        """cmocka has no place for a reason; tests print it right before they skip."""
        before = lines[:lines.index(case[0])]
        return before[-1] if before and not CASE.fullmatch(before[-1]) else "no reason given"

    def close(self, allow_skips):
        for kind in ("failed", "skipped"):
            for what in getattr(self, kind):
                print(f"{kind}: {what}")
        print(f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped")
        return not self.passed or self.failed or (self.skipped and not allow_skips)


def main(arguments):
    tally = Tally()
    for path in arguments:
        if not path.startswith("--"):
            tally.add_results(path + ".xml")
    return 1 if tally.close("--allow-skips" in arguments) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
