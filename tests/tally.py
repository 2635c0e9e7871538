# SPDX-License-Identifier: BSD-2-Clause
"""Adds up ctest's JUnit files: what failed, what was skipped and why, and the closing line.

A test that speaks TAP, as cmocka's do when told so, counts by its cases; any other counts as one. A
test that fails without a case to show for it (it crashed, hung, or ran fewer cases than it planned)
is one failure more.

Usage: tally.py [--allow-skips] RESULTS…, each without its suffix .xml
Exits with 1 if anything failed, or nothing ran, or something was skipped: that is allowed with
--allow-skips, and where the reason begins with `optional`.
"""

import re
import sys
from xml.etree import ElementTree

PLAN = re.compile(r"1\.\.(\d+)")
CASE = re.compile(r"(?P<no>not )?ok \d+\b(?: - )?(?P<name>[^#]*)(?P<skip># SKIP *(?P<why>.*))?")
OPTIONAL = "optional"


def read_cases(lines):
    """The verdict on each case, its name and, if it was skipped, why."""
    before = "no reason given"
    for line in lines:
        case = CASE.fullmatch(line)
        name = case and case["name"].strip()
        if case and case["skip"] and not name:
            # cmocka puts the name where the reason belongs; its tests print that before they skip.
            yield "skipped", case["why"], before
        elif case and case["skip"]:
            yield "skipped", name, case["why"]
        elif case:
            yield "failed" if case["no"] else "passed", name, None
        before = line


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []  # pairs: what, why

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

    def add_run(self, test, has_failed, lines):
        failed_before = len(self.failed)
        cases = list(read_cases(lines))
        for verdict, name, why in cases:
            self.add_case(verdict, f"{test}: {name}", why)
        planned = sum(int(plan[1]) for plan in map(PLAN.fullmatch, lines) if plan)
        if len(cases) < planned:
            self.failed.append(f"{test}: {planned} cases planned, {len(cases)} run")
        elif has_failed and len(self.failed) == failed_before:
            self.failed.append(test)
        elif not cases and not has_failed:
            self.passed += 1

    def add_case(self, verdict, name, why):
        if verdict == "passed":
            self.passed += 1
        elif verdict == "failed":
            self.failed.append(name)
        else:
            self.skipped.append((name, why))

    def add_not_run(self, test, lines):
        """Skipped, if the test said so itself by its exit status; else CTest could not run it."""
        message = test.find("skipped").get("message")
        why = lines[-1] if lines else message
        if message.startswith("SKIP_"):
            self.skipped.append((test.get("name"), why))
        else:
            self.failed.append(f"{test.get('name')}: {why}")

    def report(self):
        for what in self.failed:
            print(f"failed: {what}")
        for what, why in self.skipped:
            print(f"skipped: {what}: {why}")
        print(f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped")

    def is_good(self, allow_skips):
        missing = [what for what, why in self.skipped if not why.startswith(OPTIONAL)]
        return self.passed > 0 and not self.failed and (allow_skips or not missing)


def main(arguments):
    tally = Tally()
    for path in arguments:
        if not path.startswith("--"):
            tally.add_results(path + ".xml")
    tally.report()
    return 0 if tally.is_good("--allow-skips" in arguments) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
