import assert from "node:assert/strict";
import { test } from "node:test";

import "./served.mjs";

const { SHAPES, conceptMark, outline, strategyMark } = await import("../../static/concepts/marks.js");
const { signed, span, stacked } = await import("../../static/concepts/shares.js");
const { row } = await import("../../static/concepts/findings.js");
const { said, verdict } = await import("../../static/concepts/effect.js");
const { Naming, usual } = await import("../../static/concepts/naming.js");
const { sorted } = await import("../../static/strategies/twin.js");

const COLOURS = [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [213, 94, 0], [86, 180, 233]];
const key = ({ shape, colour }) => `${shape} ${colour}`;

test("no two of 42 concepts have the same key, and neighbours differ in colour and in shape", () => {
  const marks = Array.from({ length: 42 }, (_, i) => conceptMark(i, COLOURS));
  assert.equal(new Set(marks.map(key)).size, 42);
  for (let i = 1; i < 42; i++) {
    assert.notEqual(marks[i].shape, marks[i - 1].shape);
    assert.notEqual(marks[i].colour, marks[i - 1].colour);
  }
});

test("of up to 30 concepts and 12 strategies none has another's key", () => {
  const keys = [...Array(30).keys()].map((i) => key(conceptMark(i, COLOURS)));
  const others = [...Array(12).keys()].map((i) => key(strategyMark(i, COLOURS)));
  assert.equal(new Set([...keys, ...others]).size, 42);
  assert.doesNotThrow(() => conceptMark(100, COLOURS), "keys come back, and are there");
});

test("every shape is a closed path of about one area", () => {
  for (const shape of SHAPES) {
    const path = outline(shape, 10);
    assert.match(path, /^M.*Z$/);
    if (shape === "circle") continue;
    const corners = path.slice(1, -1).split("L").map((pair) => pair.split(" ").map(Number));
    const area = Math.abs(corners.reduce((sum, [x, y], i) => sum + x * corners[(i + 1) % corners.length][1] - corners[(i + 1) % corners.length][0] * y, 0)) / 2;
    assert.ok(Math.abs(area / (Math.PI * 100) - 1) < 0.16, `${shape}: ${area}`);
  }
});

test("shares are stacked away from zero, the strongest nearest, the others as one piece on each side", () => {
  const pieces = stacked([0.5, -0.2, 0.1, -0.06, 0.04, 0.1], 2);
  assert.deepEqual(pieces.map(({ index }) => index), [0, 1, null, null]);
  assert.deepEqual([pieces[0].from, pieces[0].to], [0, 0.5]);
  assert.deepEqual([pieces[1].from, pieces[1].to], [-0.2, 0]);
  assert.ok(Math.abs(pieces[2].to - 0.74) < 1e-12);
  assert.ok(Math.abs(pieces[3].from + 0.26) < 1e-12);
});

test("what is stacked adds up to what there is", () => {
  const shares = [0.3, -0.1, 0.25, -0.05, 0.2, 0.05, -0.05];
  const width = stacked(shares).reduce((sum, { from, to }) => sum + to - from, 0);
  assert.ok(Math.abs(width - 1) < 1e-12);
  assert.deepEqual(span([shares, [-0.6, 0.4]]).map((end) => end.toFixed(2)), ["-0.60", "0.80"]);
  assert.deepEqual(span([]), [0, 1]);
});

test("a share is said with its sign", () => {
  assert.deepEqual([0.314, -0.06, 0, 0.001].map(signed), ["+31 %", "\u22126 %", "0 %", "0 %"]);
});

test("a row of a tensor is its own picture", () => {
  const tensor = { shape: [2, 1, 2, 2], values: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7) };
  assert.deepEqual(row(tensor, 1), { shape: [1, 2, 2], values: Float32Array.of(4, 5, 6, 7) });
});

test("what is changed is told in words", () => {
  assert.equal(said([]), "");
  assert.equal(said([{ name: "mark", scale: 0 }]), "Without mark");
  assert.equal(said([{ name: "mark", scale: 0 }, { name: "sky", scale: 1.5 }, { name: "grass", scale: 0 }]), "Without mark and grass, sky at 150 %");
});

test("outside the band is more than chance, inside is not", () => {
  assert.match(verdict("circle", 0.1, [0.7, 0.9], 20), /^More than chance: 20 random changes of the same size leave circle at 70.0 % to 90.0 %/);
  assert.match(verdict("circle", 0.8, [0.7, 0.9], 20), /^No more than chance/);
});

test("a name is what the user says, else its rank; another's note is not touched", () => {
  const naming = new Naming(() => {});
  naming.read("/here", { concepts: { 7: { name: "corner mark", suspicious: true } }, strategies: {} });
  assert.equal(naming.name("concept", 7, 0), "corner mark");
  assert.equal(naming.name("concept", 1, 1), "Concept 2");
  assert.equal(usual("strategy", 0), "Strategy 1");
  assert.ok(naming.suspicious("concept", 7));
  assert.ok(!naming.suspicious("strategy", 7));
});

test("a table is sorted by a column and leaves its rows alone", () => {
  const rows = [{ n: 2 }, { n: 3 }, { n: 1 }];
  assert.deepEqual(sorted(rows, ({ n }) => n, true).map(({ n }) => n), [1, 2, 3]);
  assert.deepEqual(sorted(rows, ({ n }) => n, false).map(({ n }) => n), [3, 2, 1]);
  assert.deepEqual(rows.map(({ n }) => n), [2, 3, 1]);
});
