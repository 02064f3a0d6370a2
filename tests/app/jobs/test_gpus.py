"""What the driver tells of GPUs, by drivers that tell what is known; this machine may have none."""

from __future__ import annotations

from types import SimpleNamespace

import pynvml
import pytest

from app.jobs import gpus
from app.jobs.gpus import GpuMemory


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One of two GPUs; what has been begun and ended is listed."""
    heard: list[str] = []
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: heard.append("begun"))
    monkeypatch.setattr(pynvml, "nvmlShutdown", lambda: heard.append("ended"))
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 2)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: index)
    known = {0: SimpleNamespace(used=3, total=10), 1: SimpleNamespace(used=0, total=20)}
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", known.__getitem__)
    return heard


def test_each_gpu_is_told_with_what_is_in_use(driver: list[str]) -> None:
    assert gpus.memory() == (GpuMemory(0, 3, 10), GpuMemory(1, 0, 20))
    assert driver == ["begun", "ended"]


def test_without_a_driver_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", lacking)
    assert gpus.memory() == ()


def test_a_driver_that_fails_otherwise_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_UNKNOWN)

    monkeypatch.setattr(pynvml, "nvmlInit", broken)
    with pytest.raises(pynvml.NVMLError):
        gpus.memory()
