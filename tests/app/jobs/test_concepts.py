"""A study as a job: what is stored, when it stops, and what a probe does to activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from sqlalchemy import text

import models
from app.jobs import run
from app.jobs.activations import ActivationCache
from app.jobs.asking import ConceptQuestion, settle
from app.jobs.concepts import flat, unit
from app.jobs.intervene import DIRECTIONS, changed, evenly
from app.jobs.manifest import Manifest, Member, classes, plain
from app.jobs.run import execute
from app.jobs.shelf import Shelf
from app.settings import Settings
from app.storage.runs import Runs
from app.storage.store import Store
from app.uploads import accept
from tests.app.conftest import cached, picture, rows

PICTURES = 70  # three batches


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SECONDS_BETWEEN_REPORTS", 0.0)
    monkeypatch.setattr("explainers.concepts.measured.CURVES", 2)


@pytest.fixture
def cache(settings: Settings) -> ActivationCache:
    return cached(settings)


@pytest.fixture
def asked(store: Store, tiny: models.ImageClassifier) -> Callable[..., str]:
    """The key of a queued study of one set; `question` replaces its defaults."""
    kept = [accept(picture(n, (12, 8)), 10_000, 10_000) for n in range(PICTURES)]
    manifest = Manifest(tuple(Member(asset.sha256, f"{n}", None) for n, asset in enumerate(kept)))
    own = store.image_sets.put("ann", "noise", manifest, [asset.data for asset in kept])

    def ask(**question: Any) -> str:
        spec, card = settle(tiny, ConceptQuestion(n_concepts=2, **question), manifest.sha256)
        return store.concepts.open("ann", own.id, own.name, spec, {"card": card})[0].run

    return ask


Reports = list[tuple[int, bytes]]


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    seen: Reports = []
    report = Runs.report

    def noted(self: Runs, key: str, attempt: int, done: int, total: int, preview: bytes) -> bool:
        seen.append((done, preview))
        return report(self, key, attempt, done, total, preview)

    monkeypatch.setattr(Runs, "report", noted)
    return seen


def counted(cache: ActivationCache) -> int:
    return sum(path.is_file() for path in cache._folder.rglob("*"))


@pytest.mark.usefixtures("every_step")
def test_cancelled_while_reading_it_stops_within_a_batch_and_stores_nothing(
    store: Store,
    shelf: Shelf,
    cache: ActivationCache,
    asked: Callable[..., str],
    reports: Reports,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = asked()
    before = rows(store)
    noted = Runs.report

    def cancelling(self: Runs, key: str, *told: Any) -> bool:
        store.runs.leave(key, "ann")
        return noted(self, key, *told)

    monkeypatch.setattr(Runs, "report", cancelling)
    execute(store, shelf, key, cache)
    assert reports == [(32, b'{"stage": "reading 32 of 70 pictures"}')]
    assert counted(cache) == 32
    assert store.runs.get(key).state == "cancelled"
    assert rows(store) == {**before, "waiters": 0}


@pytest.mark.usefixtures("every_step")
def test_every_stage_is_told(store: Store, shelf: Shelf, asked: Callable[..., str], reports: Reports) -> None:
    key = asked()
    execute(store, shelf, key)
    done = store.runs.get(key)
    assert (done.state, done.error, done.preview) == ("done", None, 0)
    told = [preview.decode() for _, preview in reports]
    assert '{"stage": "looking for 2 concepts"}' in told
    assert any(stage.startswith('{"stage": "drawing ') for stage in told)


def test_a_stage_is_told_at_once_however_short_the_last_one_was(
    store: Store, shelf: Shelf, asked: Callable[..., str], reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SECONDS_BETWEEN_REPORTS", 1e9)
    monkeypatch.setattr("explainers.concepts.measured.CURVES", 2)
    execute(store, shelf, asked())
    verbs = [preview.decode().split('"')[3].split()[0] for _, preview in reports]
    assert verbs == ["reading", "gathering", "looking", "finding", "weighing", "measuring", "grouping", "drawing"]


@pytest.mark.usefixtures("every_step")
def test_with_and_without_what_is_remembered_it_is_the_same(
    store: Store, shelf: Shelf, cache: ActivationCache, asked: Callable[..., str]
) -> None:
    execute(store, shelf, asked(), cache)
    first = store.runs.get(asked())
    assert first.result is not None
    assert counted(cache) == PICTURES
    for file in sorted(cache._folder.rglob("*.safetensors"))[::3]:
        file.unlink()
    for again in (cache, None):
        attempt = claimed_anew(store, first.key)
        execute(store, shelf, first.key, again)
        second = store.runs.get(first.key)
        assert second.attempt == attempt + 1
        assert second.result == first.result


def claimed_anew(store: Store, key: str) -> int:
    """As if it had never ended."""
    with store.database.write() as session:
        session.execute(text("UPDATE runs SET state = 'queued'"))
        session.execute(text("INSERT INTO waiters (run, owner) VALUES (:run, 'ann')"), {"run": key})
    return store.runs.get(key).attempt


def test_s11_weights_that_changed_are_refused(
    store: Store, shelf: Shelf, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = asked()
    model = shelf.get("tiny")
    changed_card = replace(model.card, digest="0" * 64)
    monkeypatch.setitem(shelf._loaded, "tiny", replace(model, card=changed_card))  # type: ignore[type-var]
    execute(store, shelf, key)
    assert store.runs.get(key).error == "The weights of tiny have changed since this was asked; ask again."


def test_manifests_are_the_same_bytes_for_the_same_pictures() -> None:
    manifest = Manifest((Member("a" * 64, "ä\u202e.png", "lily"), Member("b" * 64, "b", None)))
    assert Manifest.read(manifest.data) == manifest
    assert manifest.data == f'[["{"a" * 64}","ä\u202e.png","lily"],["{"b" * 64}","b",null]]'.encode()
    assert manifest.labels == {"lily": 1}


@pytest.mark.parametrize("label", ["great white shark", "Great_White  Shark", "n01484850_great_white_shark"])
def test_labels_find_their_class(label: str) -> None:
    labels = ("tench", "great white shark", "tench")
    assert classes([Member("a", "a", label), Member("b", "b", None), Member("c", "c", "x")], labels) == [1, None, None]
    assert classes([Member("a", "a", "TENCH")], labels) == [0]
    assert plain(label) == "great white shark"


def test_random_changes_are_as_long_at_every_place() -> None:
    rng = torch.Generator().manual_seed(0)
    a = torch.rand(3, 6, 4, 5, generator=rng)
    edited = a + torch.randn(a.shape, generator=rng) * (torch.rand(3, 1, 4, 5, generator=rng) < 0.5)
    length = (edited - a).norm(dim=1)
    found = list(changed(a, edited))
    assert len(found) == DIRECTIONS
    for other in found:
        assert torch.allclose((other - a).norm(dim=1), length, atol=1e-5)  # float32
    assert len({tuple((other - a)[0].flatten().tolist()) for other in found}) == DIRECTIONS
    assert all(torch.equal(other, a) for other in changed(a, a))


def test_images_that_are_followed() -> None:
    assert evenly(5, 200) == (0, 1, 2, 3, 4)
    assert evenly(1000, 4) == (0, 250, 500, 750)


def test_points_of_few_images_lie_in_the_square() -> None:
    shares = torch.tensor([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]])
    points = unit(flat(shares))
    assert (points[:, 0].min().item(), points[:, 0].max().item()) == (0, 1)
    assert points.amin() >= 0
    assert points.amax() <= 1
    assert unit(flat(shares[:, :1])).shape == (3, 2)
    assert unit(torch.zeros(4, 2)).tolist() == [[0.5, 0.5]] * 4
