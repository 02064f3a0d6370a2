"""What goes when there is too much, and what never does, on every database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from app.jobs.heads import PREFIX
from app.jobs.spec import ConceptSpec, TrustSpec
from app.storage import room
from app.storage.explanations import Explanation
from app.storage.revisions import Sketch
from app.storage.room import make_room, stored_bytes
from app.storage.runs import SECONDS_BETWEEN_USES
from app.storage.store import Store
from app.storage.tables import RunRow
from tests.app.conftest import rows
from tests.app.storage.conftest import asked, spec, upload

SIZE = 1000  # bytes of each result
LONG_AGO, NOW = 1e6, 1e6 + 10 * room.SAFE_SECONDS

# makes room, and holds on after the result of one is gone and before its bytes are
HELD = """
import sys
from app.storage import blobs
from app.storage.room import make_room
from app.storage.store import Store

def hold(session, shas):
    print("half gone", flush=True)
    sys.stdin.readline()

blobs.drop_unnamed = hold
make_room(Store.at(sys.argv[1]).database, 0, float(sys.argv[2]))
"""


def computed(store: Store, key: str, seed: int = 0) -> None:
    attempt = store.runs.claim(key)
    assert attempt is not None
    assert store.runs.finish(key, attempt, 1, {"kind": "attributions"}, {"2": part(seed)})


def part(seed: int) -> bytes:
    return bytes([seed]) * SIZE


def last_used(store: Store, key: str, when: float | None) -> None:
    with store.database.write() as session:
        session.execute(update(RunRow).where(RunRow.key == key).values(used=when))


def explained(store: Store, seed: int = 0, owner: str = "ann") -> Explanation:
    """Finished, and unused for long: the higher the seed, the shorter."""
    made = asked(store, owner, seed)
    computed(store, made.run, seed)
    last_used(store, made.run, LONG_AGO + seed)
    return made


def blob(store: Store, run: str) -> str:
    result = store.runs.get(run).result
    assert result is not None
    sha256: str = result["blobs"]["2"]
    return sha256


def states(store: Store, *made: Explanation) -> list[str]:
    return [store.runs.get(each.run).state for each in made]


def test_the_least_recently_used_go_until_there_is_room(store: Store) -> None:
    made = [explained(store, seed) for seed in range(5)]
    last_used(store, made[0].run, LONG_AGO + 10)  # the oldest, and the last that was looked at
    total = stored_bytes(store.database)
    assert make_room(store.database, total, NOW) == 0
    assert make_room(store.database, total - 2 * SIZE, NOW) == 2
    assert stored_bytes(store.database) == total - 2 * SIZE
    assert states(store, *made) == ["done", "cancelled", "cancelled", "done", "done"]
    assert make_room(store.database, total - 2 * SIZE - 1, NOW) == 1, "one byte too much costs a whole result"
    assert states(store, *made) == ["done", "cancelled", "cancelled", "cancelled", "done"]


def test_more_go_than_are_looked_for_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "FEW", 2)
    made = [explained(store, seed) for seed in range(5)]
    assert make_room(store.database, 0, NOW) == 5
    assert set(states(store, *made)) == {"cancelled"}


def test_what_went_is_computed_again_by_the_same_key(store: Store) -> None:
    made = explained(store)
    store.thumbnails.put(made.run, 2, b"small")
    before, sha256 = rows(store), blob(store, made.run)
    assert make_room(store.database, 0, NOW) == 1
    after = rows(store)
    gone = {table: before[table] - after[table] for table in before if before[table] != after[table]}
    assert gone == {"blobs": 1, "result_blobs": 1, "thumbnails": 1}
    run = store.runs.get(made.run)
    assert (run.state, run.result, run.error) == ("cancelled", None, room.EVICTED)
    assert store.runs.blob(made.run, run.input) == b"input png"
    again = asked(store)
    assert (again, store.runs.get(made.run).state, store.runs.get(made.run).error) == (made, "queued", None)
    computed(store, made.run)
    assert store.runs.blob(made.run, sha256) == part(0)
    assert rows(store) == {**before, "thumbnails": 0}


def test_killed_in_the_middle_it_has_taken_nothing(store: Store, url: str) -> None:
    made, before = explained(store), rows(store)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HELD, url, str(NOW)], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half gone\n"
        process.kill()
    assert rows(store) == before
    assert store.runs.blob(made.run, blob(store, made.run)) == part(0)
    assert make_room(store.database, 0, NOW) == 1, "nor does it stand in the way of the next"


def named(store: Store, made: Explanation) -> None:
    store.explanations.rename("ann", made.id, "mine")


def edited(store: Store, made: Explanation) -> None:
    sketch = Sketch(target=2, mode="remove", fill="blur", area=0.25)
    store.revisions.put(made.id, "ann", b"planes", sketch, None)


def noted(store: Store, made: Explanation) -> None:
    store.notes.put("explanation", made.id, "ann", {"kind": "point", "x": 0, "y": 0}, "here")


def shared(store: Store, made: Explanation) -> None:
    snapshot = {"title": "x", "id": made.id}
    store.shares.put("ann", "h" * 64, "explanation", snapshot, {blob(store, made.run): "a/b"}, 3600)


def compared(store: Store, made: Explanation) -> None:
    store.explanations.compare("ann", made.id, [("other", 1)])


def laid_beside(store: Store, made: Explanation) -> None:
    other = asked(store, seed=100)
    store.explanations.compare("ann", other.id, [(made.id, 2)])


def being_judged(store: Store, made: Explanation) -> None:
    store.runs.follow(made.run, TrustSpec(explanation=made.run, target=2, revision=1), "ann")


def just_used(store: Store, made: Explanation) -> None:
    last_used(store, made.run, NOW - room.SAFE_SECONDS + 1)


def asked_for_again(store: Store, made: Explanation) -> None:
    """By somebody else, which is a hit."""
    assert asked(store, "bob").run == made.run


def of_a_name_of_another_owner(store: Store, made: Explanation) -> None:
    theirs = asked(store, "bob")
    assert theirs.run == made.run
    store.explanations.rename("bob", theirs.id, "his")
    last_used(store, made.run, LONG_AGO)


KEPT = (
    named, edited, noted, shared, compared, laid_beside, being_judged, just_used, asked_for_again,
    of_a_name_of_another_owner,
)  # fmt: skip


@pytest.mark.parametrize("keep", KEPT, ids=lambda keep: keep.__name__)
def test_never_goes(store: Store, keep: Callable[[Store, Explanation], None]) -> None:
    kept, other = explained(store), explained(store, seed=1)
    keep(store, kept)
    before = rows(store)
    assert make_room(store.database, 0, NOW) == 1
    assert states(store, kept, other) == ["done", "cancelled"]
    assert store.runs.blob(kept.run, blob(store, kept.run)) == part(0)
    assert rows(store) == {**before, "blobs": before["blobs"] - 1, "result_blobs": before["result_blobs"] - 1}


def test_what_was_looked_at_within_the_hour_never_goes(store: Store) -> None:
    """Although the use before, which is all that is known, was nearly an hour earlier."""
    explained(store)
    unrecorded = LONG_AGO + SECONDS_BETWEEN_USES - 1
    assert make_room(store.database, 0, unrecorded + SECONDS_BETWEEN_USES) == 0


def test_what_is_not_finished_never_goes(store: Store) -> None:
    queued, running = asked(store), asked(store, seed=1)
    attempt = store.runs.claim(running.run)
    assert attempt is not None
    assert store.runs.report(running.run, attempt, 1, 2, b"coarse")
    before = rows(store)
    assert make_room(store.database, 0, NOW) == 0
    assert (states(store, queued, running), rows(store)) == (["queued", "running"], before)


def test_what_a_classifier_said_that_is_gone_never_goes(store: Store) -> None:
    """There is nobody who could compute it again."""
    asset = store.assets.put("ann", upload(), "picture")
    asked_of = replace(spec(asset), model=f"{PREFIX}gone")
    made, _ = store.explanations.open("ann", asset.id, asked_of, {"target": 2}, b"input png", 2)
    computed(store, made.run)
    assert make_room(store.database, 0, NOW * 1e6) == 0


@pytest.mark.parametrize("view", ["nothing", "a name", "a name of a concept", "a note"])
def test_studies_go_unless_something_in_them_has_a_name(store: Store, view: str) -> None:
    manifest = store.assets.put("ann", upload(), "manifest").sha256
    asked_for = ConceptSpec(
        manifest=manifest, model="tiny", digest="d", layer="l", target=None, by="labelled", n_concepts=2,
        factorizer="nmf", rows="crops", importance="sobol", seed=0, revision=1,
    )  # fmt: skip
    study, _ = store.concepts.open("ann", "set", "shapes", asked_for, {})
    computed(store, study.run)
    match view:
        case "a name":
            store.concepts.rename("ann", study.id, "mine")
        case "a name of a concept":
            store.concepts.call("ann", study.id, "concepts", 0, "eyes", suspicious=False)
        case "a note":
            store.notes.put("concepts", study.id, "ann", {"kind": "concept", "number": 0}, "eyes")
    last_used(store, study.run, LONG_AGO)
    assert make_room(store.database, 0, NOW) == (1 if view == "nothing" else 0)


def test_results_from_before_times_were_kept_go_by_when_they_were_finished(store: Store) -> None:
    made = explained(store)
    last_used(store, made.run, None)
    finished = store.runs.get(made.run).finished
    assert finished is not None
    assert make_room(store.database, 0, finished + room.SAFE_SECONDS) == 0
    assert make_room(store.database, 0, finished + room.SAFE_SECONDS + 1) == 1


def test_looking_writes_once_an_hour(store: Store) -> None:
    made = explained(store)
    store.runs.look_at(store.runs.get(made.run))
    first = store.runs.get(made.run).used
    assert first is not None
    assert first > NOW, "the clock is of today"
    store.runs.look_at(store.runs.get(made.run))
    assert store.runs.get(made.run).used == first
    last_used(store, made.run, first - SECONDS_BETWEEN_USES)
    store.runs.look_at(store.runs.get(made.run))
    assert (store.runs.get(made.run).used or 0) >= first
