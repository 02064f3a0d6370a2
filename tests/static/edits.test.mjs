import assert from "node:assert/strict";
import { test } from "node:test";

import { Edits, Latest } from "../../static/tokens/edits.js";

test("a word is switched off, on again, and replaced", () => {
  const edits = new Edits(["a", "good", "film"]);
  edits.toggle([1]);
  assert.deepEqual(edits.body(), { off: [1], replace: {} });
  edits.replace(1, "bad");
  assert.deepEqual(edits.body(), { off: [], replace: { 1: "bad" } }, "a word is off or replaced, never both");
  edits.drop([1]);
  assert.deepEqual(edits.body(), { off: [1], replace: {} });
  edits.toggle([1]);
  assert.equal(edits.count, 0);
});

test("words of a sentence go together, and come back when all of them are off", () => {
  const edits = new Edits(["a", "good", "film"]);
  edits.toggle([1]);
  edits.toggle([0, 1, 2]);
  assert.deepEqual(edits.body().off, [0, 1, 2]);
  edits.toggle([0, 1, 2]);
  assert.equal(edits.count, 0);
});

test("replaced by itself a word is as it was, by nothing it is off", () => {
  const edits = new Edits(["a", "good"]);
  edits.replace(1, "good");
  assert.equal(edits.count, 0);
  edits.replace(1, "  ");
  assert.deepEqual(edits.body().off, [1]);
});

test("edits are told in words", () => {
  const edits = new Edits(["a", "good", "film", "and", "more"]);
  edits.drop([2, 1]);
  assert.equal(edits.said(), "Without “good” and “film”");
  edits.replace(0, "no");
  assert.equal(edits.said(), "Without “good” and “film”, with “no” for “a”");
  edits.drop([3, 4]);
  assert.match(edits.said(), /^Without 4 words/);
});

test("of questions in a row the latest is asked, not more often than the pause allows", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const asked = [];
  const latest = new Latest((question, signal) => asked.push([question, signal]), 100);
  latest.put("a");
  t.mock.timers.tick(1);
  latest.put("b");
  latest.put("c");
  t.mock.timers.tick(50);
  assert.deepEqual(asked.map(([question]) => question), ["a"]);
  assert.ok(asked[0][1].aborted, "what is overtaken is aborted");
  t.mock.timers.tick(100);
  assert.deepEqual(asked.map(([question]) => question), ["a", "c"]);
  assert.ok(!asked[1][1].aborted);
  latest.put("d");
  latest.stop();
  t.mock.timers.tick(1000);
  assert.equal(asked.length, 2);
  assert.ok(asked[1][1].aborted);
});
