import "./served.mjs"; // first: it makes the names resolve

import assert from "node:assert/strict";
import { test } from "node:test";

const { Hands } = await import("../../static/brush/hands.js");
const { Board } = await import("../../static/brush/board.js");

// A canvas of 400 × 300 on the screen, at (100, 50), over a picture of 200 × 150: two pixels of the screen for each.
const BOX = { left: 100, top: 50, width: 400, height: 300 };
const SIZE = [200, 150];
const near = (found, wanted) => found.forEach((side, i) => assert.ok(Math.abs(side - wanted[i]) < 1e-9, `${found} is not ${wanted}`)); // float64

function hands() {
  const listeners = {};
  const canvas = {
    addEventListener: (name, act) => (listeners[name] = act),
    focus: () => {},
    setPointerCapture: () => {},
    getBoundingClientRect: () => BOX,
  };
  const board = Object.create(Board.prototype); // places and zoom are its own; nothing is drawn
  Object.assign(board, { canvas, size: SIZE, zoom: 1, corner: [0, 0], draw: () => {} });
  const told = [];
  const on = Object.fromEntries(["begin", "go", "end", "drop", "hover"].map((name) => [name, (...given) => told.push([name, ...given])]));
  new Hands(canvas, board, on);
  const send = (name, id, [clientX, clientY], more = {}) =>
    listeners[name]({ pointerId: id, clientX, clientY, pointerType: "touch", pressure: 0.5, button: 0, preventDefault: () => {}, ...more });
  const at = ([clientX, clientY]) => board.at({ clientX, clientY });
  return { board, told, send, at };
}

const strokes = (told) => told.filter(([name]) => name !== "hover");

test("a finger, a mouse and a pen begin, go on and end at the pixel under them", () => {
  for (const pointerType of ["touch", "mouse", "pen"]) {
    const { told, send } = hands();
    send("pointerdown", 1, [100, 50], { pointerType, pressure: 1 });
    send("pointermove", 1, [300, 200], { pointerType, pressure: 1 });
    send("pointerup", 1, [300, 200], { pointerType });
    assert.deepEqual(strokes(told), [["begin", [0, 0], 1], ["go", [100, 75], 1], ["end"]]);
  }
});

test("the brush of a pen grows with its pressure from 0.3 to whole; a finger's does not", () => {
  const { told, send } = hands();
  const pen = (pressure) => ({ pointerType: "pen", pressure });
  send("pointerdown", 1, [100, 50], pen(0));
  for (const pressure of [0.25, 0.5, 1]) send("pointermove", 1, [102, 50], pen(pressure));
  near(strokes(told).map(([, , share]) => share), [0.3, 0.475, 0.65, 1]);
  const other = hands();
  other.send("pointerdown", 1, [100, 50], { pressure: 0.1 });
  assert.deepEqual(strokes(other.told), [["begin", [0, 0], 1]]);
});

test("between two frames a pen is followed through every place that it was at, each with its pressure", () => {
  const { told, send } = hands();
  const pen = { pointerType: "pen", pressure: 1 };
  send("pointerdown", 1, [100, 50], pen);
  const between = [[110, 50, 0], [120, 50, 0.5], [130, 50, 1]].map(([clientX, clientY, pressure]) => ({ clientX, clientY, pressure, pointerType: "pen" }));
  send("pointermove", 1, [130, 50], { ...pen, getCoalescedEvents: () => between });
  assert.deepEqual(strokes(told).slice(1).map(([name, place]) => [name, place]), [["go", [5, 0]], ["go", [10, 0]], ["go", [15, 0]]]);
  near(strokes(told).slice(1).map(([, , share]) => share), [0.3, 0.65, 1]);
  send("pointermove", 1, [140, 50], { ...pen, getCoalescedEvents: () => [] }); // made by a script
  assert.deepEqual(strokes(told).at(-1), ["go", [20, 0], 1]);
});

test("the hand that holds a pen neither paints nor pinches", () => {
  const { board, told, send } = hands();
  send("pointerdown", 1, [100, 50], { pointerType: "pen", pressure: 1 });
  send("pointerdown", 2, [300, 200]);
  send("pointermove", 2, [400, 300]);
  send("pointermove", 1, [120, 50], { pointerType: "pen", pressure: 1 });
  send("pointerup", 2, [400, 300]);
  send("pointerup", 1, [120, 50], { pointerType: "pen" });
  assert.deepEqual(told, [["begin", [0, 0], 1], ["go", [10, 0], 1], ["end"]]);
  assert.equal(board.zoom, 1);
  send("pointerdown", 3, [100, 50]); // and once it is lifted, a finger paints
  assert.deepEqual(told.at(-1), ["begin", [0, 0], 1]);
});

test("a second finger takes the stroke back, and neither paints until both are lifted", () => {
  const { told, send } = hands();
  send("pointerdown", 1, [200, 150]);
  send("pointerdown", 2, [300, 150]);
  send("pointermove", 2, [320, 150]);
  send("pointerup", 2, [320, 150]);
  send("pointermove", 1, [210, 150]);
  send("pointerup", 1, [210, 150]);
  assert.deepEqual(strokes(told), [["begin", [50, 50], 1], ["drop"]]);
});

test("fingers that part by a factor zoom by it, and what lay under each stays under it", () => {
  const { board, send, at } = hands();
  const [left, right] = [[250, 200], [350, 200]];
  const under = [at(left), at(right)];
  send("pointerdown", 1, left);
  send("pointerdown", 2, right);
  send("pointermove", 2, [400, 200]); // from 100 apart to 150, to 200, to 400
  send("pointermove", 1, [200, 200]);
  near([board.zoom], [2]);
  near(at([200, 200]), under[0]);
  near(at([400, 200]), under[1]);
  send("pointermove", 2, [600, 200]);
  near([board.zoom], [4]);
  near(at([200, 200]), under[0]);
  near(at([600, 200]), under[1]);
});

test("fingers that come together and part again leave everything where it was", () => {
  const { board, send } = hands();
  Object.assign(board, { zoom: 4, corner: [60, 40] });
  send("pointerdown", 1, [250, 200]);
  send("pointerdown", 2, [350, 200]);
  for (const x of [330, 310, 330, 350]) send("pointermove", 2, [x, 200]);
  near([board.zoom, ...board.corner], [4, 60, 40]);
});

test("fingers that go side by side move the picture with them", () => {
  const { board, send, at } = hands();
  Object.assign(board, { zoom: 4, corner: [60, 40] });
  const under = at([300, 200]);
  send("pointerdown", 1, [250, 200]);
  send("pointerdown", 2, [350, 200]);
  for (let k = 1; k <= 10; k++) { // a step each in turn, as events come
    send("pointermove", 1, [250 + 4 * k, 200 + 2 * k]);
    send("pointermove", 2, [350 + 4 * k, 200 + 2 * k]);
  }
  near([board.zoom], [4]);
  near(at([340, 220]), under);
});

test("nobody zooms out beyond the whole, in beyond eight times, or off the picture", () => {
  const { board, send } = hands();
  send("pointerdown", 1, [250, 200]);
  send("pointerdown", 2, [350, 200]);
  send("pointermove", 2, [260, 200]);
  assert.deepEqual([board.zoom, board.corner], [1, [0, 0]]);
  send("pointermove", 2, [5000, 200]);
  assert.equal(board.zoom, 8);
  for (let i = 0; i < 2; i++) assert.ok(board.corner[i] >= 0 && board.corner[i] <= SIZE[i] * (1 - 1 / 8));
});

test("a pinch of a trackpad zooms about the pointer; a wheel without it is the page's", () => {
  const { board, send, at } = hands();
  const place = [220, 110];
  const under = at(place);
  send("wheel", 0, place, { deltaY: -200 * Math.LN2, ctrlKey: true });
  near([board.zoom], [2]);
  near(at(place), under);
  send("wheel", 0, place, { deltaY: -200, ctrlKey: false });
  near([board.zoom], [2]);
});
