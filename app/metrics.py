"""`/metrics`: the process, the runs in the database, and how long questions took."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from prometheus_client import REGISTRY, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.jobs.gpus import GpuMemory
from app.storage.database import Database
from app.storage.room import stored_bytes
from app.storage.tally import tallies, waiting_since

QUESTIONS = Histogram(
    "whylens_question_seconds",
    "Time to the answer of a question that waits for no job, by its group.",
    ["group"],
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)

HITS = Counter("whylens_cache_hits", "Questions answered from what was stored, by method.", ["method"])


def exposition(database: Database, gpus: Sequence[GpuMemory] = ()) -> bytes:
    """In Prometheus' text format. Runs and bytes stored are those of all replicas, GPUs those of the probe's machine,
    the rest is this process's."""
    return b"".join((generate_latest(REGISTRY), generate_latest(_Now(database, gpus))))


class _Now:
    """Asked anew each time; a registry of its own, since it lives as long as one answer."""

    def __init__(self, database: Database, gpus: Sequence[GpuMemory]) -> None:
        self._database, self._gpus = database, gpus

    def collect(self) -> Iterable[Metric]:
        runs = GaugeMetricFamily("whylens_runs", "Runs in the database.", labels=["state", "method"])
        seconds = CounterMetricFamily("whylens_run_seconds", "Time that finished runs took.", labels=["method"])
        forwards = CounterMetricFamily("whylens_run_forwards", "Forwards that finished runs took.", labels=["method"])
        for tally in tallies(self._database):
            runs.add_metric([tally.state, tally.method], tally.runs)
            if tally.state == "done":
                seconds.add_metric([tally.method], tally.seconds)
                forwards.add_metric([tally.method], tally.forwards)
        since = waiting_since(self._database)
        age = time.time() - since if since is not None else 0.0
        waiting = GaugeMetricFamily("whylens_oldest_wait_seconds", "Age of the oldest unfinished run.", max(age, 0.0))
        stored = GaugeMetricFamily(
            "whylens_stored_bytes", "Inputs, results, edits and image sets.", stored_bytes(self._database)
        )
        return runs, seconds, forwards, waiting, stored, *self._memory()

    def _memory(self) -> Iterable[Metric]:
        """Nothing where there is no GPU: a zero would look like a full one that is empty."""
        if not self._gpus:
            return
        used = GaugeMetricFamily("whylens_gpu_memory_used_bytes", "In use, by whomever.", labels=["gpu"])
        total = GaugeMetricFamily("whylens_gpu_memory_bytes", "Memory of the GPU.", labels=["gpu"])
        for gpu in self._gpus:
            used.add_metric([str(gpu.index)], gpu.used)
            total.add_metric([str(gpu.index)], gpu.total)
        yield from (used, total)
