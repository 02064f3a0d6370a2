import assert from "node:assert/strict";
import { test } from "node:test";

import { Edits } from "../../static/tokens/edits.js";

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
