"""What suits a model is found out once, behind the back of whoever asks."""

from __future__ import annotations

from threading import Event

import pytest

import models
from app.jobs import fitting
from app.jobs.fitting import FitBook
from app.jobs.shelf import Shelf
from explainers import Fit
from tests.app.inline import stocked
from tests.models.nets import Small


def settled(book: FitBook, model: str) -> None:
    """Wait for the thread that finds out."""
    book._thread.submit(int).result()
    assert book._asked[model].done()


def test_whoever_asks_does_not_wait(tiny: models.ImageClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    go, asked = Event(), list[object]()

    def slow(model: object) -> tuple[Fit, ...]:
        asked.append(model)
        go.wait()
        return (Fit("rise", "valid", ""),)

    monkeypatch.setattr(fitting, "method_fits", slow)
    twin = models.wrap(Small(25), (40, 56), (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), name="twin")
    book = FitBook(stocked(tiny, twin))
    assert book.of("tiny") is None
    assert book.of("tiny") is None
    go.set()
    settled(book, "tiny")
    assert book.of("tiny") == ({"method": "rise", "status": "valid", "reason": ""},)
    book.of("twin")
    settled(book, "twin")
    assert book.of("twin") == book.of("tiny")
    assert asked == [tiny]  # the same digest under another name


def test_a_model_that_cannot_be_loaded_says_so_until_it_can(tiny: models.ImageClassifier) -> None:
    shelf = Shelf(None, allow_pth=False)
    book = FitBook(shelf)
    assert book.of("tiny") is None
    settled(book, "tiny")
    for _ in range(2):
        with pytest.raises(models.UnsupportedModelError, match="no model is called 'tiny'"):
            book.of("tiny")
    shelf._loaded["tiny"] = tiny
    assert book.of("tiny") is None
    settled(book, "tiny")
    assert book.of("tiny")
