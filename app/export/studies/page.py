"""A study as a page of its own: each concept with the crops that show it, the graph, and what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from PIL import Image

from app.export import page
from app.export.frame import Sheet, document, listed, put, said, table
from app.export.sheet import number
from app.export.studies import marks, methods, svg
from app.export.studies.graph import fares, laid_out
from app.export.studies.study import Study, percent
from app.export.svg import data_url
from app.views.concepts import qualities
from explainers.concepts.clusters import NORMAL

SIDE = 112  # pixels of a crop
STYLE = """
main { max-width: 62rem; }
.concepts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: 1.25rem; margin-top: 1rem; }
.card { border: 1px solid #dcdee4; border-radius: 8px; padding: 0.9rem 1rem 1rem; break-inside: avoid; }
.card h3 { display: flex; gap: 0.5rem; align-items: center; font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
.card h3 svg { flex: none; }
.card p { margin: 0.35rem 0; }
.share { font-variant-numeric: tabular-nums; }
.bar { position: relative; height: 0.6rem; background: #eef0f4; border-radius: 3px; overflow: hidden; }
.bar span { position: absolute; top: 0; bottom: 0; }
.bar .zero { width: 2px; background: #1a1c22; }
.crops { display: grid; grid-template-columns: repeat(3, 1fr); gap: 4px; margin-top: 0.6rem; }
.crops img { display: block; width: 100%; height: auto; border-radius: 4px; }
.suspicious { color: #b3261e; font-weight: 600; }
.graph svg { display: block; width: 100%; min-width: 44rem; height: auto; }
"""  # noqa: E501  (one rule, one line)


def written(study: Study) -> bytes:
    sheet = Sheet()
    body = ET.Element("main")
    put(body, "h1", study.question)
    _answer(body, study)
    _concepts(body, study, sheet)
    _strategies(body, study)
    _notes(body, study)
    _quality(body, study)
    put(body, "h2", "Methods")
    put(body, "p", methods.paragraph(study))
    put(body, "p", f"References: {methods.references(study)}")
    put(body, "h2", "How it was made")
    listed(body, _provenance(study))
    return document(study.question, body, STYLE, sheet.rules)


def _answer(body: ET.Element, study: Study) -> None:
    spec = study.spec
    said(
        body,
        (spec.model, " at layer "),
        (spec.layer, f": {len(study.concepts)} concepts by {study.extractor}, learnt from {study.learnt_from}, of "),
        (study.set, f", {study.pictures:,} pictures, seed {spec.seed}."),
    )
    if study.name != study.set:
        put(body, "p", f"Study: {study.name}")
    exact = "and add up to it exactly" if study.result["linear"] else "and need not add up, as the rest is not linear"
    put(body, "p", f"Shares of the logit are told by {study.weighed_by}, {exact}.")


def _concepts(body: ET.Element, study: Study, sheet: Sheet) -> None:
    put(body, "h2", "Concepts")
    cards = put(body, "div", class_="concepts")
    reach = max([1e-9, *(abs(concept["share"]) for concept in study.concepts)])
    pictures: dict[int, Image.Image] = {}
    for rank, concept in enumerate(study.concepts):
        card = put(cards, "section", class_="card")
        mark = marks.of_concept(rank)
        head = ET.SubElement(card, "h3")
        head.append(svg.icon(mark, 20))
        put(head, "span", study.concept(concept["index"]))
        _bar(card, concept["share"] / reach, mark, sheet)
        put(card, "p", _share(concept), class_="share")
        if study.suspicious("concepts", concept["index"]):
            put(card, "p", "marked as suspicious", class_="suspicious")
        crops = put(card, "div", class_="crops") if concept["crops"] else card
        for i, crop in enumerate(concept["crops"], 1):
            place = crop["image"]
            whole = pictures.setdefault(place, study.picture(place))
            shown = whole.crop(crop["box"]).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            alt = f"Crop {i}, of {study.images[place]['name']}, strength {crop['strength']:.3g}"
            put(crops, "img", src=data_url(shown, "WEBP"), alt=alt, width=str(SIDE), height=str(SIDE))


def _bar(card: ET.Element, share: float, mark: marks.Mark, sheet: Sheet) -> None:
    """From the middle: what speaks for the class to the right."""
    bar = put(card, "div", class_="bar", aria_hidden="true")
    left, width = (50, 50 * share) if share > 0 else (50 + 50 * share, -50 * share)
    colour = ",".join(map(str, mark.colour))
    put(bar, "span", class_=sheet.of(f"left: {left:.2f}%; width: {width:.2f}%; background: rgb({colour})"))
    put(bar, "span", class_=f"zero {sheet.of('left: 50%')}")


def _share(concept: Mapping[str, Any]) -> str:
    if concept["dead"]:
        return "In none of the pictures"
    told = f"{percent(concept['share'])} of the logit; importance {number(concept['importance'])}"
    if concept["stderr"] is None:
        return told
    low, high = (concept["importance"] + side * NORMAL * concept["stderr"] for side in (-1, 1))
    return f"{told} (95%: {number(low)} to {number(high)})"


def _strategies(body: ET.Element, study: Study) -> None:
    put(body, "h2", "Strategies")
    graph = laid_out(study, "", "")  # the page has said both
    frame = put(body, "div", class_="wide graph", tabindex="0", role="group", aria_label="Graph of strategies")
    frame.append(svg.drawing(graph))
    if not study.strategies:
        put(body, "p", study.result["note"] or "No strategies were told apart.")
        return
    rows = [
        [
            study.strategy(strategy["index"]),
            f"{len(strategy['members']):,}",
            f"{strategy['prevalence']:.0%}",
            fares(strategy) or "no labels",
            ", ".join(
                f"{study.concept(k)} {percent(strategy['importance'][k])}"
                for k in study.leading(strategy["importance"])
            ),
            "suspicious" if study.suspicious("strategies", strategy["index"]) else "",
        ]
        for strategy in study.strategies
    ]
    head = ["Strategy", "Pictures", "Prevalence", "Answered right", "Leading concepts", "Mark"]
    table(body, head, rows, numbers=(1, 2), short=(3, 5))


def _notes(body: ET.Element, study: Study) -> None:
    """Each with what it is about."""
    called = {"concept": study.concept, "strategy": study.strategy}
    about = [called[note["place"]["kind"]](note["place"]["number"]) for note in study.notes]
    page.notes(body, [{**note, "text": f"{of}: {note['text']}"} for of, note in zip(about, study.notes, strict=True)])


def _quality(body: ET.Element, study: Study) -> None:
    put(body, "h2", "How good are these concepts?")
    quality = study.result["quality"]
    rows = [
        [each.title, methods.told_of(each, quality), qualities.ARROWS[each.better], each.meaning]
        for each in qualities.told(quality)
    ]
    table(body, ["Measure", "Value", "Better", "Meaning"], rows, numbers=(1,), short=(0, 2))
    missing = [each.title for each in qualities.MEASURES if quality.get(each.field) is None]
    if missing:
        put(body, "p", f"Not measured here: {', '.join(missing)}.")


def _provenance(study: Study) -> dict[str, str]:
    spec = study.spec
    return {
        "Model": f"{spec.model}, weights sha256 {spec.digest}",
        "Layer": spec.layer,
        "Pictures": f"set sha256 {spec.manifest}",
        "Concepts": f"{spec.n_concepts} asked for, by {study.extractor}, learnt from {study.learnt_from}",
        "Importance": study.weighed_by,
        "Seed": str(spec.seed),
        "Study": f"revision {spec.revision}",
        "Key": spec.key,
    }
