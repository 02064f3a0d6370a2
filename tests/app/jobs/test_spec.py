"""The key under which a result is found again."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from app.jobs.spec import ConceptSpec, JobSpec, Spec, TrustSpec, spec_from

SPEC = JobSpec(
    asset="a" * 64,
    model="efficientnet_lite0",
    digest="d" * 64,
    method="rise",
    revision=1,
    params={"n_masks": 800, "p": 0.5, "baseline": "mean"},
    output="logit",
    seed=0,
    precision="float32",
    classes=(967, 504, 968),
)

CONCEPTS = ConceptSpec(
    manifest="a" * 64,
    model="efficientnet_lite0",
    digest="d" * 64,
    layer="bn2",
    target=None,
    by="predicted",
    n_concepts=10,
    factorizer="nmf",
    rows="locations",
    importance="gradient_x_input",
    seed=0,
    revision=1,
)

OTHER: dict[str, Any] = {
    "asset": "b" * 64,
    "model": "timm/resnet18",
    "digest": "e" * 64,
    "method": "sobol",
    "revision": 2,
    "params": {"n_masks": 801, "p": 0.5, "baseline": "mean"},
    "output": "probability",
    "seed": 1,
    "precision": "bfloat16",
    "classes": (504, 967, 968),
    "against": 968,
    "kind": "text",
}


def test_the_key_of_a_spec_stays() -> None:
    # whoever changes this hex makes every stored result unfindable: say so in the changelog
    assert SPEC.key == "522df0b9227b330f3565cfda48297ce6cd84a98f844828341f9cdc25d1d8c969"


@pytest.mark.parametrize("field", [field.name for field in fields(JobSpec)])
def test_s25_every_field_changes_the_key(field: str) -> None:
    assert replace(SPEC, **{field: OTHER[field]}).key != SPEC.key


def test_the_order_of_parameters_does_not_change_the_key() -> None:
    assert replace(SPEC, params=dict(reversed(SPEC.params.items()))).key == SPEC.key


@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        replace(SPEC, against=3),
        replace(SPEC, kind="text"),
        TrustSpec(explanation=SPEC.key, target=504, revision=1),
        CONCEPTS,
        replace(CONCEPTS, target=3),
    ],
    ids=type,
)
def test_a_spec_survives_the_database(spec: Spec) -> None:
    assert spec_from(json.loads(json.dumps(spec.as_dict()))) == spec


def test_a_judgement_has_a_key_for_each_class_and_revision() -> None:
    judgements = [TrustSpec(explanation=SPEC.key, target=t, revision=r) for t in (504, 967) for r in (1, 2)]
    assert len({judgement.key for judgement in judgements} | {SPEC.key}) == 5


def test_everything_that_changes_concepts_changes_their_key() -> None:
    other: dict[str, Any] = {field.name: "x" for field in fields(CONCEPTS)} | {
        "target": 3, "n_concepts": 11, "seed": 1, "revision": 2
    }  # fmt: skip
    keys = {replace(CONCEPTS, **{name: value}).key for name, value in other.items()}
    assert len(keys | {CONCEPTS.key}) == len(fields(CONCEPTS)) + 1
