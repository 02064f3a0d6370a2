"""How long a painter waits, as the browser sees it: from asking to the answer, and to what is on the screen."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from playwright.sync_api import Locator

# when the classes' numbers changed, in the browser's own time
WATCH = """(board) => {
  performance.setResourceTimingBufferSize(10000);
  performance.clearResourceTimings();
  const changed = (window.classesMoved = []);
  const bars = board.getRootNode().querySelector(".bars");
  new MutationObserver(() => changed.push(performance.now())).observe(bars, { subtree: true, childList: true,
    characterData: true });
}"""

# of every question that was answered, and not overtaken by a newer one: ms to the answer, and to the next change
READ = """() => performance.getEntriesByType("resource")
  .filter((each) => /[/]paint[?]/.test(each.name) && each.responseStatus === 200)
  .map((each) => [each, window.classesMoved.find((at) => at >= each.responseEnd)])
  .filter(([, moved]) => moved !== undefined)
  .map(([each, moved]) => [each.responseEnd - each.startTime, moved - each.startTime])"""


def watch(board: Locator) -> None:
    board.evaluate(WATCH)


def read(board: Locator) -> dict[str, dict[str, float]]:
    """In ms: of asking to the answer, and of asking to the numbers on the page, which the next frame shows."""
    waited: list[tuple[float, float]] = board.evaluate(READ)
    answered, seen = zip(*waited, strict=True)
    return {"asked to answered": spread(answered), "asked to on the page": spread(seen)}


def spread(times: Sequence[float]) -> dict[str, float]:
    hundredths = statistics.quantiles(times, n=100, method="inclusive")
    return {"p50": round(hundredths[49], 1), "p95": round(hundredths[94], 1), "of": len(times)}
