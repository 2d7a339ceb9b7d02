"""What `run` writes for other programs: records, a JUnit report, Markdown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

import msgspec

from exitmatrix.judge.expectations import Checked
from exitmatrix.model import Record


def json_lines(records: Sequence[Record]) -> str:
    """One record a line."""
    return "".join(msgspec.json.encode(one).decode() + "\n" for one in records)


def junit(checked: Sequence[Checked]) -> str:
    """A suite for each ending, a case for each expectation."""
    root = ET.Element("testsuites", name="exitmatrix")
    for ending in dict.fromkeys(one.expectation.ending for one in checked):
        cases = [one for one in checked if one.expectation.ending == ending]
        failed = [one for one in cases if one.broken]
        suite = ET.SubElement(
            root, "testsuite", name=ending, tests=str(len(cases)), failures=str(len(failed))
        )
        for one in cases:
            case = ET.SubElement(suite, "testcase", classname=ending, name=str(one.expectation))
            if one.broken:
                message = "; ".join(one.broken)
                ET.SubElement(case, "failure", message=_printable(message))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _printable(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def for_github(checked: Sequence[Checked], folder: str) -> str:
    """A workflow command of GitHub for each way in which an expectation is broken.

    `folder`: where the program was started, below the repository's; "" for that itself.
    """
    lines: list[str] = []
    for one in checked:
        for text in one.broken:
            fields = {"title": str(one.expectation)}
            file, _, line = one.places.get(text, "").rpartition(":")
            if file and not file.startswith("/") and line.isdigit():
                fields = {"file": folder + file, "line": line, **fields}
            listed = ",".join(f"{name}={_escaped(value, ',:')}" for name, value in fields.items())
            lines.append(f"::error {listed}::{_escaped(text)}\n")
    return "".join(lines)


def _escaped(text: str, more: str = "") -> str:
    """As the toolkit of GitHub's actions does: packages/core/src/command.ts."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def markdown(lines: Sequence[str]) -> str:
    """The page, as it stands."""
    fence = "````" if any("```" in line for line in lines) else "```"
    return "\n".join((f"{fence}text", *lines, fence, ""))
