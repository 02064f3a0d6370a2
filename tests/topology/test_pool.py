"""The pool as it is in production: real processes, killed and cancelled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.server import PATIENCE, Server, serving, until

pytestmark = pytest.mark.topology

LONG: dict[str, Any] = {
    "method": "rise",
    "params": {"n_masks": 2000, "estimator": "centred"},
}  # tens of seconds: it will not end by itself
SHORT: dict[str, Any] = {"method": "rise", "params": {"n_masks": 64}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


def workers(server: Server, name: str) -> list[psutil.Process]:
    """The pool's processes of this server, by the name Ray gives them."""
    assert server.process is not None
    return [p for p in psutil.Process(server.process.pid).children(recursive=True) if name in p.name() + title(p)]


def title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def maps(explanation: dict[str, Any]) -> dict[str, str]:
    """Hash of each class's map: equal hashes are equal bytes."""
    return {target: url.rpartition("/")[2] for target, url in explanation["maps"].items()}


def running(server: Server, id: str) -> bool:
    progress = server.get(f"explanations/{id}")["progress"]
    return bool(progress["state"] == "running" and progress["done"] > 0)


def test_worker_killed_in_the_middle_gives_the_same_bytes(server: Server) -> None:
    question: dict[str, Any] = {"method": "rise", "params": {"n_masks": 300}, "seed": 11}
    id = server.ask(**question)["id"]
    until(lambda: running(server, id), "the job is under way")
    (worker,) = workers(server, "ray::compute")
    worker.kill()
    killed = server.reach(id, "done")
    # the same question in a fresh home, undisturbed
    with serving(make_home(server.home, "undisturbed")) as other:
        assert maps(other.reach(other.ask(**question)["id"], "done")) == maps(killed)


def test_cancel_frees_the_worker_for_the_next_job(server: Server) -> None:
    id = server.ask(**LONG)["id"]
    until(lambda: running(server, id), "the job is under way")
    before = server.get(f"explanations/{id}")["progress"]["done"]
    server.post(f"explanations/{id}/cancel")
    cancelled = server.get(f"explanations/{id}")["progress"]
    assert cancelled["state"] == "cancelled"
    following = server.ask("chelsea", **SHORT)
    assert server.reach(following["id"], "done")["maps"]
    after = server.get(f"explanations/{id}")["progress"]
    # at most the report that was being written when the cancel came
    assert after["done"] - before <= 64
    assert server.get(f"explanations/{id}")["maps"] == {}


def test_a_queued_job_is_cancelled_without_ever_starting(server: Server) -> None:
    first = server.ask(**LONG)["id"]
    second = server.ask("camera", **LONG)["id"]
    until(lambda: running(server, first), "the first job is under way")
    assert server.get(f"explanations/{second}")["progress"]["position"] == 0
    server.post(f"explanations/{second}/cancel")
    server.post(f"explanations/{first}/cancel")
    assert server.reach(server.ask("chelsea", **SHORT)["id"], "done")
    assert server.get(f"explanations/{second}")["progress"]["done"] == 0


def test_a_cancelled_explanation_can_be_asked_for_again(server: Server) -> None:
    question: dict[str, Any] = {"method": "rise", "params": {"n_masks": 400}, "seed": 5}
    id = server.ask("astronaut", **question)["id"]
    until(lambda: running(server, id), "the job is under way")
    server.post(f"explanations/{id}/cancel")
    assert server.ask("astronaut", **question)["id"] == id
    assert server.reach(id, "done")["maps"]


def test_dispatcher_killed_loses_no_job(server: Server) -> None:
    under_way = server.ask("camera", method="rise", params={"n_masks": 300}, seed=21)["id"]
    waiting = server.ask("chelsea", method="rise", params={"n_masks": 64}, seed=22)["id"]
    until(lambda: running(server, under_way), "the job is under way")
    (dispatcher,) = workers(server, "ray::Dispatcher")
    dispatcher.kill()
    assert server.reach(under_way, "done")["maps"]
    assert server.reach(waiting, "done")["maps"]


def test_dispatcher_killed_in_the_middle_of_a_batch_loses_no_picture(server: Server) -> None:
    asked = server.post("batches", {"set": "builtin-shapes", "model": "planted_shortcut", "method": "saliency"})
    here = f"batches/{asked['id']}"
    until(lambda: server.get(here)["done"] >= 5, "some pictures are done")
    (dispatcher,) = workers(server, "ray::Dispatcher")
    dispatcher.kill()
    before = server.get(f"{here}/rows")["rows"][:5]
    until(lambda: server.get(here)["state"] == "done", "all pictures are done")
    told = server.get(here)
    assert (told["done"], told["failed"]) == (told["set"]["images"], 0)
    assert server.get(f"{here}/rows")["rows"][:5] == before, "what was done was not computed again"


def test_the_probe_answers_beside_a_job(server: Server) -> None:
    id = server.ask(**LONG)["id"]
    until(lambda: running(server, id), "the job is under way")
    answer = server.ask("chelsea", **SHORT)  # needs a look by the probe, and only then a place in the queue
    assert answer["look"]["labels"][0] == "tiger cat"
    assert server.get(f"explanations/{id}")["progress"]["state"] == "running"
    server.post(f"explanations/{id}/cancel")
    server.reach(answer["id"], "done")


def test_server_killed_resumes_what_was_unfinished(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        id = server.ask("camera", method="rise", params={"n_masks": 300}, seed=31)["id"]
        until(lambda: running(server, id), "the job is under way")
        server.kill()
        server.start()  # at once: what the dead server's worker may still write is refused by its attempt
        assert server.reach(id, "done")["maps"]


def test_an_unauthenticated_client_is_refused_by_the_pool(server: Server) -> None:
    address = next(
        argument.partition("=")[2]
        for process in workers(server, "raylet")
        for argument in process.cmdline()
        if argument.startswith("--gcs-address=")
    )
    code = f"import ray; ray.init({address!r}); print('connected')"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")} | {"HOME": str(server.home)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert "connected" not in answer.stdout
    assert answer.returncode != 0
    assert "token" in answer.stderr.lower()


def test_the_token_is_private(server: Server) -> None:
    token = server.home / "ray_token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert len(token.read_text()) == 64


def test_a_stop_leaves_no_process(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert server.process is not None
        offspring = psutil.Process(server.process.pid).children(recursive=True)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) in (0, -signal.SIGTERM)
        until(lambda: not any(p.is_running() for p in offspring), "no process outlives the server")
        server.process = None


def make_home(beside: Path, name: str) -> Path:
    home = beside.parent / f"{beside.name}-{name}"
    home.mkdir()
    return home
