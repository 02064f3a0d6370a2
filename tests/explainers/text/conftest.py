from __future__ import annotations

import pytest

from explainers import runs


@pytest.fixture(autouse=True)
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed forms to the last digits, on processors too that would score in bfloat16."""
    monkeypatch.setattr(runs, "resolve_precision", lambda *_: "float32")
