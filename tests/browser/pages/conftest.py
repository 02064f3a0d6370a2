"""One server for all of these: they look at pages, and none minds what another has asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.pages.blind import blind
from tests.server import Server, serving


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    with serving(home, WHYLENS_MODELS=str(blind(home / "models"))) as running:
        yield running
