import assert from "node:assert/strict";
import { test } from "node:test";

import { contrast, ink } from "../../static/tokens/ink.js";

test("black on white is 21 to 1", () => assert.ok(Math.abs(contrast([0, 0, 0], [255, 255, 255]) - 21) < 1e-9));

test("whatever the colour, what is written on it can be read", () => {
  for (let r = 0; r <= 255; r += 15) {
    for (let g = 0; g <= 255; g += 15) {
      for (let b = 0; b <= 255; b += 15) {
        const ratio = contrast([r, g, b], ink([r, g, b]));
        assert.ok(ratio >= 4.5, `${[r, g, b]}: ${ratio}`);
      }
    }
  }
});
