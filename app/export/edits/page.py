"""An edited map as a page of its own, beside the machine's on the same scale."""

from __future__ import annotations

from itertools import islice
from xml.etree import ElementTree as ET

from app.export import figure, page
from app.export.edits import methods
from app.export.edits.edited import STANDS, WITHOUT, Edited
from app.export.frame import Sheet, document, listed, put, table
from app.export.methods import source
from app.export.sheet import number
from app.export.table import CELLS, means, strongest

STYLE = """
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 0 1.25rem; }
figcaption { margin-top: 0.5rem; font-weight: 600; }
"""


def written(made: Edited) -> bytes:
    sheet = Sheet()
    body = ET.Element("main")
    put(body, "h1", made.finding.question)
    put(body, "p", f"This map was edited {made.by}: {made.name}, {made.origin}.", class_="verdict")
    page.answer(body, made.finding)
    if made.revision.sketch.note:
        put(body, "p", f"Note of the edit: {made.revision.sketch.note}")
    pair = put(body, "div", class_="pair")
    for title, finding in (("Edited by hand", made.finding), ("The machine\u2019s map", made.machine)):
        put(figure.picture(pair, finding, sheet), "figcaption", title)
    figure.legend(body, made.finding)
    put(body, "p", _shown(made))
    _answers(body, made)
    page.classes(body, made.machine)
    _regions(body, made)
    put(body, "h2", "Methods")
    put(body, "p", methods.paragraph(made))
    put(body, "p", f"Reference: {source(made.machine)}")
    put(body, "h2", "How it was made")
    listed(body, _provenance(made) | page.provenance(made.finding))
    return document(f"{made.finding.question} {made.name.capitalize()}", body, figure.STYLE, STYLE, sheet.rules)


def _shown(made: Edited) -> str:
    told = "Both are drawn on the scale of the machine\u2019s map"
    if abs(made.values).max() > max(made.machine.limits):
        told += " (beyond its ends colours stay the same)"
    if made.revision.sketch.area:
        told += f", and hatched is the area that was painted over, {made.area} of the picture"
    return f"{told}. The values of {made.changed:.1%} of the pixels were changed."


def _answers(body: ET.Element, made: Edited) -> None:
    answers = made.answers
    put(body, "h2", "What becomes of the answer")
    if answers is None:
        put(body, "p", methods.GONE)
        return
    if answers.tried:
        put(
            body,
            "p",
            f"Probability of {made.machine.label} with {STANDS[made.revision.sketch.fill]} where something is gone, "
            "and the range of the same area at random places.",
        )
        rows = [
            [
                WITHOUT[tried.mode].capitalize(),
                f"{tried.before:.1%}",
                f"{tried.after:.1%}",
                f"{tried.low:.1%} to {tried.high:.1%}",
                "more than chance" if tried.more_than_chance else "no more than chance",
            ]
            for tried in answers.tried
        ]
        places = answers.tried[0].places
        table(
            body, ["Picture", "Unedited", "Now", f"Elsewhere ({places} places)", "Says"], rows, numbers=(1, 2),
            short=(3, 4),
        )  # fmt: skip
    else:
        put(body, "p", "Nothing was painted over.")
    put(body, "h2", "Does the edited map find what decides?")
    if answers.judged is None:
        put(body, "p", "The map was left as it was: it finds what the machine\u2019s does.")
        return
    judged = answers.judged
    put(body, "p", f"Areas under the curves over {judged['cells']} cells, of the {judged['output'].replace('_', ' ')}.")
    rows = [
        [name, *(f"{judged[which][curve]:.4g}" for curve in ("insertion", "deletion"))]
        for name, which in (("Edited map", "edited"), ("Machine\u2019s map", "machine"))
    ]
    random = judged["random"]
    band = f"{min(random):.4g} to {max(random):.4g}"
    rows.append([f"{len(random)} random orders", band, band])
    table(body, ["Map", "Insertion \u2191", "Deletion \u2193"], rows, numbers=(1, 2))


def _regions(body: ET.Element, made: Edited) -> None:
    put(body, "h2", "Strongest regions of the edited map")
    machine = means(made.machine.attribution.values)
    rows = [
        [str(row + 1), str(column + 1), number(mean), number(float(machine[row, column]))]
        for row, column, mean in islice(strongest(made.values), page.ROWS)
    ]
    put(body, "p", f"Mean value of each cell of a grid of {CELLS} \u00d7 {CELLS}, counted from the top left.")
    table(body, ["Row", "Column", "Mean value", "Machine\u2019s"], rows, numbers=(2, 3))


def _provenance(made: Edited) -> dict[str, str]:
    return {
        "Edit": f"{made.name}, id {made.revision.id}, {made.origin}",
        "Explanation": made.revision.explanation,
    }
