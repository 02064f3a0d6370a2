"""What the API says of itself, taken at its word and against it: whatever is sent, no answer is a fault of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from starlette.testclient import TestClient

from app.api import api
from tests import soak
from tests.app.api.conftest import refusal
from tests.app.api.test_corpus import INSIDE, LONGEST
from tests.app.api.test_explanations import ask, send

pytestmark = [
    pytest.mark.soak,
    pytest.mark.usefixtures("as_in_production"),
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
]

DOCUMENT = schemathesis.openapi.from_asgi("/openapi.json", api())
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)  # what fits it, and what does not
WITH_AN_EXPLANATION = "/explanations/{id}"
SEEDED = settings(
    derandomize=True,
    database=None,
    deadline=None,  # a shared machine is as slow as it is
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),  # one service for all that is sent to a place
)


@pytest.fixture
def explanation(client: TestClient) -> str:
    id: str = ask(client, send(client))["id"]
    return id


def test_many_of_each(explanation: str) -> None:
    soak.told("hostile: requests made of the OpenAPI document", **{"answers by status": asked(explanation, 100)})


def asked(explanation: str, examples: int) -> dict[str, int]:
    """How often each status was answered.

    In one test: making a service for each place would take longer than all answers.
    """
    every: Iterable[Any] = DOCUMENT.get_all_operations()
    operations = [found.ok() for found in every]
    assert len(operations) > 70
    statuses: Counter[str] = Counter()
    for operation in operations:
        for mode in MODES:

            @settings(SEEDED, max_examples=examples)
            @given(case=operation.as_strategy(generation_mode=mode))
            def answers(case: Any) -> None:
                statuses[str(answered(case, explanation))] += 1

            with suppress(Unsatisfiable):  # what has no parameters cannot be asked wrongly
                answers()
    return dict(sorted(statuses.items()))


def answered(case: Any, explanation: str) -> int:
    """The status. Half of what asks for an explanation is about one that there is."""
    if case.path.startswith(WITH_AN_EXPLANATION) and case.method != "DELETE" and len(str(case.query)) % 2:
        case.path_parameters["id"] = explanation
    answer = case.call()
    assert answer.status_code < 500, (case.as_curl_command(), answer.text)
    if answer.status_code >= 400:
        message = refusal(Told(answer), answer.status_code)
        assert len(message) <= LONGEST, (case.as_curl_command(), message)
        assert not INSIDE.search(message), (case.as_curl_command(), message)
    status: int = answer.status_code
    return status


class Told:
    """An answer of schemathesis as one of the test client: its headers are lists."""

    def __init__(self, answer: Any) -> None:
        self.status_code, self.text, self.json = answer.status_code, answer.text, answer.json
        self.headers = {name.lower(): values[0] for name, values in answer.headers.items()}
