import assert from "node:assert/strict";
import { test } from "node:test";

import { called, decode, laid, places, sentences, spread, summed, turns, unseen } from "../../static/tokens/pieces.js";

// words as the server finds them, in code points
function spans(text, words) {
  const points = [...text];
  let from = 0;
  return words.map((word) => {
    const wanted = [...word];
    while (points.slice(from, from + wanted.length).join("") !== word) from += 1;
    from += wanted.length;
    return [from - wanted.length, from];
  });
}

for (const [text, words] of [
  ["A fine film.", ["A", "fine", "film", "."]],
  ["\ufeffBOM first", ["BOM", "first"]],
  ["😀 so good 👩‍👩‍👧 yes", ["😀", "so", "good", "👩‍👩‍👧", "yes"]],
  ["𝔘nd 𝔢ine", ["𝔘nd", "𝔢ine"]],
  ["فيلم رائع 🎬 جدا", ["فيلم", "رائع", "🎬", "جدا"]],
  ["e\u0301te\u0301  \r\n x", ["e\u0301te\u0301", "x"]],
]) {
  test(`words of ${JSON.stringify(text)} lie where they are written`, () => {
    const found = laid(text, spans(text, words), 0);
    assert.deepEqual(found.words.map((word) => word.text), words);
    assert.equal(found.end, text.length);
    const bytes = new TextEncoder().encode(text);
    assert.equal(decode(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), text);
  });
}

test("offsets are counted in code points", () => {
  assert.deepEqual(places("a😀b😀", [0, 1, 2, 3, 4]), [0, 1, 3, 4, 6]);
  assert.deepEqual(places("abc", [1, 3]), [1, 3]);
});

test("what is not read begins after the last word, counted from the end in code points", () => {
  assert.equal(laid("one two 😀😀", [[0, 3]], 2).end, 8);
  assert.equal(laid("one two", [[0, 3], [4, 7]], 9).end, 7);
  assert.equal(laid("one", [], 0).end, 3);
});

test("words are summed by sentence, and the sum of all is kept", () => {
  const text = "It is fine. Or not?\nWho knows";
  const { words } = laid(text, spans(text, ["It", "is", "fine", ".", "Or", "not", "?", "Who", "knows"]), 0);
  const groups = sentences(text, words);
  assert.deepEqual(groups, [[0, 1, 2, 3], [4, 5, 6], [7, 8]]);
  assert.deepEqual([...summed([1, 2, 3, 4, 5, 6, 7, 8, 9], groups)], [10, 18, 17]);
});

test("a preview with every nth value gives each word the nearest one", () => {
  assert.deepEqual([...spread(Float32Array.of(1, 2), 4)], [1, 1, 2, 2]);
  const all = Float32Array.of(1, 2, 3);
  assert.equal(spread(all, 3), all);
});

test("what turns the direction of writing is known, and what nobody sees is called by its numbers", () => {
  assert.ok(turns("abc\u202e") && turns("\u2067") && !turns("שלום"));
  assert.ok(unseen("\u202e\u200b") && !unseen("👩‍👧") && !unseen("."));
  assert.equal(called("\u202e"), "U+202E");
  assert.equal(called("fine"), "“fine”");
  assert.equal(called("\u202efine"), "“fine”");
  assert.equal(called("שלום"), "\u2068“שלום”\u2069", "isolated, so that the numbers beside it stay where they are");
  assert.ok(called("x".repeat(1e5)).length < 70);
});
