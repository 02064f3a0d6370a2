"""One finding as a page of its own, in the frame of every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from xml.etree import ElementTree as ET

from app.export import figure, methods
from app.export.finding import Finding
from app.export.frame import Sheet, document, listed, put, said, table
from app.export.table import CELLS, strongest

ROWS = 10
STATUS = {"passed": "\u2713 passed", "doubtful": "\u25d0 doubtful", "failed": "\u2715 failed"}


def written(finding: Finding) -> bytes:
    sheet = Sheet()
    body = ET.Element("main")
    put(body, "h1", finding.question)
    answer(body, finding)
    (figure.text if finding.spec.kind == "text" else figure.picture)(body, finding, sheet)
    figure.legend(body, finding)
    notes(body, finding.notes)
    classes(body, finding)
    _trust(body, finding)
    if finding.spec.kind == "image":
        _regions(body, finding)
    put(body, "h2", "Methods")
    put(body, "p", methods.paragraph(finding))
    put(body, "p", f"Reference: {methods.source(finding)}")
    put(body, "h2", "How it was made")
    listed(body, provenance(finding))
    return document(finding.question, body, figure.STYLE, sheet.rules)


def answer(body: ET.Element, finding: Finding) -> None:
    compared = f", {finding.baseline}" if finding.baseline else ""
    said(
        body,
        (finding.model, " gives "),
        (finding.label, " a probability of "),
        (f"{finding.probability:.1%}", f". {finding.method}{compared}, seed {finding.spec.seed}."),
        first="The model ",
    )
    put(body, "p", f"Input: {finding.name}")


def notes(body: ET.Element, written: Sequence[Mapping[str, Any]]) -> None:
    if not written:
        return
    put(body, "h2", "Notes")
    each = ET.SubElement(body, "ol")
    for note in written:
        put(each, "li", str(note["text"]), value=str(note["number"]))


def classes(body: ET.Element, finding: Finding) -> None:
    put(body, "h2", "What the model answers")
    rows = [[label, f"{chance:.1%}" if chance >= 0.001 else "< 0.1%"] for label, chance in finding.classes[:ROWS]]
    table(body, ["Class", "Probability"], rows, numbers=(1,))


def _trust(body: ET.Element, finding: Finding) -> None:
    put(body, "h2", "Can this map be trusted?")
    if finding.report is None:
        put(body, "p", "It has not been judged.")
        return
    put(body, "p", finding.report.sentence, class_="verdict")
    rows = [
        [
            check.name.capitalize(),
            STATUS.get(check.status, check.status),
            "" if check.value is None else f"{check.value:.3g}",
            "" if check.control is None else f"{check.control:.3g}",
            check.finding,
        ]
        for check in finding.report.checks
    ]
    table(body, ["Check", "Result", "Value", "Control", "Finding"], rows, numbers=(2, 3), short=(0, 1))


def _regions(body: ET.Element, finding: Finding) -> None:
    put(body, "h2", "Strongest regions")
    rows = [
        [str(row + 1), str(column + 1), f"{mean:+.3g}", "for" if mean > 0 else "against"]
        for row, column, mean in islice(strongest(finding.attribution.values), ROWS)
    ]
    put(body, "p", f"Mean value of each cell of a grid of {CELLS} \u00d7 {CELLS}, counted from the top left.")
    table(body, ["Row", "Column", "Mean value", "Says"], rows, numbers=(2,))


def provenance(finding: Finding) -> dict[str, str]:
    spec = finding.spec
    return {
        "Model": f"{finding.model}, weights sha256 {spec.digest}",
        "Method": f"{finding.method}, revision {spec.revision}",
        "Parameters": finding.parameters,
        "Score": f"{finding.score} of {finding.label}: {finding.attribution.score:.6g}",
        "Seed": str(spec.seed),
        "Precision": spec.precision,
        "Versions": finding.versions,
        "Key": spec.key,
    }
