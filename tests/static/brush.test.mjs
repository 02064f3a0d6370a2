import "./served.mjs"; // first: it makes the names resolve

import assert from "node:assert/strict";
import { test } from "node:test";

const { along, dab, lasso, region } = await import("../../static/brush/dab.js");
const { apply, area, blank, edited, EFFECTS, MIDDLE } = await import("../../static/brush/effects.js");
const { Strokes } = await import("../../static/brush/strokes.js");
const { Stroke } = await import("../../static/brush/stroke.js");
const { Turns } = await import("../../static/brush/turns.js");
const { Patches } = await import("../../static/brush/patches.js");
const { meaning } = await import("../../static/brush/keys.js");
const { band, judged, painted, spread, verdict } = await import("../../static/brush/sentences.js");

const SIZE = [40, 30]; // wide and high
const empty = () => new Uint8Array(SIZE[0] * SIZE[1]);
const at = (x, y) => y * SIZE[0] + x;

test("a hard dab is a disc, and nothing outside its rectangle is touched", () => {
  const coverage = empty();
  const rect = dab(coverage, SIZE, [20, 15], 8, 1);
  coverage.forEach((amount, i) => {
    const [x, y] = [(i % SIZE[0]) + 0.5, Math.floor(i / SIZE[0]) + 0.5];
    assert.equal(amount, Math.hypot(x - 20, y - 15) < 8 ? 255 : 0);
    if (amount) assert.ok(x > rect[0] && x < rect[2] && y > rect[1] && y < rect[3]);
  });
});

test("a soft dab falls from the middle to its edge, and overlapping dabs do not add up", () => {
  const coverage = empty();
  dab(coverage, SIZE, [20, 15], 10, 0);
  const row = [20, 22, 24, 26, 28, 30].map((x) => coverage[at(x, 15)]);
  assert.deepEqual(row, [...row].sort((a, b) => b - a));
  assert.ok(row[0] > 240 && row.at(-1) === 0);
  const once = coverage.slice();
  dab(coverage, SIZE, [20, 15], 10, 0);
  assert.deepEqual(coverage, once);
});

test("a dab at the border is cut, one beyond it is none", () => {
  assert.deepEqual(dab(empty(), SIZE, [0, 0], 5, 1), [0, 0, 6, 6]);
  assert.equal(dab(empty(), SIZE, [-20, -20], 5, 1), null);
});

test("between two places no gap is wider than the step", () => {
  const places = [[0, 0], ...along([0, 0], [10, 0], 3)];
  places.slice(1).forEach((place, i) => assert.ok(place[0] - places[i][0] <= 3));
  assert.deepEqual(places.at(-1), [10, 0]);
  assert.deepEqual(along([5, 5], [5, 5], 3), [[5, 5]]);
});

test("a lasso fills what it goes around, hollows left out", () => {
  const coverage = empty();
  const rect = lasso(coverage, SIZE, [[5, 5], [15, 5], [15, 9], [10, 9], [10, 15], [5, 15]]);
  assert.deepEqual(rect, [5, 5, 15, 15]);
  assert.equal(coverage.filter(Boolean).length, 10 * 4 + 5 * 6);
  assert.equal(coverage[at(12, 12)], 0);
  assert.equal(lasso(empty(), SIZE, [[1, 1], [2, 2]]), null);
  const beyond = empty();
  lasso(beyond, SIZE, [[-50, -50], [90, -50], [90, 90], [-50, 90]]);
  assert.ok(beyond.every((amount) => amount === 255));
});

test("a region is all of its pixels and no other", () => {
  const regions = Uint16Array.from(empty(), (_, i) => Math.floor((i % SIZE[0]) / 10) + 300);
  const coverage = empty();
  assert.deepEqual(region(coverage, SIZE, regions, [25.4, 3]), [20, 0, 30, 30]);
  coverage.forEach((amount, i) => assert.equal(amount, regions[i] === 302 ? 255 : 0));
});

test("what a tool does to a byte", () => {
  const to = (name, byte, machine = 0) => EFFECTS[name].to(byte, machine);
  assert.equal(to("paint", 7), 255);
  assert.equal(to("unpaint", 200), 0);
  assert.equal(to("unedit", 9), MIDDLE);
  for (const machine of [-1, -0.5, 0, 0.25, 1]) {
    const value = (byte) => machine + (byte - MIDDLE) / 127;
    assert.ok(Math.abs(value(to("erase", MIDDLE, machine))) <= 0.5 / 127, "erased is zero, within rounding");
    assert.ok(Math.abs(value(to("attenuate", MIDDLE, machine)) - machine / 2) <= 0.5 / 127);
    assert.ok(value(to("raise", MIDDLE)) > value(MIDDLE) && value(to("lower", MIDDLE)) < value(MIDDLE));
  }
  assert.deepEqual([to("raise", 250), to("lower", 3)], [255, 1]);
});

test("half covered is half the way, and the stroke does not build upon itself", () => {
  const plane = Uint8Array.of(0, 0, 100);
  const before = plane.slice();
  for (let k = 0; k < 3; k++) apply(plane, before, Uint8Array.of(0, 128, 255), [0, 0, 3, 1], 3, EFFECTS.paint);
  assert.deepEqual([...plane], [0, 128, 255]);
});

test("an unedited map is the machine's", () => {
  const values = Float32Array.of(-2, 0, 1);
  assert.deepEqual(edited({ values }, blank([3, 1]).added, 2, [0, 0, 3, 1], 3), values);
  assert.equal(edited({ values }, Uint8Array.of(255, 128, 1), 2, [0, 0, 3, 1], 3)[0], 0);
  assert.equal(area(Uint8Array.of(255, 0, 0, 0)), 0.25);
});

function painting() {
  const planes = blank(SIZE);
  const strokes = new Strokes(SIZE[0]);
  const stroke = (place, effect = "paint") => {
    const { plane } = EFFECTS[effect];
    const made = new Stroke({ plane, bytes: planes[plane], size: SIZE, effect: EFFECTS[effect], place });
    made.brush(place, 4, 1);
    strokes.add({ told: effect, changes: [made.change] });
    return { amount: planes.amount.slice(), added: planes.added.slice() };
  };
  return { planes, strokes, stroke };
}

test("every undo gives back the bytes before, every redo those after, on either plane", () => {
  const { planes, strokes, stroke } = painting();
  const states = [blank(SIZE), stroke([10, 10]), stroke([12, 12], "raise"), stroke([11, 10], "unpaint")];
  for (let k = 2; k >= 0; k--) {
    strokes.undo(planes);
    assert.deepEqual(planes, states[k]);
  }
  assert.equal(strokes.undo(planes), undefined);
  for (let k = 1; k <= 3; k++) {
    strokes.redo(planes);
    assert.deepEqual(planes, states[k]);
  }
  assert.equal(strokes.redo(planes), undefined);
  for (const k of [0, 3, 1, 2]) {
    strokes.go(k, planes);
    assert.deepEqual(planes, states[k]);
    assert.equal(strokes.all.length, 3);
  }
});

test("a new stroke drops what was undone, and a hundred are kept", () => {
  const { planes, strokes, stroke } = painting();
  stroke([5, 5]);
  stroke([9, 9]);
  strokes.undo(planes);
  stroke([20, 20], "unpaint");
  assert.deepEqual(strokes.all.map(({ told }) => told), ["paint", "unpaint"]);
  for (let k = 0; k < 120; k++) stroke([k % 40, 10]);
  assert.equal(strokes.done.length, 100);
});

test("a stroke that was not meant leaves nothing", () => {
  const { planes } = painting();
  const made = new Stroke({ plane: "amount", bytes: planes.amount, size: SIZE, effect: EFFECTS.paint, place: [5, 5] });
  made.brush([30, 20], 6, 0.5);
  assert.ok(planes.amount.some(Boolean));
  made.revert();
  assert.deepEqual(planes, blank(SIZE));
});

test("one question at a time: every answer is shown, the latest waits, those before it are dropped", async () => {
  const asked = [];
  let idle = 0;
  const turns = new Turns((question) => new Promise((done) => asked.push([question, done])), () => idle++);
  for (const question of ["a", "b", "c"]) turns.put(question);
  assert.deepEqual(asked.map(([question]) => question), ["a"]);
  asked[0][1]();
  await new Promise(setImmediate);
  assert.deepEqual(asked.map(([question]) => question), ["a", "c"]);
  assert.equal(idle, 0);
  asked[1][1]();
  await new Promise(setImmediate);
  assert.deepEqual([asked.length, idle, turns.busy], [2, 1, false]);
});

test("what is stopped is aborted, and its late end starts nothing", async () => {
  const asked = [];
  let idle = 0;
  const turns = new Turns((question, signal) => new Promise((done) => asked.push({ question, signal, done })), () => idle++);
  turns.put("a");
  turns.put("b");
  turns.stop();
  assert.ok(asked[0].signal.aborted);
  turns.put("c");
  asked[0].done();
  await new Promise(setImmediate);
  assert.deepEqual(asked.map(({ question }) => question), ["a", "c"]);
  assert.deepEqual([idle, turns.busy], [0, true]);
});

test("cells are numbered row by row, and the last one stays on", () => {
  const patches = new Patches();
  patches.lay({ rows: 2, columns: 3 });
  assert.equal(patches.of([39.9, 29.9], SIZE), 5);
  assert.equal(patches.of([0, 16], SIZE), 3);
  for (let cell = 0; cell < 5; cell++) assert.ok(patches.set(cell, true));
  assert.ok(!patches.set(5, true));
  assert.deepEqual(patches.question.off, [0, 1, 2, 3, 4]);
  for (const key of ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft"]) assert.ok(patches.step(key));
  assert.equal(patches.at, 3);
  assert.ok(!patches.step("x"));
});

test("every tool has a key, where it is one", () => {
  const state = { layer: "picture", shape: "brush", effect: "paint", size: 20, hardness: 0.5, mode: "remove", fill: "inpaint" };
  const pressed = (key, more = {}, layer = "picture") => meaning({ key, ...more }, { ...state, layer });
  assert.deepEqual(pressed("u"), ["set", { effect: "unpaint" }]);
  assert.deepEqual(pressed("u", {}, "map"), ["set", { effect: "unedit" }]);
  assert.equal(pressed("e"), undefined, "a picture has no evidence to erase");
  assert.deepEqual(pressed("m"), ["set", { mode: "keep" }]);
  assert.deepEqual(pressed("f"), ["set", { fill: "blur" }]);
  assert.deepEqual(pressed("]"), ["set", { size: 24 }]);
  assert.deepEqual(pressed("z"), ["act", "closer"]);
  assert.deepEqual(pressed("z", { ctrlKey: true }), ["act", "undo"]);
  assert.deepEqual(pressed("Z", { metaKey: true, shiftKey: true }), ["act", "redo"]);
  assert.equal(pressed("p", { ctrlKey: true }), undefined, "the browser's own");
  for (const [name, { plane, key }] of Object.entries(EFFECTS)) {
    assert.deepEqual(pressed(key, {}, plane === "amount" ? "picture" : "map"), ["set", { effect: name }]);
  }
});

test("the findings in words", () => {
  const { low, high } = band([[0.9, 0.1], [0.8, 0.3], [0.95, 0.2]]);
  assert.deepEqual([low, high], [[0.8, 0.1], [0.95, 0.3]]);
  assert.match(verdict("cup", 0.5, [0.8, 0.95], 20, "remove"), /^More than chance: without the same area elsewhere \(20 places\), cup is at 80\.0 % to 95\.0 %/);
  assert.match(verdict("cup", 0.9, [0.8, 0.95], 20, "keep"), /^No more than chance: with the same area from elsewhere/);
  assert.equal(painted(0.25, "remove"), "Without 25.0 % of the picture");
  assert.equal(painted(0.0001, "keep"), "With nothing but less than 0.1 % of the picture");
  assert.match(spread("cup", ["blur", "mean"], [0.7, 0.2]), /from 20\.0 % \(the mean colour\) to 70\.0 % \(a blur\)/);
  const machine = { insertion: 5, deletion: 2 };
  const random = [3, 4];
  assert.match(judged({ edited: { insertion: 6, deletion: 1 }, machine, random }), /better than the machine’s map in both, and beats/);
  assert.match(judged({ edited: machine, machine, random }), /as good as/);
  assert.match(judged({ edited: { insertion: 3.5, deletion: 3 }, machine, random }), /worse .* does not beat every random order/);
});
