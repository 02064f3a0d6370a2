import assert from "node:assert/strict";
import { test } from "node:test";

import "./served.mjs";

const { partners, strongest } = await import("../../static/tokens/phrases.js");

test("partners are those beyond two standard errors", () => {
  const told = { values: [0, 0.5, -0.3, 0.1], stderr: [0, 0.2, 0.2, 0] };
  assert.deepEqual(partners(told).map(({ word }) => word), [1, 3]);
});

test("an exact zero is no partner, whatever rounding leaves of it", () => {
  assert.deepEqual(partners({ values: [0, 1e-7], stderr: [0, 0] }), []);
});

test("the strongest come first, by size, at most eight", () => {
  const entries = Array.from({ length: 12 }, (_, i) => ({ value: i % 2 ? i : -i }));
  assert.deepEqual(strongest(entries).map(({ value }) => value), [11, -10, 9, -8, 7, -6, 5, -4]);
});
