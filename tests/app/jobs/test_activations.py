"""What layers said of pictures, in files: the same bytes back, never half a file, never more than the cap."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import Tensor

from app.jobs.activations import ActivationCache
from explainers.concepts.reading import Memory

SIZE = 16_000  # of an entry, about


def entry(seed: int) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(250, 4, 4, generator=rng), torch.randn(3, generator=rng)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    """Also for another process, which has but the folder."""
    memory = ActivationCache(tmp_path, 10**6).of("d", "bn2", ["a" * 64, "b" * 64])
    assert isinstance(memory, Memory)
    assert (memory.activations(0), memory.logits(0), memory.count()) == (None, None, 0)
    a, logits = entry(0)
    memory.keep(0, a, logits)
    again = ActivationCache(tmp_path, 10**6).of("d", "bn2", ["b" * 64, "a" * 64])
    found, scores = again.activations(1), again.logits(1)
    assert found is not None
    assert scores is not None
    assert torch.equal(found, a)
    assert torch.equal(scores, logits)
    assert again.count() == 1


@pytest.mark.parametrize("other", [("e", "bn2"), ("d", "bn1"), ("d\nbn2", "")])
def test_other_weights_and_layers_are_others(tmp_path: Path, other: tuple[str, str]) -> None:
    cache = ActivationCache(tmp_path, 10**6)
    cache.of("d", "bn2", ["a" * 64]).keep(0, *entry(0))
    assert cache.of(*other, ["a" * 64]).count() == 0


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    cache = ActivationCache(tmp_path, 5 * SIZE)
    memory = cache.of("d", "bn2", [f"{i:064}" for i in range(20)])
    for i in range(4):
        memory.keep(i, *entry(i))
        (file,) = tmp_path.rglob(f"{i:064}.*")
        os.utime(file, (i + 1, i + 1))
    assert memory.activations(0) is not None  # and with that used
    memory.keep(4, *entry(4))
    assert memory.count() <= 5
    assert [memory.activations(i) is not None for i in (0, 1, 4)] == [True, False, True]
    for i in range(5, 20):
        memory.keep(i, *entry(i))
        assert sum(file.stat().st_size for file in files(tmp_path)) <= 5 * SIZE + 1_000  # headers
    assert memory.activations(19) is not None


def test_what_is_larger_than_the_cap_is_not_kept(tmp_path: Path) -> None:
    memory = ActivationCache(tmp_path / "none", 100).of("d", "bn2", ["a" * 64])
    memory.keep(0, *entry(0))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("damage", ["cut off", "empty", "rubbish"])
def test_a_damaged_file_is_as_if_it_were_not_there(tmp_path: Path, damage: str) -> None:
    memory = ActivationCache(tmp_path, 10**6).of("d", "bn2", ["a" * 64])
    memory.keep(0, *entry(0))
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    file.write_bytes({"cut off": whole[:-100], "empty": b"", "rubbish": b"x" * 1000}[damage])
    assert (memory.activations(0), memory.logits(0)) == (None, None)
    memory.keep(0, *entry(0))
    assert file.read_bytes() == whole


def test_a_disk_that_is_full_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    memory = ActivationCache(tmp_path, 10**6).of("d", "bn2", ["a" * 64])
    memory.keep(0, *entry(0))
    assert memory.count() == 0
    assert files(tmp_path) == []
    assert "No space left on device" in caplog.text
