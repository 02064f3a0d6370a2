"""Maps beside each other, over HTTP: what may be compared, and what the numbers are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load
from scipy.stats import spearmanr
from starlette.testclient import TestClient

from app.comparison import CELLS, captions, pooled, tiles
from app.jobs.question import Question
from app.service import Service
from app.storage.explanations import Explanation
from models.pixels import Box
from tests.app.api.conftest import ROOT, refusal
from tests.app.api.test_explanations import ask, send
from tests.app.conftest import Counts, picture
from tests.app.inline import HeldPool

WHOLE = Box(0, 0, 1, 1)


def beside(explanation: dict[str, Any], *tiles: tuple[str, int]) -> str:
    named = "&".join(f"with={id}.{target}" for id, target in tiles)
    return f"{ROOT}/explanations/{explanation['id']}/agreement?{named}"


def laid(client: TestClient, explanation: dict[str, Any], *tiles: tuple[str, int]) -> Any:
    body = {**explanation["view"], "compare": [{"id": id, "target": target} for id, target in tiles]}
    return client.put(f"{ROOT}/explanations/{explanation['id']}/view", json=body)


def test_means_over_cells_are_exact() -> None:
    rows = np.arange(2 * CELLS, dtype=np.float32)[:, None].repeat(CELLS, 1)
    assert pooled(rows, WHOLE, WHOLE)[:, 0] == pytest.approx(np.arange(CELLS) * 2 + 0.5)
    ramp = np.tile(np.arange(30, dtype=np.float32), (7, 1))  # fewer rows than cells, columns that do not divide
    cells = pooled(ramp, WHOLE, WHOLE)
    assert cells.mean() == pytest.approx(14.5)
    assert np.ptp(cells, axis=0) == pytest.approx(np.zeros(CELLS))
    # two maps of one picture, the second of its middle only: the same cells
    wide = np.tile(np.arange(56, dtype=np.float32), (56, 1))
    middle = Box(0.25, 0.25, 0.75, 0.75)
    assert pooled(wide, WHOLE, middle) == pytest.approx(pooled(wide[14:42, 14:42], middle, middle))


def test_each_pair_by_ranks_over_the_same_cells(client: TestClient) -> None:
    asset = send(client)
    first = ask(client, asset)
    second = ask(client, asset, method="occlusion", params={"window": 8, "stride": 8})
    other = first["spec"]["classes"][3]
    target = first["view"]["target"]
    told = client.get(beside(first, (second["id"], target), (first["id"], other))).json()
    maps = [
        load(client.get(f"{ROOT}/{explanation['maps'][str(k)]}").content)["values"]
        for explanation, k in ((first, target), (second, target), (first, other))
    ]
    cells = [pooled(values, WHOLE, WHOLE).ravel() for values in maps]
    assert [(pair["a"], pair["b"], pair["compares"]) for pair in told["pairs"]] == [
        (0, 1, "values"), (0, 2, "values"), (1, 2, "values"),
    ]  # fmt: skip
    for pair in told["pairs"]:
        assert pair["spearman"] == pytest.approx(spearmanr(cells[pair["a"]], cells[pair["b"]])[0], abs=1e-4)
    assert told["sentence"].startswith("Closest: ")
    assert told["notes"] == []
    assert told["cells"] == [CELLS, CELLS]


def test_the_same_agree_and_the_reverse_does_not(client: TestClient) -> None:
    """The margin of a over b is that of b over a with its signs turned."""
    asset = send(client)
    one, two = (
        ask(client, asset, method="gradient_x_input", params={}, target=a, against=b) for a, b in ((4, 7), (7, 4))
    )
    three = ask(client, asset, method="gradient_x_input", params={"baseline": "mean"}, target=4, against=7)
    assert three["id"] == one["id"]
    told = client.get(beside(one, (two["id"], 7))).json()
    (pair,) = told["pairs"]
    assert pair["spearman"] == pytest.approx(-1, abs=1e-3)
    assert told["sentence"] == (
        "Gradient × input (kind 4, not kind 7) and Gradient × input (kind 7, not kind 4) rank regions the opposite way "
        "round (\u22121.00)."
    )
    assert client.get(beside(one, (one["id"], 4))).json()["pairs"] == []  # one map, named twice, is one map


def test_without_signs_strength_is_compared(client: TestClient) -> None:
    asset = send(client)
    first = ask(client, asset)
    target = first["view"]["target"]
    second = ask(client, asset, method="saliency", params={}, target=target)
    told = client.get(beside(first, (second["id"], target))).json()
    maps = [load(client.get(f"{ROOT}/{e['maps'][str(target)]}").content)["values"] for e in (first, second)]
    strengths = [np.abs(pooled(values, WHOLE, WHOLE)).ravel() for values in maps]
    (pair,) = told["pairs"]
    assert pair["compares"] == "strength"
    assert pair["spearman"] == pytest.approx(spearmanr(*strengths)[0], abs=1e-4)
    assert told["notes"] == ["Where only one map of a pair has signs, strength is compared and signs are left out."]


def test_what_is_not_done_is_left_out(slow_client: TestClient, held: HeldPool) -> None:
    asset = send(slow_client)
    first, second = ask(slow_client, asset), ask(slow_client, asset, seed=1)
    url = beside(first, (second["id"], second["view"]["target"]))
    held.work()
    told = slow_client.get(url).json()
    assert (told["pairs"], told["sentence"]) == ([], "")
    assert [tile["state"] for tile in told["tiles"]] == ["done", "queued"]
    held.work()
    assert len(slow_client.get(url).json()["pairs"]) == 1


def test_what_lies_beside_it_is_part_of_the_view(client: TestClient, desk: Service, counts: Counts) -> None:
    asset = send(client)
    first, second = ask(client, asset), ask(client, asset, seed=1)
    other = first["spec"]["classes"][2]
    chosen = [(second["id"], other), (first["id"], other)]
    before = counts()
    assert laid(client, first, *chosen).status_code == 204
    assert counts() == before
    seen = client.get(f"{ROOT}/explanations/{first['id']}").json()["view"]
    assert seen == {**first["view"], "compare": [list(tile) for tile in chosen]}
    # looking at another class leaves it, and what lies beside goes on being looked at as it was
    client.put(f"{ROOT}/explanations/{first['id']}/view", json={"target": first["spec"]["classes"][1]})
    assert client.get(f"{ROOT}/explanations/{first['id']}").json()["view"]["compare"] == seen["compare"]
    assert client.get(f"{ROOT}/explanations/{second['id']}").json()["view"] == second["view"]
    shown = tiles(desk, "local", desk.explanation("local", first["id"]))
    assert [(t.explanation.id, t.target) for t in shown[1:]] == chosen
    assert [parts[-1] for parts in captions(shown)] == ["seed 0", "seed 1", "seed 0"]


def test_at_most_six(client: TestClient, counts: Counts) -> None:
    explanation = ask(client, send(client))
    classes = explanation["spec"]["classes"]
    many = [(explanation["id"], k) for k in classes[1:7]]
    before = counts()
    sentence = "At most 6 maps are compared at a time; these would be 7."
    assert refusal(laid(client, explanation, *many), 422) == sentence
    assert refusal(client.get(beside(explanation, *many)), 422) == sentence
    assert client.get(f"{ROOT}/explanations/{explanation['id']}").json()["view"] == explanation["view"]
    assert counts() == before
    assert laid(client, explanation, *many[:5]).status_code == 204


def theirs(desk: Service) -> Explanation:
    asset = desk.upload("bob", picture(0), "x")
    return desk.ask("bob", asset.id, Question(params={"n_masks": 32, "cells": 4}))


def test_what_is_not_ours_looks_unknown(client: TestClient, desk: Service) -> None:
    ours, other = ask(client, send(client)), theirs(desk)
    target = ours["view"]["target"]
    unknown = "There is no such explanation, or it is not yours."
    for id in (other.id, "0" * 32, "a\x00b"):
        if "\x00" not in id:
            assert refusal(client.get(beside(ours, (id, target))), 404) == unknown
        assert refusal(laid(client, ours, (id, target)), 404) == unknown
    assert refusal(client.get(beside({"id": other.id}, (ours["id"], target))), 404) == unknown
    assert refusal(laid(client, {"id": other.id, "view": {"target": target}}), 404) == unknown


def test_what_cannot_be_compared_is_one_sentence(client: TestClient) -> None:
    ours, elsewhere = ask(client, send(client)), ask(client, send(client, 1))
    target = ours["view"]["target"]
    missing = next(k for k in range(25) if k not in ours["spec"]["classes"])
    same = "Maps can only be compared when they explain the same picture."
    there = (elsewhere["id"], elsewhere["view"]["target"])
    assert refusal(client.get(beside(ours, there)), 422) == same
    assert refusal(laid(client, ours, there), 422) == same
    for answer in (client.get(beside(ours, (ours["id"], missing))), laid(client, ours, (ours["id"], missing))):
        assert refusal(answer, 422).endswith(f"got {missing}")
    for wrong in ("nothing", f"{ours['id']}.", f"{ours['id']}.-1", f"{ours['id']}.{'9' * 30}"):
        url = f"{ROOT}/explanations/{ours['id']}/agreement"
        assert refusal(client.get(url, params={"with": wrong}), 422).startswith("with must be EXPLANATION.CLASS; got")
    assert client.get(f"{ROOT}/explanations/{ours['id']}").json()["view"] == {"target": target}
