"""How the threads of the probe share the processor."""

from __future__ import annotations

import os
import threading

import torch
from threadpoolctl import threadpool_limits

_known = threading.local()


def alone(niceness: int = 0) -> None:
    """From now on the calling thread computes by itself, and gives way to others as `niceness` says.

    A single row gains little from a second thread, and two that wait for each other beside a busy neighbour lose more.
    """
    if getattr(_known, "alone", False):
        return
    torch.get_num_threads()  # a thread takes over the process's number when torch first asks, which must be before
    threadpool_limits(1, user_api="openmp")  # of this thread; torch's own setting is everybody's
    if niceness:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)  # on Linux a thread has its own
    _known.alone = True
