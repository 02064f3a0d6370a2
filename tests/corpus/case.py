"""One hostile request of the corpus, and what may become of it."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ROOT = "/api/v1"
MARK = b"<script>harm()</script>"  # in what must not be kept of a file

# "either": damage that a decoder may be able to mend, so that the answer is Pillow's to give; or a question that has an
# answer although it is an odd one
Fate = Literal["refused", "kept", "either"]


@dataclass(frozen=True)
class Request:
    """As an ASGI server would hand it over. `$asset`, `$text`, `$explanation` and `$set` stand for what there is.

    `breaks_off`: the sender is gone before the body's end.
    """

    method: str
    path: str
    body: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
    query: bytes = b""
    breaks_off: bool = False


@dataclass(frozen=True)
class Case:
    """`make` is called when it is its turn: the corpus as a whole is larger than it looks."""

    kind: str
    name: str
    fate: Fate
    make: Callable[[], Request]


def json_body(path: str, body: Any, method: str = "POST") -> Request:
    """`body` as it is when it is bytes already."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(method, f"{ROOT}{path}", data, [(b"content-type", b"application/json")])


def form(files: Iterable[tuple[str, bytes]], field: str = "files", boundary: bytes = b"xXx") -> Request:
    """Files as a browser sends them."""
    body = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n%s\r\n'
        % (boundary, field.encode(), name.encode(), data)
        for name, data in files
    )
    kind = b"multipart/form-data; boundary=" + boundary
    return Request("POST", f"{ROOT}/sets", body + b"--" + boundary + b"--\r\n", [(b"content-type", kind)])


def chosen(cases: Sequence[Case], count: int, seed: int = 0) -> list[Case]:
    """So many of them, by turns from each kind until it has no more."""
    rng = random.Random(seed)
    kinds: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        kinds[case.kind].append(case)
    for own in kinds.values():
        rng.shuffle(own)
    found: list[Case] = []
    while len(found) < min(count, len(cases)):
        found += [own.pop() for own in kinds.values() if own]
    return found[:count]
