"""Archives: what they hold is read, and what they say of themselves is not believed."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest

from app.sets.archives import DAMAGED, Entry, Limits, entries
from app.uploads import UploadError
from tests.app.zips import FILES, HOSTILE, lying, zipped

LIMITS = Limits(files=20, total=10_000_000, each=1_000_000)


def read(data: bytes, limits: Limits = LIMITS) -> list[Entry]:
    return list(entries(io.BytesIO(data), limits))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_everything_in_order(method: int) -> None:
    assert [(entry.name, entry.data) for entry in read(zipped(FILES, method))] == FILES
    assert read(zipped([])) == []
    assert read(zipped([("folder/", b"")])) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_two_files() -> None:
    twice = [("a.png", b"first"), ("a.png", b"second")]
    assert [(entry.name, entry.data) for entry in read(zipped(twice))] == twice


@pytest.mark.parametrize(("made", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_s4_a_hostile_one_is_refused_whole(made: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(UploadError) as refused:
        read(made())
    assert str(refused.value).startswith(sentence)


def test_too_many_entries_and_no_more() -> None:
    assert len(read(zipped(FILES), Limits(5, 10_000_000, 1_000_000))) == 10
    with pytest.raises(UploadError, match="The archive has 10 entries; the limit is 8"):
        read(zipped(FILES), Limits(4, 10_000_000, 1_000_000))


def test_the_total_is_counted_over_entries() -> None:
    total = sum(len(data) for _, data in FILES)
    assert len(read(zipped(FILES), Limits(20, total, 1_000_000))) == 10
    with pytest.raises(UploadError, match=f"unpacks to more than {total - 1:,} bytes, which is the limit"):
        read(zipped(FILES), Limits(20, total - 1, 1_000_000))


def test_what_is_skipped_counts() -> None:
    """Many entries that are each too large would else be unpacked without end."""
    large = [(f"{n}.png", bytes(range(256)) * 400) for n in range(5)]
    found = read(zipped(large), Limits(20, 1_000_000, 100_000))
    assert {entry.fault for entry in found} == {"it has more than 100,000 bytes, which is the limit"}
    with pytest.raises(UploadError, match="unpacks to more than 300,000 bytes"):
        read(zipped(large), Limits(20, 300_000, 100_000))


@pytest.mark.parametrize("size", [10, 2**32 - 2])
def test_s4_a_header_that_lies_unpacks_no_more_than_is_counted(size: int) -> None:
    """It says 10 bytes, or 4 GB, and has 3 MB of zeros."""
    data = lying(size)
    tracemalloc.start()
    try:
        told = next(entries(io.BytesIO(data), LIMITS)).fault
    except UploadError as refused:
        told = str(refused)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told == (DAMAGED if size == 10 else "The archive unpacks to more than 200 times its size at 'big.png'.")
    assert peak < 4_000_000  # the megabyte from which ratios are judged, twice while the buffer grows, and little else


def test_a_damaged_file_is_named_and_the_others_are_read() -> None:
    data = bytearray(zipped(FILES))
    data[data.index(FILES[3][1]) + 50] ^= 0xFF
    found = read(bytes(data))
    assert [entry.name for entry in found if entry.fault == DAMAGED] == ["lily/3.png"]
    assert sum(not entry.fault for entry in found) == 9
