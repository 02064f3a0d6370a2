"""The databases that the storage contract is run on, and rows to begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs.spec import JobSpec
from app.storage.assets import OwnedAsset
from app.storage.explanations import Explanation
from app.storage.store import Store
from app.uploads import Asset, accept
from tests.app.conftest import picture
from tests.postgres import postgres, schema_of_its_own

__all__ = ["postgres"]  # a fixture of these tests


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'whylens.db'}"
        return
    with schema_of_its_own(request.getfixturevalue("postgres")) as address:
        yield address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A migrated database."""
    store = Store.at(url)
    store.database.upgrade()
    yield store
    store.database.close()


def upload(seed: int = 0) -> Asset:
    return accept(picture(seed), 1_000_000, 1_000_000)


def spec(asset: OwnedAsset, seed: int = 0) -> JobSpec:
    return JobSpec(
        asset=asset.sha256,
        model="tiny",
        digest="d" * 64,
        method="rise",
        revision=1,
        params={"n_masks": 16, "p": 0.5},
        output="logit",
        seed=seed,
        precision="float32",
        classes=(2, 1),
    )


def asked(store: Store, owner: str = "ann", seed: int = 0) -> Explanation:
    """One more explanation of the same picture; each seed is a run of its own."""
    return opened(store, owner, seed)[0]


def opened(store: Store, owner: str = "ann", seed: int = 0) -> tuple[Explanation, bool]:
    """The explanation, and whether its run has to be computed now."""
    asset = store.assets.put(owner, upload(), "picture")
    look = {"classes": [2, 1], "labels": ["c", "b"], "target": 2}
    return store.explanations.open(owner, asset.id, spec(asset, seed), look, b"input png", 2)
