"""A wall clock that is wrong, as one service sees it; the machine's own is left alone, and so is Ray's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

YEAR = 365.0 * 24 * 3600  # s

# Python imports this by its name in every process that starts. libfaketime would jump Ray's clock too, whose gRPC can
# then stop answering: what is asked here is what Whylens makes of the time, and it takes it from `time.time` only.
CODE = """
import os, time
from pathlib import Path

right = time.time
time.time = lambda: right() + float(Path(os.environ["CLOCK_IS_OFF_BY"]).read_text())
"""


@dataclass
class Clock:
    """Of the processes that are started with `environment`."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self.folder), "CLOCK_IS_OFF_BY": str(self._file)}

    def set(self) -> None:
        """Right, before anybody looks at it."""
        (self.folder / "sitecustomize.py").write_text(CODE)
        self.jump(0.0)

    def jump(self, seconds: float) -> None:
        """To that far from what is right."""
        new = self._file.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self._file)  # never read half written

    @property
    def _file(self) -> Path:
        return self.folder / "seconds"
