"""A series spread over worker processes by Ray Data. It imports ray besides the pool: a batch has no dispatcher, no
database and no probe, and ends with its command."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import ray
import ray.data
import torch

import models
from app.jobs.cluster import OBJECT_STORE_BYTES
from app.jobs.pool import authenticate
from app.jobs.row import Row
from app.jobs.series import Item, Series

MOST_BLOCKS = 1_000  # a block is told when it is done whole: fewer items in each are told sooner


class Worker:
    """An actor that keeps the model loaded."""

    def __init__(self, series: Series, model: str) -> None:
        torch.set_num_threads(series.settings.threads)
        self._series = series
        self._model = models.load(model, series.settings.models, series.settings.allow_pth)

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        return asdict(self._series.explain(self._model, Item(item["name"], item["path"], item["line"] or None)))


def spread(series: Series, model: str, items: Sequence[Item], workers: int) -> Iterator[Row]:
    """Rows in the order of the items, each as soon as it and those before it are there."""
    authenticate(series.settings)
    ray.init(
        "local",
        num_cpus=workers + 1,  # one for reading the list of items, or the actors would leave no room for it
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        _node_ip_address="127.0.0.1",
        logging_level=logging.ERROR,
        log_to_driver=False,
    )
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        # plain dicts of the same types: a column of lines that are all missing would have no type
        listed = [asdict(item) | {"line": item.line or 0} for item in items]
        data = ray.data.from_items(listed, override_num_blocks=min(len(listed), MOST_BLOCKS))
        worker: Any = Worker  # a class is taken for an actor, which ray's annotations do not say
        explained = data.map(
            worker,
            fn_constructor_args=(series, model),
            concurrency=workers,
            num_cpus=1,
            num_gpus=series.settings.gpus_per_job or None,
        )
        for row in explained.iter_rows():
            yield Row(**{name: _plain(value) for name, value in row.items()})
    finally:
        ray.shutdown()


def _plain(value: Any) -> Any:
    """A missing number comes back as NaN from a column that has others."""
    return None if value is None or value != value else value
