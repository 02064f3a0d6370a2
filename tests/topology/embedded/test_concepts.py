"""Concepts in the pool as it is in production: a killed worker, a cancel, a probe beside a job."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.server import CLIENT, Server, until
from tests.topology.embedded.questions import LONG

pytestmark = [pytest.mark.topology, pytest.mark.thorough]

SHAPES: dict[str, Any] = {"set": "builtin-shapes", "model": "planted_shortcut"}
SLOW: dict[str, Any] = {**SHAPES, "importance": "shapley", "target": "square"}  # 256 forwards of the head a picture


def reach(server: Server, id: str, state: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        told: dict[str, Any] = server.get(f"concepts/{id}")
        return told if told["progress"]["state"] == state else None

    found: dict[str, Any] = until(there, f"concepts {id} are {state}")
    return found


def under_way(server: Server, id: str) -> bool:
    progress = server.get(f"concepts/{id}")["progress"]
    return bool(progress["state"] == "running" and progress["done"] > 0)


def test_worker_killed_in_the_middle_gives_the_same_findings(server: Server) -> None:
    id = server.post("concepts", {**SLOW, "seed": 3})["id"]
    until(lambda: under_way(server, id), "the study is under way")
    (worker,) = server.processes("ray::compute")
    worker.kill()
    killed = reach(server, id, "done")
    # again and undisturbed: what it found is forgotten with it, and here is forgotten what it read
    assert CLIENT.delete(f"{server.api}/concepts/{id}").status_code == 204
    shutil.rmtree(server.home / "activations")
    again = server.post("concepts", {**SLOW, "seed": 3})
    assert again["progress"]["state"] in ("queued", "running")
    undisturbed = reach(server, again["id"], "done")
    assert undisturbed["result"] == killed["result"]
    assert [url.rpartition("/")[2] for url in undisturbed["blobs"].values()] == [
        url.rpartition("/")[2] for url in killed["blobs"].values()
    ]


def test_cancelled_it_frees_the_worker_and_leaves_no_findings(server: Server) -> None:
    id = server.post("concepts", {**SLOW, "seed": 4})["id"]
    until(lambda: under_way(server, id), "the study is under way")
    server.post(f"concepts/{id}/cancel")
    assert reach(server, server.post("concepts", SHAPES)["id"], "done")["result"]["label"] == "square"
    cancelled = server.get(f"concepts/{id}")
    assert (cancelled["progress"]["state"], cancelled["result"], cancelled["blobs"]) == ("cancelled", None, {})


def test_deleted_while_it_runs_it_does_not_stop_the_next(server: Server) -> None:
    id = server.post("concepts", {**SLOW, "seed": 5})["id"]
    until(lambda: under_way(server, id), "the study is under way")
    assert CLIENT.delete(f"{server.api}/concepts/{id}").status_code == 204
    assert CLIENT.get(f"{server.api}/concepts/{id}").status_code == 404
    assert reach(server, server.post("concepts", {**SHAPES, "seed": 1})["id"], "done")


def test_a_probe_answers_beside_a_job(server: Server) -> None:
    told = reach(server, server.post("concepts", SHAPES)["id"], "done")
    long = server.ask(**LONG)["id"]
    server.under_way(long)
    first = str(told["result"]["concepts"][0]["index"])
    answer = server.post(f"concepts/{told['id']}/probe", {"image": 0, "scale": {first: 0}})
    assert answer["band"]["directions"] == 20
    assert server.get(f"explanations/{long}")["progress"]["state"] == "running"
    server.post(f"explanations/{long}/cancel")


def test_what_was_read_is_kept_in_the_home_folder(server: Server) -> None:
    reach(server, server.post("concepts", SHAPES)["id"], "done")
    plan = CLIENT.get(f"{server.api}/concepts/plan", params={"set": SHAPES["set"], "model": SHAPES["model"]}).json()
    assert (plan["images"], plan["cached"]) == (300, 300)
    folder = Path(server.home) / "activations"
    assert len(list(folder.rglob("*.safetensors"))) == 300
    assert folder.stat().st_mode & 0o077 == 0 or server.home.stat().st_mode & 0o077 == 0
