"""Users' classifiers, on every database."""

from __future__ import annotations

import pytest

from app.jobs.heads import Definition
from app.storage.store import Store
from tests.app.conftest import rows

PROMPTED = Definition(
    base="minilm", labels=("b", "ä"), digest="d" * 64, prompts={"b": ("one", "two"), "ä": ("\u202ethree",)}
)
FITTED = Definition(
    base="operator/mood",
    labels=("x", "y"),
    digest="e" * 64,
    weights=bytes(range(256)),
    accuracy=0.75,
    confusion=((3, 1), (0, 0)),
    rows=4,
    cut=1,
)


@pytest.mark.parametrize("definition", [PROMPTED, FITTED], ids=["prompted", "fitted"])
def test_it_comes_back_as_it_was(store: Store, definition: Definition) -> None:
    kept = store.heads.put("ann", "mood\x00\n of films", definition)
    assert kept.definition == definition
    assert (kept.name, kept.model) == ("mood of films", f"head/{kept.id}")
    assert store.heads.get("ann", kept.id) == kept
    assert store.heads.of("ann") == [kept]
    assert store.heads.definition(kept.id) == definition
    assert list(definition.prompts or ()) == list((store.heads.definition(kept.id) or definition).prompts or ())


def test_the_newest_is_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for second in (3, 1, 2):
        monkeypatch.setattr("app.storage.heads.time.time", lambda second=second: float(second))
        store.heads.put("ann", f"{second}", PROMPTED)
    assert [head.name for head in store.heads.of("ann")] == ["3", "2", "1"]


def test_somebody_elses_looks_unknown(store: Store) -> None:
    kept = store.heads.put("ann", "mine", PROMPTED)
    before = rows(store)
    assert store.heads.get("bob", kept.id) is None
    assert store.heads.of("bob") == []
    assert not store.heads.delete("bob", kept.id)
    assert rows(store) == before


def test_what_is_deleted_is_gone_whole(store: Store) -> None:
    before = rows(store)
    kept = store.heads.put("ann", "mine", FITTED)
    assert store.heads.delete("ann", kept.id)
    assert not store.heads.delete("ann", kept.id)
    assert (store.heads.get("ann", kept.id), store.heads.definition(kept.id)) == (None, None)
    assert rows(store) == before
