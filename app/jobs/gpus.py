"""Memory of the GPUs of this machine, whoever uses it; asked of the driver, so that no process takes any to tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pynvml


@dataclass(frozen=True)
class GpuMemory:
    """In bytes; `index` is the driver's number."""

    index: int
    used: int
    total: int


def memory() -> tuple[GpuMemory, ...]:
    """Empty where there is no GPU or no driver."""
    with _driver() as gpus:
        return tuple(_memory(index) for index in range(gpus))


@contextmanager
def _driver() -> Iterator[int]:
    try:
        pynvml.nvmlInit()
    except (pynvml.NVMLError_LibraryNotFound, pynvml.NVMLError_DriverNotLoaded, pynvml.NVMLError_GpuNotFound):
        yield 0
        return
    try:
        yield pynvml.nvmlDeviceGetCount()
    finally:
        pynvml.nvmlShutdown()


def _memory(index: int) -> GpuMemory:
    told = pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(index))
    return GpuMemory(index, int(told.used), int(told.total))
