# SPDX-License-Identifier: BSD-2-Clause
"""Test cases of unittest, told in TAP, the Test Anything Protocol."""

import sys
import unittest


class TapResult(unittest.TestResult):
    """A line for each test, and what went wrong as comments before it."""

    def tell(self, test, line, details=""):
        for detail in details.splitlines():
            print(f"# {detail}")
        print(f"{line.format(number=self.testsRun, name=test.id().removeprefix('__main__.'))}",
              flush=True)

    def addSuccess(self, test):
        self.tell(test, "ok {number} - {name}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.tell(test, "not ok {number} - {name}", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(test, "not ok {number} - {name}", self.errors[-1][1])

    def addSkip(self, test, reason):
        self.tell(test, "ok {number} - {name} # SKIP " + reason)


def main():
    """Runs the tests of the script, or those that its arguments name: TestCase or TestCase.test."""
    loader, module = unittest.defaultTestLoader, sys.modules["__main__"]
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names, module) if names else \
        loader.loadTestsFromModule(module)
    print(f"1..{suite.countTestCases()}", flush=True)
    result = TapResult()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
