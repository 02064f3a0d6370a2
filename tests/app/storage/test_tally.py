"""Numbers about the runs, on every database."""

from __future__ import annotations

from app.jobs.gpus import GpuMemory
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


def test_the_page_of_numbers_tells_bytes(store: Store) -> None:
    explanation = asked(store)
    attempt = store.runs.claim(explanation.run)
    assert attempt is not None
    store.runs.finish(explanation.run, attempt, 1, {}, {"2": bytes(1000), "1": bytes(1000)})
    asset = store.assets.get("ann", explanation.asset)
    assert asset is not None
    # two equal parts are stored once
    stored = len(store.assets.data(asset)) + len(b"input png") + 1000
    said = exposition(store.database).decode()
    assert f"whylens_stored_bytes {float(stored)}" in said
    assert "gpu" not in said, "where there is none, nothing is said of it"
    told = exposition(store.database, [GpuMemory(0, 1500, 4000), GpuMemory(1, 0, 8000)]).decode()
    for line in (
        'whylens_gpu_memory_used_bytes{gpu="0"} 1500.0',
        'whylens_gpu_memory_bytes{gpu="0"} 4000.0',
        'whylens_gpu_memory_used_bytes{gpu="1"} 0.0',
        'whylens_gpu_memory_bytes{gpu="1"} 8000.0',
    ):
        assert line in told
