"""The README says what there is: every method, every setting; and nothing that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.settings import variables
from explainers import Method, list_methods
from tests.topology.test_faults import FAULTS
from tests.topology.test_load import MOST_BYTES_PER_JOB

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
METHODS = list_methods()
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.name}-{method.kind}")


@every_method
def test_every_method_has_a_row(method: Method) -> None:
    assert re.search(rf"^\| `{method.name}` \|", README, re.M)


def test_settings_are_listed_exactly_with_their_help() -> None:
    listed = dict(re.findall(r"^\| `(WHYLENS_\w+)` \| (.*?) \|$", README, re.M))
    assert listed == variables()


def test_nothing_is_mentioned_that_is_not_read() -> None:
    assert set(re.findall(r"WHYLENS_[A-Z_]+", README)) <= set(variables())


@every_method
def test_every_parameter_and_method_says_what_it_does(method: Method) -> None:
    assert re.fullmatch(r"[A-Z].*\.", method.description, re.S)
    for param in method.schema:
        assert param.help, param.name
        assert param.help[0].isupper()
        assert param.help.endswith("."), param.name


def test_every_file_named_is_there() -> None:
    linked = re.findall(r"(?<!!)\[[^\]]*\]\((?!https?:)([^)#]+)\)", README)
    quoted = re.findall(r"`((?:app|explainers|models|tests|benchmarks)/[\w/.]+)`", README)
    assert [path for path in (*linked, *quoted) if not (ROOT / path).exists()] == []


def test_every_make_target_is_there() -> None:
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"^make ([\w-]+)", README, re.M)) <= made


def measured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))
    return found


def test_broken_explainers_were_seen_through_on_forty_pictures() -> None:
    for name, rates in measured("trust")["broken"].items():
        assert (rates["pictures"], rates["fails"] >= 0.95) == (40, True), name


def test_deeplift_was_complete_on_every_network_and_cost_four_passes_at_most() -> None:
    table = measured("completeness")
    assert len(table["networks"]) == 92
    rows = [(name, kind, row) for name, kinds in table["networks"].items() for kind, row in kinds.items()]
    assert len(rows) == 3 * 92
    assert [row for row in rows if row[2]["delta / difference"] > table["bar"]] == []
    assert [row for row in rows if row[2]["cost in forwards and backwards of the pair"] > 4] == []


def test_the_soak_lost_nothing_at_full_size() -> None:
    """Sizes are those of `make soak`, so a report of a smaller one does not pass."""
    soak = measured("soak")
    faults = {name.removeprefix("fault: "): told for name, told in soak.items() if name.startswith("fault: ")}
    assert set(faults) == {fault.__name__ for fault in FAULTS} | {
        "clock jumps",
        "disk turns read-only",
        "disk fills up",
    }
    assert {(told["jobs asked for"], told["done and whole"]) for told in faults.values()} == {(200, 200)}
    many = soak["load: many at once"]
    assert (many["browsers"], many["owners"], many["jobs"], many["done and whole"]) == (50, 20, 1000, 1000 + 20)
    assert many["longest turn, in shares"] <= 2
    memory = soak["load: memory"]
    assert memory["jobs"] == 2000
    assert max(memory["bytes per job"][name] for name in ("server", "Dispatcher")) < MOST_BYTES_PER_JOB
    sent = {name.removeprefix("hostile: "): told for name, told in soak.items() if name.startswith("hostile: ")}
    assert [status for told in sent.values() for status in told["answers by status"] if status.startswith("5")] == []
    cases = sum(told.get("cases", 0) for told in sent.values())
    assert cases >= 500
    made = sum(sent["requests made of the OpenAPI document"]["answers by status"].values())
    for said in (
        f"200 jobs in flight at each of {len(faults)} faults",
        f"more than {many['longest turn, in shares']:.1f} shares",
        f"{memory['bytes per job']['server'] / 1000:.1f} kB of memory of the server",
        f"{cases:,} hostile files and requests, and {made:,} requests made of the OpenAPI document",
    ):
        assert said in " ".join(README.split()), said


def test_rates_are_those_measured() -> None:
    rows = [
        f"| {name} | {rates['pictures']} | {rates['fails']:.0%} | {rates['mixed']:.0%} | {rates['holds up']:.0%} |"
        for group in ("broken", "sound")
        for name, rates in measured("trust")[group].items()
    ]
    assert [row for row in rows if row not in README] == []


def test_every_method_says_where_it_comes_from() -> None:
    for entry in list_methods():
        source = Path(__import__(entry.parameters.__module__, fromlist=["_"]).__file__ or "").read_text("utf-8")
        assert re.search(r"\b(19|20)\d\d\b", source.partition('"""\n')[0]), f"{entry.name} cites no year"
