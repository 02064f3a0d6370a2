"""How the threads of the probe share the processor."""

from __future__ import annotations

import os
import threading

import torch
from threadpoolctl import threadpool_limits

from app.jobs.fitting import NICENESS
from app.jobs.workshop import Group

_known = threading.local()


def settle_in(group: Group) -> None:
    """What the calling thread is to be like, which answers questions of this group and no others."""
    if getattr(_known, "group", None) == group:
        return
    if group in ("strokes", "controls"):
        alone()
    if group in ("controls", "heads"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # on Linux a thread has its own
    _known.group = group


def alone() -> None:
    """From now on the calling thread computes by itself.

    A single row gains little from a second thread, and two that wait for each other beside a busy neighbour lose more.
    """
    torch.get_num_threads()  # a thread takes over the process's number when torch first asks, which must be before
    threadpool_limits(1, user_api="openmp")  # of this thread; torch's own setting is everybody's
