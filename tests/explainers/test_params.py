from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from explainers import build, list_methods, method
from explainers.params import Param, Parameters, Range


@dataclass(frozen=True, kw_only=True)
class Example(Parameters):
    n: Annotated[int, Range(8, 64, "Rows.")] = 32
    p: Annotated[float, Range(0, 1, "Share.")] = 0.5
    order: Annotated[Literal["total", "first"], "Which."] = "total"
    blurred: bool = False


def test_schema_says_all_that_a_form_needs() -> None:
    assert Example.schema() == (
        Param("n", int, 32, Range(8, 64, "Rows."), (), "Rows."),
        Param("p", float, 0.5, Range(0, 1, "Share."), (), "Share."),
        Param("order", str, "total", None, ("total", "first"), "Which."),
        Param("blurred", bool, False, None, (), ""),
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"n": 4}, "n must lie in [8, 64]; got 4"),
        ({"n": 65}, "n must lie in [8, 64]; got 65"),
        ({"n": 16.0}, "n must be a whole number; got 16.0"),
        ({"n": True}, "n must be a whole number; got True"),
        ({"n": "16"}, "n must be a whole number; got '16'"),
        ({"n": None}, "n must be a whole number; got None"),
        ({"p": 1.5}, "p must lie in [0, 1]; got 1.5"),
        ({"p": float("nan")}, "p must lie in [0, 1]; got nan"),
        ({"p": float("inf")}, "p must lie in [0, 1]; got inf"),
        ({"p": "x"}, "p must be a number; got 'x'"),
        ({"order": "second"}, "order must be one of total, first; got 'second'"),
        ({"order": ["total"]}, "order must be one of total, first; got ['total']"),
        ({"blurred": 1}, "blurred must be true or false; got 1"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        Example(**given)  # type: ignore[arg-type]
    assert str(refusal.value) == sentence


def test_equal_parameters_have_one_form() -> None:
    assert json.dumps(Example(p=1).as_dict()) == json.dumps(Example(p=1.0).as_dict())
    assert Example(**Example(n=9).as_dict()) == Example(n=9)  # type: ignore[arg-type]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^rise has no parameter 'n_mask'; did you mean n_masks\?$"):
        build("rise", {"n_mask": 100})
    with pytest.raises(ValueError, match=r"^rise has no parameter 'zzz'; it has n_masks, cells, p"):
        build("rise", {"zzz": 100})
    with pytest.raises(ValueError, match=r"^method must be one of .*rise.* for images; got 'raise'$"):
        method("raise")


def test_methods_are_found_by_kind() -> None:
    names = [m.name for m in list_methods("image")]
    assert {"occlusion", "rise", "sobol"} <= set(names)
    assert names == sorted(names)
    assert all(m.description and m.revision >= 1 for m in list_methods())


def test_constraints_between_fields() -> None:
    with pytest.raises(ValueError, match="n must be a power of two from 128 on; got 200"):
        build("sobol", {"n": 200})
    assert build("sobol", {"n": 100}).n == 100
    with pytest.raises(ValueError, match="stride must be at most window = 8, or pixels go unseen; got 9"):
        build("occlusion", {"window": 8, "stride": 9})
