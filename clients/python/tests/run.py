"""Runs all tests of the Python client; writes JUnit XML to artifacts/test-results/client-python.xml."""

import subprocess
import sys
import time
import unittest
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

TESTS = Path(__file__).resolve().parent
REPORT = TESTS.parents[2] / "artifacts" / "test-results" / "client-python.xml"


class TimedResult(unittest.TextTestResult):
    """Records the duration of each test, in seconds."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.times: dict[str, float] = {}
        self._began = 0.0

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._began = time.monotonic()

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        self.times[test.id()] = time.monotonic() - self._began


def main() -> int:
    subprocess.run([TESTS.parent / "generate.sh"], check=True)
    sys.path[:0] = [str(TESTS.parent), str(TESTS)]
    suite = unittest.defaultTestLoader.discover(str(TESTS))
    result = unittest.TextTestRunner(resultclass=TimedResult, verbosity=2).run(suite)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_bytes(ElementTree.tostring(junit(result), encoding="utf-8", xml_declaration=True))
    return 0 if result.wasSuccessful() else 1


def junit(result: TimedResult) -> ElementTree.Element:
    problems: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for kind, found in (("failure", result.failures), ("error", result.errors), ("skipped", result.skipped)):
        for test, text in found:
            # A subtest counts for its test; a failed class setup counts as a test.
            problems[getattr(test, "test_case", test).id()].append((kind, text))

    suite = ElementTree.Element("testsuite", name="client-python", time=f"{sum(result.times.values()):.3f}")
    for name in [*result.times, *(problems.keys() - result.times.keys())]:
        classname, _, method = name.rpartition(".")
        case = ElementTree.SubElement(
            suite, "testcase", classname=classname, name=method, time=f"{result.times.get(name, 0):.3f}"
        )
        for kind, text in problems[name]:
            ElementTree.SubElement(case, kind, message=text.strip().splitlines()[-1]).text = text
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(kind) is not None for case in suite)))
    suite.set("tests", str(len(suite)))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    return suites


if __name__ == "__main__":
    sys.exit(main())
