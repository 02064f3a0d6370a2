"""What a step of a stroke takes in the browser, drawing included, on a picture of 512 × 512: at 60 frames a second
there are 16.7 ms for it. In Chromium without a GPU; the interval between frames is what is seen.

python -m benchmarks.brush_frames
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.record import write
from tests.browser.conftest import CHROMIUM
from tests.server import PATIENCE, serving

STEPS = 240
RADII = (16, 48, 128)
SIDE = 512
FRAME = 1000 / 60  # milliseconds

# a board of its own, on a page of the server, painted on along a curve: one step a frame
PAINT = """async ({ side, steps, radius }) => {
  const from = (name) => import(`/_stcore/bidi-components/whylens.${name}`);
  const [{ Board }, { Stroke }, { blank, EFFECTS }, { limits, table }] = await Promise.all(
    ["brush/board.js", "brush/stroke.js", "brush/effects.js", "map/scale.js"].map(from));
  const drawn = new OffscreenCanvas(side, side);
  const context = drawn.getContext("2d");
  for (let k = 0; k < side; k += 8) { context.fillStyle = `hsl(${k} 60% 50%)`; context.fillRect(k, 0, 8, side); }
  const picture = new Image();
  picture.src = URL.createObjectURL(await drawn.convertToBlob());
  await picture.decode();
  const [canvas, over] = [document.createElement("canvas"), document.createElement("canvas")];
  document.body.append(canvas);
  const look = { view: "overlay", smooth: true, opacity: 0.85, clear: false };
  const board = new Board(canvas, over, picture, look);
  const planes = blank([side, side]);
  const values = Float32Array.from({ length: side * side }, (_, k) => Math.sin(k / 997));
  const colours = table([[0, 0, 90], [255, 255, 255], [90, 0, 0]]);
  const map = { shape: [side, side], values, signed: true, limits: limits(values, true), colours };
  board.show(map, planes, "remove");
  const frame = () => new Promise(requestAnimationFrame);
  const place = (k) => [side * (0.5 + 0.35 * Math.sin(k / 11)), side * (0.5 + 0.35 * Math.cos(k / 7))];
  const of = { plane: "amount", bytes: planes.amount, size: [side, side], effect: EFFECTS.paint, machine: values };
  const stroke = new Stroke({ ...of, place: place(0) });
  const [work, between] = [[], []];
  let last = await frame();
  for (let k = 1; k <= steps; k++) {
    const begun = performance.now();
    board.touch(stroke.brush(place(k), radius, 0.7), "amount");
    work.push(performance.now() - begun);
    const now = await frame();
    between.push(now - last);
    last = now;
  }
  canvas.remove();
  return { work, between };
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as home, serving(Path(home)) as server, sync_playwright() as playwright:
        load = round(os.getloadavg()[0], 1)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{server.url}/library")
        page.wait_for_selector("[data-shown]", timeout=PATIENCE * 1000)
        told = {
            f"radius {radius}": spread(page.evaluate(PAINT, {"side": SIDE, "steps": STEPS, "radius": radius}))
            for radius in RADII
        }
        browser.close()
    write("brush_frames", {"load": load, "side": SIDE, "steps": STEPS, "milliseconds": told})


def spread(found: dict[str, list[float]]) -> dict[str, Any]:
    def percentiles(times: list[float]) -> dict[str, float]:
        cuts = statistics.quantiles(times, n=20, method="inclusive")
        return {"p50": round(statistics.median(times), 1), "p95": round(cuts[18], 1)}

    return {
        "work of a step": percentiles(found["work"]),
        "between frames": percentiles(found["between"]),
        "steps within a frame": sum(each <= FRAME for each in found["work"]) / len(found["work"]),
    }


if __name__ == "__main__":
    main()
