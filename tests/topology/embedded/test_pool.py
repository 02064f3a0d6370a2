"""The pool as it is in production: real processes, killed and cancelled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import psutil
import pytest

from tests.server import CLIENT, PATIENCE, Server, until
from tests.topology.embedded.questions import A_WHILE, LONG, SHORT

pytestmark = [pytest.mark.topology, pytest.mark.thorough]


def maps(explanation: dict[str, Any]) -> dict[str, str]:
    """Hash of each class's map: equal hashes are equal bytes."""
    return {target: url.rpartition("/")[2] for target, url in explanation["maps"].items()}


def test_worker_killed_in_the_middle_gives_the_same_bytes(server: Server) -> None:
    question = {**A_WHILE, "seed": 11}
    id = server.ask(**question)["id"]
    server.under_way(id)
    (worker,) = server.processes("ray::compute")
    worker.kill()
    killed = server.reach(id, "done")
    # again and undisturbed: what was computed is forgotten with who asked
    assert CLIENT.delete(f"{server.api}/explanations/{id}").status_code == 204
    again = server.ask(**question)
    assert again["progress"]["state"] in ("queued", "running")
    assert maps(server.reach(again["id"], "done")) == maps(killed)


def test_s23_cancel_frees_the_worker_for_the_next_job(server: Server) -> None:
    id = server.ask(**LONG)["id"]
    server.under_way(id)
    server.post(f"explanations/{id}/cancel")
    cancelled = server.get(f"explanations/{id}")["progress"]
    assert cancelled["state"] == "cancelled"
    following = server.ask("chelsea", **SHORT)
    assert server.reach(following["id"], "done")["maps"]
    after = server.get(f"explanations/{id}")["progress"]
    assert after["done"] == cancelled["done"] < after["total"], "what is cancelled writes no more"
    assert server.get(f"explanations/{id}")["maps"] == {}


def test_a_queued_job_is_cancelled_without_ever_starting(server: Server) -> None:
    first = server.ask(**LONG)["id"]
    second = server.ask("camera", **LONG)["id"]
    server.under_way(first)
    assert server.get(f"explanations/{second}")["progress"]["position"] == 0
    server.post(f"explanations/{second}/cancel")
    server.post(f"explanations/{first}/cancel")
    assert server.reach(server.ask("chelsea", **SHORT)["id"], "done")
    assert server.get(f"explanations/{second}")["progress"]["done"] == 0


def test_a_cancelled_explanation_can_be_asked_for_again(server: Server) -> None:
    question = {**A_WHILE, "seed": 5}
    id = server.ask("astronaut", **question)["id"]
    server.under_way(id)
    server.post(f"explanations/{id}/cancel")
    assert server.ask("astronaut", **question)["id"] == id
    assert server.reach(id, "done")["maps"]


def test_dispatcher_killed_loses_no_job(server: Server) -> None:
    under_way = server.ask("camera", **A_WHILE, seed=21)["id"]
    waiting = server.ask("chelsea", **SHORT, seed=22)["id"]
    server.under_way(under_way)
    (dispatcher,) = server.processes("ray::Dispatcher")
    dispatcher.kill()
    assert server.reach(under_way, "done")["maps"]
    assert server.reach(waiting, "done")["maps"]


def test_dispatcher_killed_in_the_middle_of_a_batch_loses_no_picture(server: Server) -> None:
    asked = server.post("batches", {"set": "builtin-shapes", "model": "planted_shortcut", "method": "saliency"})
    here = f"batches/{asked['id']}"
    until(lambda: server.get(here)["done"] >= 5, "some pictures are done")
    (dispatcher,) = server.processes("ray::Dispatcher")
    dispatcher.kill()
    before = server.get(f"{here}/rows")["rows"][:5]
    until(lambda: server.get(here)["state"] == "done", "all pictures are done")
    told = server.get(here)
    assert (told["done"], told["failed"]) == (told["set"]["images"], 0)
    assert server.get(f"{here}/rows")["rows"][:5] == before, "what was done was not computed again"


def test_the_probe_answers_beside_a_job(server: Server) -> None:
    id = server.ask(**LONG)["id"]
    server.under_way(id)
    answer = server.ask("chelsea", **SHORT)  # needs a look by the probe, and only then a place in the queue
    assert set(answer["look"]["labels"]) == {"circle", "square", "triangle"}
    assert server.get(f"explanations/{id}")["progress"]["state"] == "running"
    server.post(f"explanations/{id}/cancel")
    server.reach(answer["id"], "done")


def test_a_judgement_gives_way_to_what_its_owner_asks_for(server: Server) -> None:
    map_ = server.ask("coffee", **{**SHORT, "model": "efficientnet_lite0"})["id"]
    server.reach(map_, "done")
    here = f"explanations/{map_}/trust"
    server.post(here)
    until(lambda: server.get(here)["progress"]["done"] > 0, "the judgement is under way")
    asked = server.ask("chelsea", **SHORT, seed=42)["id"]
    server.reach(asked, "done")
    assert server.get(here)["progress"]["state"] in ("queued", "running"), "it was interrupted for what is done now"
    judged = until(lambda: ended(server.get(here)), "the map is judged all the same")
    assert judged["report"]["verdict"]


def ended(told: dict[str, Any]) -> dict[str, Any] | None:
    return told if told["progress"]["state"] == "done" else None


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_or_killed_it_leaves_no_process_and_resumes_what_was_unfinished(
    server: Server, signal_: signal.Signals
) -> None:
    id = server.ask("camera", **A_WHILE, seed=int(signal_))["id"]
    server.under_way(id)
    assert server.process is not None
    offspring = psutil.Process(server.process.pid).children(recursive=True)
    server.process.send_signal(signal_)
    assert server.process.wait(PATIENCE) in (0, -signal_)
    server.start()  # at once: what a dead server's worker may still write is refused by its attempt
    assert server.reach(id, "done")["maps"]
    until(lambda: not any(p.is_running() for p in offspring), "no process outlives its server")


def test_an_unauthenticated_client_is_refused_by_the_pool(server: Server) -> None:
    address = next(
        argument.partition("=")[2]
        for process in server.processes("raylet")
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
