import assert from "node:assert/strict";
import { test } from "node:test";

import "./served.mjs";

const { top, verdict } = await import("../../static/tokens/answers.js");

const answer = {
  classes: [3, 1, 4, 0, 5, 2, 9],
  labels: ["d", "b", "e", "a", "f", "c", "j"],
  before: [0.1, 0.5, 0.05, 0.2, 0.1, 0.03, 0.02],
  probabilities: [0.7, 0.1, 0.05, 0.05, 0.05, 0.03, 0.02],
  band: { low: [0.1, 0.4, 0, 0, 0, 0, 0], high: [0.2, 0.6, 1, 1, 1, 1, 1], sets: 20 },
};

test("the likeliest before stay in their order, and the class explained is always there", () => {
  assert.deepEqual(top(answer, 1).map((entry) => entry.label), ["b", "a", "d", "f", "e"]);
  assert.deepEqual(top(answer, 9).map((entry) => entry.label), ["b", "a", "d", "f", "j"]);
  assert.deepEqual(top(answer, 1)[2], { target: 3, label: "d", before: 0.1, after: 0.7, band: [0.1, 0.2] });
});

test("outside the band is more than chance, inside is not, and without other words nothing is said of chance", () => {
  const [b] = top(answer, 1);
  assert.match(verdict(b, 20, 2), /^More than chance: without 2 other words \(20 choices tried\), b stays at 40.0 % to 60.0 %/);
  assert.match(verdict({ ...b, after: 0.5 }, 1, 1), /^No more than chance: without one other word \(1 choice tried\)/);
  assert.match(verdict({ ...b, band: null }, 0, 3), /no other words/);
  assert.equal(top({ ...answer, band: { low: [], high: [], sets: 0 } }, 1)[0].band, null);
});
