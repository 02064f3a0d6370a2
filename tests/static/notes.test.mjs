import "./served.mjs"; // first: it makes the names resolve

import assert from "node:assert/strict";
import { test } from "node:test";

const { between } = await import("../../static/notes/pins.js");

test("a rectangle is the same from whichever corner it is drawn", () => {
  const wanted = { kind: "rectangle", left: 0.1, top: 0.2, right: 0.5, bottom: 0.9 };
  for (const [from, to] of [[[0.1, 0.2], [0.5, 0.9]], [[0.5, 0.9], [0.1, 0.2]], [[0.5, 0.2], [0.1, 0.9]]]) {
    assert.deepEqual(between(from, to), wanted);
  }
});
