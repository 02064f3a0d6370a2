// A batch in words, and its numbers as they are read.

import assert from "node:assert/strict";
import { test } from "node:test";

import { rate, spell, told, took } from "../../static/batch/told.js";

const batch = { state: "running", done: 0, failed: 0, asked: 0, left: 1200, seconds_left: null, waits: false, set: { images: 1200 } };

test("how far it has come is told in a line", () => {
  assert.equal(told(batch), "0 of 1,200 explained \u00b7 waits for a worker");
  assert.equal(told({ ...batch, asked: 2 }), "0 of 1,200 explained");
  assert.equal(told({ ...batch, waits: true }), "0 of 1,200 explained \u00b7 waits for an earlier batch of yours");
  assert.equal(told({ ...batch, done: 5, failed: 1, left: 1194, seconds_left: 300 }), "5 of 1,200 explained \u00b7 1 failed \u00b7 about 5 min left");
  assert.equal(told({ ...batch, state: "cancelled", done: 7, left: 1193 }), "7 of 1,200 explained \u00b7 stopped with 1,193 left; what is done is kept");
  assert.equal(told({ ...batch, state: "done", done: 1200, left: 0 }), "1,200 of 1,200 explained");
});

test("no probability is rounded to certainty", () => {
  assert.deepEqual([0.5, 0.99951, 0.0004, 1, 0].map(rate), ["50.0 %", "> 99.9 %", "< 0.1 %", "100.0 %", "0.0 %"]);
});

test("seconds and minutes", () => {
  assert.deepEqual([0.2, 89, 91].map(spell), ["1 s", "89 s", "2 min"]);
  assert.deepEqual([0.123, 12.34].map(took), ["0.12", "12.3"]);
});
