"""Many inputs, one question: each explained as it would be alone, kept under its content key, never computed twice."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app import failures, uploads
from app.export import npz
from app.export.finding import Finding
from app.jobs.look import look, specify
from app.jobs.question import Question
from app.jobs.row import Row
from app.jobs.run import stream
from app.settings import Settings
from app.uploads import Asset
from explainers.types import Classifier, Kind


@dataclass(frozen=True)
class Item:
    """A file, or a line of one, counted from 1."""

    name: str
    path: str
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Series:
    """The question in plain values, since it travels to other processes. `out` is where maps are kept."""

    kind: Kind
    question: Mapping[str, Any]
    out: Path
    settings: Settings

    def explain(self, model: Classifier, item: Item) -> Row:
        """Found when it is there already. An error is of this item only."""
        try:
            return self._explain(model, item)
        except OSError as error:
            return Row(file=item.name, error=f"The file cannot be read: {error.strerror}.")
        except Exception as error:
            return Row(file=item.name, error=failures.sentence(error))

    def _explain(self, model: Classifier, item: Item) -> Row:
        started = time.monotonic()
        asset = self._accepted(item)
        question = Question(kind=self.kind, **self.question)
        answer = look(model, asset.data, question)
        spec = specify(question, asset.sha256, answer)
        # the job answers for several classes: which of them is looked at is no part of its key
        told = self.out / f"{spec.key}.{answer.target}.json"
        if told.exists():
            return Row(**json.loads(told.read_text(encoding="utf-8")) | {"file": item.name})
        for step in stream(spec, model, asset.data):
            result = step.result
        attribution = result.of(answer.target)
        finding = Finding.of_answer(item.name, answer, spec, attribution)
        row = Row(
            file=item.name,
            key=spec.key,
            label=model.labels[attribution.target],
            target=attribution.target,
            score=attribution.score,
            output=attribution.output,
            seconds=round(time.monotonic() - started, 3),
        )
        whole(told.with_suffix(".npz"), npz.written(finding))
        whole(told, json.dumps(asdict(row)).encode())  # last: where it is, the map is
        return row

    def _accepted(self, item: Item) -> Asset:
        data = Path(item.path).read_bytes()
        if self.kind == "image":
            return uploads.accept(data, self.settings.max_upload_bytes, self.settings.max_upload_pixels)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise failures.RequestError(f"The text must be UTF-8; byte {error.start + 1:,} is not.") from error
        if item.line is not None:
            text = text.splitlines()[item.line - 1]
        return uploads.accept_text(text, self.settings.max_text_chars)


def whole(path: Path, data: bytes) -> None:
    """There whole or not at all, also when the process is killed."""
    half = path.with_suffix(f"{path.suffix}.half")
    half.write_bytes(data)
    half.replace(path)
