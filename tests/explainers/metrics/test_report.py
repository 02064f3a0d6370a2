from __future__ import annotations

import pytest

from explainers import Check, TrustReport
from explainers.metrics.report import Status


def report(**statuses: Status) -> TrustReport:
    checks = [Check(name, status, 0.5, 0.1, f"The {name} is {status}.") for name, status in statuses.items()]
    return TrustReport(tuple(checks), 100)


def test_one_failure_decides() -> None:
    found = report(fidelity="passed", noise="doubtful", stability="failed", randomisation="passed")
    assert found.verdict == "fails"
    assert found.sentence == "Fails: the stability is failed."


def test_a_doubt_makes_it_mixed() -> None:
    found = report(fidelity="passed", noise="doubtful", randomisation="passed")
    assert found.verdict == "mixed"
    assert found.sentence == "Mixed, 2 of 3 checks passed: the noise is doubtful."


def test_what_cannot_be_tried_is_not_trusted() -> None:
    assert report(fidelity="passed", randomisation="not possible").verdict == "mixed"
    assert report(fidelity="passed").verdict == "mixed"
    assert report().sentence == "Mixed, 0 of 0 checks passed."


def test_it_holds_up() -> None:
    found = report(fidelity="passed", completeness="not possible", randomisation="passed")
    assert found.verdict == "holds up"
    assert found.sentence == "Holds up, 2 of 3 checks passed: the fidelity is passed."
    assert found.check("fidelity").value == 0.5
    with pytest.raises(KeyError):
        found.check("taste")


def test_one_of_the_two_curves_may_doubt() -> None:
    assert report(deletion="doubtful", insertion="passed", randomisation="passed").verdict == "holds up"
    assert report(deletion="passed", insertion="doubtful", randomisation="passed").verdict == "holds up"
    assert report(deletion="doubtful", insertion="doubtful", randomisation="passed").verdict == "mixed"
