"""A thread that computes by itself leaves the others as they are."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import torch

from app.jobs.fitting import NICENESS
from app.jobs.threads import settle_in


def test_one_thread_of_many_computes_alone() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1) as quick, ThreadPoolExecutor(1) as usual:
            quick.submit(settle_in, "strokes").result()
            assert quick.submit(torch.get_num_threads).result() == 1
            quick.submit(settle_in, "strokes").result()  # once is enough
            assert usual.submit(torch.get_num_threads).result() == 2
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_one_that_gives_way_gives_way_alone() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness()
    with ThreadPoolExecutor(1) as patient:
        patient.submit(settle_in, "controls").result()
        assert patient.submit(niceness).result() == NICENESS
    assert niceness() == before
