from __future__ import annotations

import pytest

from tests.explainers.metrics.squares import trained
from tests.oracles import Oracle


@pytest.fixture(scope="session")
def colours() -> Oracle:
    """Sees which colours the squares of a picture have."""
    return trained()
