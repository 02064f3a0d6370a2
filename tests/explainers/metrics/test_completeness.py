from __future__ import annotations

import pytest

from explainers.metrics.completeness import completeness_of


def test_gap_against_the_difference() -> None:
    found = completeness_of(total=4.1, delta=0.1, largest=20.0)
    assert (found.gap, found.difference) == pytest.approx((0.1, 4.0))
    assert found.relative == pytest.approx(0.025)
    assert completeness_of(total=-4.1, delta=-0.1, largest=20.0).relative == pytest.approx(0.025)


def test_nothing_to_explain() -> None:
    assert completeness_of(total=1e-5, delta=0.0, largest=20.0).relative is None  # 2e-5 is a millionth of 20
    assert completeness_of(total=3e-5, delta=0.0, largest=20.0).relative == 0
