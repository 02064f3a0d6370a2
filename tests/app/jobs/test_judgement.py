"""A finished explanation is judged by a run of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

import models
from app.failures import NotFoundError, RequestError
from app.jobs.question import Question
from app.service import Service
from app.storage import codec
from app.storage.explanations import Explanation
from app.uploads import image
from explainers import TrustReport, trust
from tests.app.conftest import Counts, picture
from tests.app.inline import HeldPool, InlinePool, stocked

ME, YOU = "me", "you"
QUICK = Question(params={"n_masks": 32, "cells": 4})


def asked(desk: Service, owner: str = ME) -> Explanation:
    return desk.ask(owner, desk.upload(owner, picture(0), "photo.png").id, QUICK)


def report(desk: Service, owner: str, explanation: Explanation) -> TrustReport:
    run = desk.judge(owner, explanation.id)
    assert run.error is None
    assert run.result is not None
    return TrustReport.from_dict(run.result)


def test_what_is_stored_is_what_the_panel_says(desk: Service, tiny: models.ImageClassifier) -> None:
    explanation = asked(desk)
    target = explanation.view["target"]
    run = desk.run(explanation)
    assert run.result is not None
    part = desk.store.runs.blob(run.key, run.result["blobs"][str(target)])
    assert part is not None
    expected = trust(tiny, image(desk.store.runs.asset(run.key)), codec.decode(run.result, target, part))
    assert report(desk, ME, explanation) == expected
    assert expected.checks


def test_it_is_made_once_for_everybody(desk: Service, counts: Counts) -> None:
    mine, yours = asked(desk), asked(desk, YOU)
    first = desk.judge(ME, mine.id)
    before = counts()
    again = desk.judge(YOU, yours.id)
    assert (again.key, again.attempt) == (first.key, 1)
    assert counts() == before


def test_each_class_has_its_own(desk: Service) -> None:
    explanation = asked(desk)
    first = desk.judge(ME, explanation.id)
    other = desk.run(explanation).spec.classes[3]
    desk.look_at(ME, explanation.id, other)
    looked_at = desk.explanation(ME, explanation.id)
    assert desk.judgement(looked_at) is None
    second = desk.judge(ME, explanation.id)
    assert second.key != first.key
    assert second.state == "done"


def test_only_what_is_done_and_ones_own_is_judged(slow_desk: Service, held: HeldPool, counts: Counts) -> None:
    explanation = asked(slow_desk)
    before = counts()
    with pytest.raises(RequestError, match="judged when it is done; this one is queued"):
        slow_desk.judge(ME, explanation.id)
    held.work()
    with pytest.raises(NotFoundError):
        slow_desk.judge(YOU, explanation.id)
    assert counts()["runs"] == before["runs"]
    assert slow_desk.judge(ME, explanation.id).state == "queued"
    held.work()
    judgement = slow_desk.judgement(explanation)
    assert judgement is not None
    assert judgement.state == "done"


def test_other_weights_than_were_asked_are_not_judged(desk: Service, tiny: models.ImageClassifier) -> None:
    explanation = asked(desk)
    changed = replace(tiny, card=replace(tiny.card, digest="f" * 64))
    pool = InlinePool(desk.store, stocked(changed))
    run = replace(desk, pool=pool).judge(ME, explanation.id)
    assert run.state == "failed"
    assert run.error is not None
    assert "weights of tiny have changed" in run.error


def test_a_failed_one_can_be_asked_for_again(desk: Service, tiny: models.ImageClassifier) -> None:
    explanation = asked(desk)
    changed = replace(tiny, card=replace(tiny.card, digest="f" * 64))
    replace(desk, pool=InlinePool(desk.store, stocked(changed))).judge(ME, explanation.id)
    assert report(desk, ME, explanation).checks
