"""One server with its pool inside for all of these: what one kills is back for the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server import Server, serving


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home"), WHYLENS_MODEL="planted_shortcut") as running:
        yield running
