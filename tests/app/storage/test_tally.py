"""Numbers about the runs, on every database."""

from __future__ import annotations

from app.metrics import exposition
from app.storage.store import Store
from app.storage.tally import Tally, tallies, waiting_since
from tests.app.storage.conftest import asked
from tests.app.storage.test_store import PARTS


def test_runs_are_counted_by_method_and_state(store: Store) -> None:
    assert (tallies(store.database), waiting_since(store.database)) == ([], None)
    for seed in range(3):
        key = asked(store, seed=seed).run
        if seed:
            attempt = store.runs.claim(key)
            assert attempt is not None
            store.runs.finish(key, attempt, 10, {"meta": {"forwards": 100 * seed}}, PARTS)
    counted = {tally.state: tally for tally in tallies(store.database)}
    assert counted["queued"] == Tally("rise", "queued", 1, 0.0, 0.0)
    assert (counted["done"].method, counted["done"].runs, counted["done"].forwards) == ("rise", 2, 300.0)
    assert 0 <= counted["done"].seconds < 60  # they took no work, on a machine that is shared
    assert waiting_since(store.database) == store.runs.get(asked(store, seed=0).run).submitted


def test_the_page_of_numbers_names_nobody(store: Store) -> None:
    explanation = asked(store, "ann")
    said = exposition(store.database).decode()
    assert 'whylens_runs{method="rise",state="queued"} 1.0' in said
    assert "whylens_oldest_wait_seconds" in said
    assert "whylens_question_seconds" in said
    assert not any(private in said for private in (explanation.id, explanation.run, "ann", "picture"))
