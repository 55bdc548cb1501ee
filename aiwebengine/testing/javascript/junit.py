"""A run of tests as JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

from aiwebengine.testing.javascript.reports import Quiet, difference
from aiwebengine.testing.javascript.results import FileResult, Summary, Trouble

__all__ = ["JUnitReport", "junit_xml"]

_NOT_IN_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JUnitReport(Quiet):
    """JUnit XML when the run is over; ``write`` takes the document."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def finished(self, summary: Summary) -> None:
        """Write it."""
        self._write(junit_xml(summary))


def junit_xml(summary: Summary) -> bytes:
    """Give a run as JUnit XML: a ``testsuite`` per file, a ``testcase`` per test."""
    root = ElementTree.Element(
        "testsuites", name="aiwebengine test", time=f"{summary.duration_ms / 1000:.3f}"
    )
    for file in summary.files:
        _suite(root, file)
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _suite(root: ElementTree.Element, file: FileResult) -> None:
    states = [one.state for one in file.outcomes]
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=file.file,
        tests=str(len(states) + (file.trouble is not None)),
        failures=str(states.count("failed")),
        errors=str(int(file.trouble is not None)),
        skipped=str(states.count("skipped") + states.count("todo")),
        time=f"{sum(one.duration_ms for one in file.outcomes) / 1000:.3f}",
    )
    if file.trouble is not None:
        case = ElementTree.SubElement(suite, "testcase", classname=file.file, name="load", time="0.000")
        _problem(case, "error", file.trouble)
    for one in file.outcomes:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=" > ".join((file.file, *map(_clean, one.case.path))),
            name=_clean(one.case.name),
            file=file.file,
            line=str(one.case.line or 0),
            time=f"{one.duration_ms / 1000:.3f}",
        )
        if one.state in ("skipped", "todo"):
            ElementTree.SubElement(case, "skipped", message=one.state)
        for trouble in one.troubles[:1]:
            _problem(case, "failure", trouble)
        if one.logs:
            lines = [f"{entry['level']} {entry['script']}: {entry['message']}" for entry in one.logs]
            ElementTree.SubElement(case, "system-out").text = _clean("\n".join(lines))


def _problem(case: ElementTree.Element, kind: str, trouble: Trouble) -> None:
    found = ElementTree.SubElement(case, kind, type=trouble.name, message=_clean(trouble.message))
    parts = [trouble.place, trouble.message, trouble.frame]
    if trouble.expected is not None and trouble.actual is not None:
        parts += ["- expected  + received", *difference(trouble.expected, trouble.actual)]
    found.text = _clean("\n".join([*parts, trouble.stack]).rstrip())


def _clean(text: str) -> str:
    """Leave out what XML cannot carry."""
    return _NOT_IN_XML.sub("\ufffd", text)
