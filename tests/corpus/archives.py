"""Archives and forms of pictures: names that lead out, links, bombs, locks, and forms that are none."""

from __future__ import annotations

import io
import random
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence

from tests.corpus.case import MARK, ROOT, Case, Request, form
from tests.corpus.pictures import BOMBS, DISGUISES, plain

Entry = tuple[zipfile.ZipInfo | str, bytes]

TEN = [(f"lily/{n}.png", plain("PNG", (8 + n, 8))) for n in range(10)]  # just enough for a set
OUT = (
    "../a.png", "../../../../etc/cron.d/a.png", "a/../../b.png", "/a.png", "//server/share/a.png", "\\\\server\\a.png",
    "C:/a.png", "C:a/../../b.png", "c:\\windows\\a.png", "..", "a/..", "..\\..\\a.png", "a/b\\..\\..\\..\\c.png",
    "./../a.png", "/", "/proc/self/environ", "file:/a.png", "~/../a.png", "\\a.png", "lily/../../lily/a.png",
)  # fmt: skip
LINKS = {
    "link": stat.S_IFLNK,
    "pipe": stat.S_IFIFO,
    "device": stat.S_IFCHR,
    "disk": stat.S_IFBLK,
    "socket": stat.S_IFSOCK,
}
FIELDS = {  # of an entry: (signature, offset, format); what both headers say
    "flags": ((b"PK\x03\x04", 6, "<H"), (b"PK\x01\x02", 8, "<H")),
    "packing": ((b"PK\x03\x04", 8, "<H"), (b"PK\x01\x02", 10, "<H")),
    "sum": ((b"PK\x03\x04", 14, "<I"), (b"PK\x01\x02", 16, "<I")),
    "packed size": ((b"PK\x03\x04", 18, "<I"), (b"PK\x01\x02", 20, "<I")),
    "size": ((b"PK\x03\x04", 22, "<I"), (b"PK\x01\x02", 24, "<I")),
    "name's length": ((b"PK\x03\x04", 26, "<H"), (b"PK\x01\x02", 28, "<H")),
}


def cases() -> Iterator[Case]:
    for name in OUT:
        yield _sent("way out", name, lambda n=name: zipped([*TEN, (n, MARK)]))  # type: ignore[misc]  # bound now
    for name, kind in LINKS.items():
        yield _sent("special file", name, lambda k=kind: zipped([*TEN, (special(k), b"/etc/passwd")]))  # type: ignore[misc]  # bound now
    for name, make in BOMB.items():
        yield _sent("archive bomb", name, make)
    for name, make in NESTED.items():
        yield _sent("nested archive", name, make)
    for name, value in (("flags", 1), ("flags", 0x41), ("flags", 0xFFFF), ("packing", 99), ("packing", 14),
                        ("packing", 12), ("packing", 0xFFFF)):  # fmt: skip
        yield _sent("locked archive", f"{name} {value:#x}", lambda n=name, v=value: patched(n, v))  # type: ignore[misc]  # bound now
    for name in ("sum", "packed size", "size", "name's length"):
        for value in (0, 1, 0x7FFF, 0xFFFF, 0xFFFFFFFF):
            yield _sent("lying archive", f"{name} {value:#x}", lambda n=name, v=value: patched(n, v))  # type: ignore[misc]  # bound now
    whole = zipped(TEN[:9])
    for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99):
        yield _sent("truncated archive", f"{share:.0%}", lambda s=share: whole[: int(s * len(whole))])  # type: ignore[misc]  # bound now
    for seed in range(24):
        yield _sent("flipped archive", str(seed), lambda s=seed: flipped(whole, s))  # type: ignore[misc]  # bound now
    for name, make in {**DISGUISES, **dict(list(BOMBS.items())[:6])}.items():
        yield _sent("set of one", name, make, "lily/a.png")
    for name, request in FORMS.items():
        yield Case("form", name, "refused", request)


def _sent(kind: str, name: str, data: Callable[[], bytes], file: str = "flowers.zip") -> Case:
    return Case(kind, name, "refused", lambda: form([(file, data())]))


def zipped(files: Sequence[Entry], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name) if isinstance(name, str) else name
            archive.writestr(info, data, method)
    return out.getvalue()


def special(kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("lily/secret.png")
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    return info


def patched(field: str, value: int) -> bytes:
    """An archive of nine pictures and one whose headers say this."""
    data = bytearray(zipped([("lily/first.png", plain("PNG")), *TEN[:8]]))
    for signature, offset, format in FIELDS[field]:
        most = 0xFFFF if format == "<H" else 0xFFFFFFFF
        struct.pack_into(format, data, data.index(signature) + offset, value & most)
    return bytes(data)


def flipped(data: bytes, seed: int) -> bytes:
    """Bits turned round in the list of entries, where the names and sizes stand."""
    rng, spoilt = random.Random(seed), bytearray(data)
    start = data.index(b"PK\x01\x02")
    for _ in range(1 + seed // 4):
        spoilt[rng.randrange(start, len(data))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def overlapping() -> bytes:
    """Many entries of the list that are all the same packed bytes."""
    data = zipped([("a.png", bytes(900_000))], zipfile.ZIP_DEFLATED)
    start = data.index(b"PK\x01\x02")
    entry, end = data[start : data.index(b"PK\x05\x06")], bytearray(data[data.index(b"PK\x05\x06") :])
    many = 1_000
    struct.pack_into("<HHI", end, 8, many, many, many * len(entry))
    return data[:start] + entry * many + bytes(end)


BOMB: dict[str, Callable[[], bytes]] = {
    "by ratio": lambda: zipped([*TEN[:9], ("zeros.png", bytes(20_000_000))], zipfile.ZIP_DEFLATED),
    "by ratio, first": lambda: zipped([("zeros.png", bytes(5_000_000)), *TEN], zipfile.ZIP_DEFLATED),
    "by ratio, together": lambda: zipped([(f"{n}.png", bytes(900_000)) for n in range(40)], zipfile.ZIP_DEFLATED),
    "by count": lambda: zipped([(f"{n}.png", b"") for n in range(4_001)]),
    "by count of folders": lambda: zipped([(f"{n}/", b"") for n in range(4_001)]),
    "by names": lambda: zipped([(f"{n}" + "n" * 60_000, b"") for n in range(40)]),
    "overlapping": overlapping,
    "blank pictures": lambda: zipped([("a.png", BOMBS["PNG of one bit, 60,000 x 60,000"]()), *TEN[:9]]),
}
NESTED: dict[str, Callable[[], bytes]] = {
    "once": lambda: zipped([*TEN, ("more.zip", zipped(TEN))]),
    "in disguise": lambda: zipped([*TEN, ("more.jpg", zipped(TEN))]),
    "empty, in disguise": lambda: zipped([*TEN, ("more.jpg", zipped([]))]),
    "in capitals": lambda: zipped([*TEN, ("MORE.ZIP", MARK)]),
    "seven times": lambda: _deep(7),
    "of bombs": lambda: zipped([("a.zip", zipped([("z", bytes(3_000_000))], zipfile.ZIP_DEFLATED))]),
}


def _deep(times: int) -> bytes:
    data = zipped(TEN)
    for n in range(times):
        data = zipped([(f"{n}.zip", data)])
    return data


def _raw(body: bytes, kind: bytes = b"multipart/form-data; boundary=xXx") -> Callable[[], Request]:
    return lambda: Request("POST", f"{ROOT}/sets", body, [(b"content-type", kind)])


PART = b'--xXx\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
FORMS: dict[str, Callable[[], Request]] = {
    "nothing": _raw(b""),
    "no boundary": _raw(PART + b"x\r\n--xXx--\r\n", b"multipart/form-data"),
    "an empty boundary": _raw(PART + b"x\r\n--xXx--\r\n", b"multipart/form-data; boundary="),
    "another boundary": _raw(PART + b"x\r\n--xXx--\r\n", b"multipart/form-data; boundary=yYy"),
    "a boundary of 10,000": _raw(PART, b"multipart/form-data; boundary=" + b"x" * 10_000),
    "a boundary of Latin 1": _raw(PART, b"multipart/form-data; boundary=\xe9\xff"),
    "no end": _raw(PART + plain("PNG")),
    "ends in a header": _raw(b"--xXx\r\nContent-Disposition: form-da"),
    "only an end": _raw(b"--xXx--\r\n"),
    "a part without headers": _raw(b"--xXx\r\n\r\nabc\r\n--xXx--\r\n"),
    "a part of another name": lambda: form([("a.png", plain("PNG"))], field="file"),
    "a part of a hostile name": lambda: form([("a.png", b"x")], field="<script>"),
    "a header of 100,000": _raw(b"--xXx\r\nX: " + b"x" * 100_000 + b"\r\n\r\nabc\r\n--xXx--\r\n"),
    "ten thousand headers": _raw(b"--xXx\r\n" + b"X: y\r\n" * 10_000 + b"\r\nabc\r\n--xXx--\r\n"),
    "a header with zeros": _raw(b"--xXx\r\nContent-\0Disposition: x\r\n\r\nabc\r\n--xXx--\r\n"),
    "no line ends": _raw(PART.replace(b"\r\n", b"\n") + b"x\n--xXx--\n"),
    "urlencoded": _raw(b"files=abc", b"application/x-www-form-urlencoded"),
    "JSON": _raw(b'{"files": []}', b"application/json"),
    "a picture": _raw(plain("PNG"), b"image/png"),
    "of no type": lambda: Request("POST", f"{ROOT}/sets", PART),
    "a type of Latin 1": _raw(PART, b"multipart/form-data\xe9; boundary=xXx"),
    "mixed": _raw(PART + b"x\r\n--xXx--\r\n", b"multipart/mixed; boundary=xXx"),
    "nine pictures": lambda: form([(name, data) for name, data in TEN[:9]]),
    "ten that are none": lambda: form([(f"{n}.png", MARK) for n in range(10)]),
    "four thousand and one": lambda: form([(f"{n}.png", b"") for n in range(4_001)]),
    "names that lead out": lambda: form([(f"../../{n}.png", MARK) for n in range(10)]),
    "a name with zeros": lambda: form([("a\0b.png", MARK)]),
    "a name of 100,000": lambda: form([("n" * 100_000, MARK)]),
    "pieces of two archives": lambda: form([("a.zip", zipped(TEN[:5])[:-10]), ("b.zip", zipped(TEN[5:])[10:])]),
    "ends without a word": lambda: Request(
        "POST", f"{ROOT}/sets", PART + plain("PNG")[:50], [(b"content-type", b"multipart/form-data; boundary=xXx")],
        breaks_off=True,
    ),
}  # fmt: skip
