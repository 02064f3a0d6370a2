"""A small model, a fresh database, a service without processes."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import config
from PIL import Image
from sqlalchemy import func, select

import models
from app import wiring
from app.jobs.activations import ActivationCache
from app.jobs.shelf import Shelf
from app.service import Service
from app.settings import Settings, variables
from app.storage.store import Store
from app.storage.tables import Table
from explainers import registry
from explainers.registry import Method
from tests.app import textual
from tests.app.inline import HeldPool, InlinePool, stocked
from tests.models.nets import Small

LABELS = tuple(f"kind {k}" for k in range(25))  # more than the 20 that one run reads

Counts = Callable[[], Mapping[str, int]]


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def as_in_production() -> Iterator[None]:
    """Types unchecked: where users' values come in, the checks of our own must hold alone."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def tiny() -> models.ImageClassifier:
    """Not square, so that height and width cannot be swapped unseen; larger than occlusion's default window."""
    return models.wrap(Small(len(LABELS)), (40, 56), (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), LABELS, name="tiny")


@pytest.fixture(scope="session")
def wordy() -> models.TextClassifier:
    return textual.wordy()


@pytest.fixture
def shelf(tiny: models.ImageClassifier, wordy: models.TextClassifier, store: Store) -> Shelf:
    return stocked(tiny, wordy, heads=store.heads.definition)


@pytest.fixture(scope="session")
def png() -> bytes:
    """A picture of 48 × 32 pixels."""
    return picture(0)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once; tests copy it."""
    file = tmp_path_factory.mktemp("migrated") / "whylens.db"
    store = Store.at(f"sqlite:///{file}")
    store.database.upgrade()
    store.database.close()
    return file


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        model="tiny",
        text_model="wordy",
        threads=1,
        max_upload_bytes=1_000_000,
        max_text_chars=5_000,
        jobs_per_owner=3,
    )


@pytest.fixture
def store(settings: Settings, migrated: Path) -> Iterator[Store]:
    settings.home.mkdir()
    shutil.copy(migrated, settings.home / "whylens.db")
    store = Store.at(settings.database)
    yield store
    store.database.close()


@pytest.fixture
def desk(settings: Settings, store: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service of this process for one test; what is asked of it is answered at once."""
    monkeypatch.setattr(wiring, "_service", None)
    return wiring.use(Service(settings, store, InlinePool(store, shelf, cache=cached(settings))))


@pytest.fixture
def held(settings: Settings, store: Store, shelf: Shelf) -> HeldPool:
    return HeldPool(store, shelf, cache=cached(settings))


@pytest.fixture
def slow_desk(settings: Settings, store: Store, held: HeldPool, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The same, but jobs wait until `held.work()`."""
    monkeypatch.setattr(wiring, "_service", None)
    return wiring.use(Service(settings, store, held))


@pytest.fixture
def counts(store: Store) -> Counts:
    return lambda: rows(store)


@pytest.fixture
def with_method(monkeypatch: pytest.MonkeyPatch) -> Callable[[Method], None]:
    """Add a method to those there are, for one test."""
    methods = dict(registry._discover())

    def add(method: Method) -> None:
        monkeypatch.setattr(registry, "_discover", lambda: methods | {(method.name, method.kind): method})

    return add


def cached(settings: Settings) -> ActivationCache:
    return ActivationCache(settings.home / "activations", settings.activation_cache_bytes)


def rows(store: Store) -> dict[str, int]:
    """How many rows each table has: a refusal must leave them as they were."""
    with store.database.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Table.metadata.sorted_tables
        }


def picture(seed: int, size: tuple[int, int] = (48, 32), format: str = "PNG") -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, format)
    return out.getvalue()
