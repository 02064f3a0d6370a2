"""Requests that are hostile by their heads, places and sizes, and not by what they carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.corpus import HOSTILE, LONG
from tests.corpus.case import MARK, ROOT, Case, Fate, Request, json_body
from tests.corpus.pictures import plain

Header = tuple[bytes, bytes]
UNKNOWN = b'{"asset": "nothing"}'

IDS = (
    "-1", "0", "1e400", "NaN", "1.5", "9" * 5_000, "null", "None", "true", "%00", "%ff%fe", "%ed%a0%80",
    "..", "%2e%2e%2f", "..%5c..%5c", "%252e%252e%252f", "*", "%25", ";id", "%7c", "'--", "\\", "$%7bx%7d", "con",
    "a" * 10_000, "0" * 32 + "%00", "%e2%80%ae", "0x10", "[]", "{}",
)  # fmt: skip
PLACES = (
    ("GET", "/assets/@/image"), ("GET", "/assets/@/text"), ("GET", "/explanations/@"), ("DELETE", "/explanations/@"),
    ("GET", "/explanations/$explanation/blobs/@"), ("GET", "/explanations/$explanation/exports/@"),
    ("DELETE", "/explanations/$explanation/notes/@"), ("GET", "/explanations/$explanation/revisions/@/mask"),
    ("GET", "/sets/@"), ("GET", "/sets/$set/images/@"), ("DELETE", "/sets/@"), ("GET", "/shares/@"),
    ("DELETE", "/heads/@"), ("GET", "/concepts/@"), ("GET", "/examples/@/image"), ("POST", "/examples/@"),
)  # fmt: skip
FIRST_PICTURES = {("/sets/$set/images/@", "0")}
QUERIES: dict[str, tuple[str, str, bytes]] = {
    f"{field} = {value[:16].decode()}": (method, path, around.replace(b"@", value))
    for field, (method, path, around) in {
        "side": ("GET", "/sets/$set/images/0", b"side=@"),
        "target": ("GET", "/explanations/$explanation/thumbnail", b"target=@"),
        "word": ("GET", "/explanations/$explanation/pairs", b"word=@"),
        "n_concepts": ("GET", "/concepts/plan", b"set=$set&n_concepts=@"),
        "kind": ("GET", "/library", b"kind=@"),
        "page": ("GET", "/library", b"page=@"),
        "beside": ("GET", "/explanations/$explanation/agreement", b"beside=@"),
        "of": ("GET", "/library/dependants", b"of=@"),
    }.items()
    for value in (b"-1", b"NaN", b"1e999", b"1.5", b"9" * 400, b"%00", b"%ff", b"%ed%a0%80", b"")
}
PAINTS = ("paint", "paint/control", "paint/fills", "paint/score", "revisions")


def cases() -> Iterator[Case]:
    for method, path in PLACES:
        for id in IDS:
            if (path, id) not in FIRST_PICTURES:
                yield _asked("id", f"{method} {path} {id[:20]}", method, path.replace("@", id))
    for name, (method, path, query) in QUERIES.items():
        # pages that are not there are the nearest that is; tiles that are not there are left out
        fate: Fate = "either" if name.startswith(("page", "beside")) else "refused"
        yield _asked("query", name, method, path, query=query, fate=fate)
    for name, headers in HEADERS.items():
        yield _asked("header", name, "POST", "/explanations", UNKNOWN, headers)
    for name, headers in HOSTS.items():
        yield _asked("host", name, "POST", "/explanations", UNKNOWN, headers)
    for name, kind in TYPES.items():
        for place in ("/explanations", "/texts", "/heads"):
            yield _asked(
                "content type", f"{name} at {place}", "POST", place, b"\x89PNG" + MARK, [(b"content-type", kind)]
            )
    for name, length in LENGTHS.items():
        yield _asked("content length", name, "POST", "/assets", b"\x89PNG", [(b"content-length", length)])
    for place in ("/assets", "/texts", "/heads", "/heads/fit", "/sets", "/explanations", "/library/delete"):
        yield Case("breaks off", place, "refused", lambda p=place: Request(  # type: ignore[misc]  # bound now
            "POST", f"{ROOT}{p}", b'{"te', [(b"content-type", b"application/json"), (b"content-length", b"1000")],
            b"name=x", breaks_off=True,
        ))  # fmt: skip
    for name, make in LARGE.items():
        yield Case("oversized", name, "refused", make)
    for place in PAINTS:
        for size in (0, 1, 40 * 56 - 1, 40 * 56 + 1, 2 * 40 * 56 + 1, 1_000_000):
            query = b"target=0&part=0"
            if (place, size) not in {("revisions", 2 * 40 * 56)}:
                path = f"/explanations/$explanation/{place}"
                yield Case("brush", f"{place} of {size:,} bytes", "refused", lambda p=path, s=size, q=query: Request(  # type: ignore[misc]  # bound now
                    "POST", f"{ROOT}{p}", bytes(s), (), q,
                ))  # fmt: skip
    for method in ("TRACE", "CONNECT", "PUT", "PATCH", "OPTIONS", "PROPFIND", "get", "G\u00cbT", "X" * 1_000, ""):
        yield _asked("verb", method[:10] or "none", method, "/explanations")
    for n, text in enumerate([*HOSTILE, LONG]):
        label = f"string {n}"
        for field in ("method", "model", "target"):
            yield _document(label, f"{field}", {"asset": "$asset", field: text})


def _asked(
    kind: str,
    name: str,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Sequence[Header] = (),
    query: bytes = b"",
    fate: Fate = "refused",
) -> Case:
    return Case(kind, name, fate, lambda: Request(method, f"{ROOT}{path}", body, headers, query))


def _document(name: str, field: str, body: object) -> Case:
    return Case("hostile string", f"{name} as {field}", "refused", lambda: json_body("/explanations", body))


JSON = (b"content-type", b"application/json")
HEADERS: dict[str, Sequence[Header]] = {
    "a header of 100,000": [JSON, (b"x-long", b"x" * 100_000)],
    "ten thousand headers": [JSON, *((b"x-%d" % n, b"y") for n in range(10_000))],
    "the same header 1,000 times": [JSON, *((b"accept", b"*/*"),) * 1_000],
    "a type twice": [JSON, (b"content-type", b"text/html")],
    "a type of Latin 1": [(b"content-type", b"application/json; charset=\xe9\xff")],
    "a type of 100,000": [(b"content-type", b"application/json; x=" + b"y" * 100_000)],
    "a charset that is none": [(b"content-type", b"application/json; charset=rot13")],
    "a cookie of 100,000": [JSON, (b"cookie", b"a=" + b"b" * 100_000)],
    "a cookie of Latin 1": [JSON, (b"cookie", b"\xff\xfe=\xe9; ;;==; a")],
    "ten thousand cookies": [JSON, (b"cookie", b"; ".join(b"c%d=1" % n for n in range(10_000)))],
    "an identity of one's own": [JSON, (b"x-whylens-identity", b"bob"), (b"x-forwarded-user", b"root")],
    "forwarded from here": [JSON, (b"x-forwarded-for", b"127.0.0.1, " * 1_000), (b"forwarded", b"for=\xff")],
    "another method": [JSON, (b"x-http-method-override", b"DELETE")],
    "a range": [JSON, (b"range", b"bytes=0-,5-1,-9" * 100)],
    "an accept that is none": [JSON, (b"accept", b"\xff/\xfe;q=NaN,*/*;q=1e999")],
    "a packing that is none": [JSON, (b"content-encoding", b"gzip, br, \xff")],
    "an authorisation that is none": [JSON, (b"authorization", b"Basic " + b"\xff" * 1_000)],
    "zeros": [JSON, (b"x-zero", b"a\0b")],
    "an empty name": [JSON, (b"", b"x")],
    "a trace that is none": [JSON, (b"x-request-id", MARK * 100), (b"traceparent", b"00-" + b"z" * 500)],
}
HOSTS: dict[str, Sequence[Header]] = {
    "none": [JSON, (b"host", b"")],
    "another": [JSON, (b"host", b"elsewhere.invalid")],
    "a longer one": [JSON, (b"host", b"localhost.elsewhere.invalid")],
    "with another before it": [JSON, (b"host", b"elsewhere.invalid@localhost")],
    "of 100,000": [JSON, (b"host", b"h" * 100_000)],
    "of Latin 1": [JSON, (b"host", b"localh\xf6st")],
    "in brackets": [JSON, (b"host", b"[::1")],
    "of no port": [JSON, (b"host", b"localhost:port")],
    "with HTML": [JSON, (b"host", MARK)],
    "of another origin": [JSON, (b"origin", b"https://elsewhere.invalid")],
    "of no origin": [JSON, (b"origin", b"null")],
    "of an origin of Latin 1": [JSON, (b"origin", b"http://\xff")],
    "of an origin of 100,000": [JSON, (b"origin", b"http://" + b"o" * 100_000)],
}
TYPES = {
    "none": b"", "HTML": b"text/html", "a form": b"application/x-www-form-urlencoded", "a picture": b"image/png",
    "parts": b"multipart/form-data; boundary=x", "bytes": b"application/octet-stream", "XML": b"application/xml",
    "pickle": b"application/python-pickle", "noise": b"\xff\xfe/;;=", "only a slash": b"/",
}  # fmt: skip
LENGTHS = {
    "negative": b"-1", "none": b"0", "less": b"1", "more": b"1000000000000", "huge": b"9" * 400, "no number": b"x",
    "a float": b"4.0", "hexadecimal": b"0x4", "a list": b"4, 4", "Latin 1": b"\xb2", "blank": b" ",
}  # fmt: skip
LARGE: dict[str, Callable[[], Request]] = {
    "picture": lambda: Request("POST", f"{ROOT}/assets", plain("PNG") + bytes(1_000_000)),
    "text": lambda: json_body("/texts", {"text": "x" * 80_000}),
    "prompts": lambda: json_body("/heads", {"name": "x", "prompts": {"a": ["x" * 1_000_001], "b": ["y"]}}),
    "table": lambda: Request("POST", f"{ROOT}/heads/fit", b"a,b\n" * 250_001, query=b"name=x"),
    "question": lambda: json_body("/explanations", {"asset": "x" * 5_000_000}),
    "view": lambda: json_body(
        "/explanations/$explanation/view", {"target": 0, "compare": [{"id": "x", "target": 0}] * 50_000}, "PUT"
    ),
    "words": lambda: json_body("/explanations/$explanation/probe", {"off": list(range(100_001))}),
    "note": lambda: json_body(
        "/explanations/$explanation/notes",
        {"place": {"kind": "point", "x": 0.5, "y": 0.5}, "text": "x" * 5_000_000},
    ),
    "search": lambda: Request("GET", f"{ROOT}/library", query=b"search=" + b"x" * 201),
    "query": lambda: Request("GET", f"{ROOT}/library", query=b"kind=" + b"x" * 1_000_000),
    "path": lambda: Request("GET", f"{ROOT}/{'x' * 1_000_000}"),
    "path of many parts": lambda: Request("GET", f"{ROOT}{'/x' * 100_000}"),
}
