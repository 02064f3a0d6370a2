"""Forms with many files, taken one file at a time: a whole set is neither held in memory nor in open files."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from app.failures import RequestError

SPOOLED = 1_000_000  # bytes of a file held in memory


class _Form:
    """What the parser tells, in order."""

    def __init__(self) -> None:
        self.whole: list[tuple[str, IO[bytes]]] = []
        self._field, self._header, self._name = b"", b"", ""
        self._file: IO[bytes] | None = None

    def begin(self) -> None:
        self._name, self._file = "", SpooledTemporaryFile(SPOOLED)

    def field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            _, options = parse_options_header(self._header)
            if options.get(b"name") != b"files" or b"filename" not in options:
                name = options.get(b"name", b"").decode(errors="replace")
                raise RequestError(f"The form must have nothing but files, each called 'files'; got {name!r:.60}.")
            self._name = options[b"filename"].decode(errors="replace")
        self._field = self._header = b""

    def data(self, data: bytes, start: int, end: int) -> None:
        assert self._file is not None, "the parser has begun a part"
        self._file.write(data[start:end])

    def end(self) -> None:
        assert self._file is not None, "the parser has begun a part"
        self.whole.append((self._name, self._file))
        self._file = None

    @property
    def broken_off(self) -> bool:
        return self._file is not None

    def close(self) -> None:
        for file in (self._file, *(file for _, file in self.whole)):
            if file is not None:
                file.close()


async def files(request: Request, limit: int) -> AsyncGenerator[tuple[str, IO[bytes]], None]:
    """(name, file) of each part called `files`, closed when the next one is asked for. Raises RequestError."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise RequestError("Pictures must be sent as multipart/form-data, in a field called 'files'.")
    form, seen = _Form(), 0
    told = {
        "on_part_begin": form.begin,
        "on_header_field": form.field,
        "on_header_value": form.header,
        "on_header_end": form.header_end,
        "on_part_data": form.data,
        "on_part_end": form.end,
    }
    try:
        parser = MultipartParser(options[b"boundary"], cast("Any", told))
        async for chunk in request.stream():
            seen += len(chunk)
            if seen > limit:
                raise RequestError(f"The pictures are larger than {limit:,} bytes together, which is the limit.")
            parser.write(chunk)
            while form.whole:
                name, file = form.whole.pop(0)
                with file:
                    yield name, file
        if form.broken_off:
            raise RequestError("The form ends in the middle of a file.")
    except FormParserError as error:
        raise RequestError("The form is not well-formed multipart/form-data.") from error
    finally:
        form.close()
