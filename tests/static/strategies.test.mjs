import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { conceptMark, strategyMark } from "../../static/concepts/marks.js";
import { caught, inside, nearest, towards } from "../../static/strategies/lasso.js";
import { framing, held, level, nodes, pictures, projected, zoomed } from "../../static/strategies/layout.js";
import { columns, style, tile } from "../../static/strategies/sprite.js";

const ALL = { zoom: 1, x: 0, y: 0 };

test("a place is inside where a ray from it crosses the line an odd number of times, also of a hollow shape", () => {
  const square = [[0, 0], [10, 0], [10, 10], [0, 10]];
  assert.ok(inside([5, 5], square));
  assert.ok(!inside([15, 5], square));
  assert.ok(!inside([5, -1], square));
  const horseshoe = [[0, 0], [10, 0], [10, 10], [7, 10], [7, 3], [3, 3], [3, 10], [0, 10]];
  assert.ok(inside([1, 8], horseshoe));
  assert.ok(!inside([5, 8], horseshoe), "between its arms is outside");
});

test("a lasso catches what it holds, and a line of two points nothing", () => {
  const places = [[1, 1], [5, 5], [20, 20]];
  assert.deepEqual(caught(places, [[0, 0], [10, 0], [10, 10], [0, 10]]), [0, 1]);
  assert.deepEqual(caught(places, [[0, 0], [10, 10]]), []);
});

test("the nearest place within reach", () => {
  assert.equal(nearest([[0, 0], [10, 0], [11, 0]], [10.4, 0], 5), 1);
  assert.equal(nearest([[0, 0]], [10, 0], 5), -1);
});

test("arrow keys go to what lies ahead, not to what lies aside", () => {
  const places = [[0, 0], [10, 1], [4, 40], [-5, 0]];
  assert.equal(towards(places, 0, [1, 0]), 1);
  assert.equal(towards(places, 0, [0, 1]), 2);
  assert.equal(towards(places, 0, [-1, 0]), 3);
  assert.equal(towards(places, 0, [0, -1]), -1);
});

test("coming closer leaves the place under the pointer where it is, and nothing beyond the frame is shown", () => {
  const before = projected(ALL, [0.5, 0.25], 800, 600);
  const view = zoomed(ALL, 3, ...before, 800, 600);
  const after = projected(view, [0.5, 0.25], 800, 600);
  before.forEach((value, i) => assert.ok(Math.abs(after[i] - value) < 1e-9));
  assert.deepEqual(held({ zoom: 2, x: 50, y: -2000 }, 800, 600), { zoom: 2, x: 0, y: -600 });
  assert.deepEqual(zoomed(ALL, 0.1, 400, 300, 800, 600), ALL, "no smaller than everything");
});

test("groups from afar, points closer by, pictures where they have room; never pictures before points", () => {
  assert.equal(level(1, 57, 760, 560), "groups");
  assert.equal(level(1.3, 57, 760, 560), "points");
  for (const n of [1, 57, 2000, 100000]) {
    const near = pictures(n, 760, 560);
    assert.equal(level(near / 1.2, n, 760, 560), "points");
    assert.equal(level(near, n, 760, 560), "pictures");
  }
});

test("a frame holds the places it was made for, in the middle", () => {
  const places = [[0.4, 0.4], [0.5, 0.6]];
  const view = framing(places, 800, 600, 1);
  for (const place of places) {
    const [x, y] = projected(view, place, 800, 600);
    assert.ok(x > 0 && x < 800 && y > 0 && y < 600);
  }
  assert.equal(framing(places, 800, 600, 1, 1.5).zoom, 1.5);
});

test("nodes cover neither each other nor each other's words, and stay in the frame, also on a phone", () => {
  const groups = [0.5, 0.2, 0.1, 0.08, 0.06].map((prevalence) => ({ prevalence, places: [[0.5, 0.5]].map(([x, y]) => [x + prevalence / 100, y]) }));
  for (const [w, h] of [[760, 560], [358, 460]]) {
    const placed = nodes(groups, w, h);
    for (const { x, y, r } of placed) assert.ok(x - r >= 0 && x + r <= w && y - r >= 0 && y + r <= h, `${w}: ${x} ${y} ${r}`);
    placed.forEach((a, i) => placed.slice(i + 1).forEach((b) => assert.ok(Math.hypot(a.x - b.x, a.y - b.y) >= a.r + b.r, `${w}: nodes overlap`)));
  }
});

test("a node's area is its prevalence", () => {
  const [large, small] = nodes([{ prevalence: 0.8, places: [[0.2, 0.5]] }, { prevalence: 0.2, places: [[0.8, 0.5]] }], 760, 560);
  assert.ok(Math.abs((large.r / small.r) ** 2 - 4) < 1e-9);
});

test("tiles lie row by row on the squarest sheet", () => {
  assert.deepEqual([1, 4, 5, 57, 100].map(columns), [1, 2, 3, 8, 10]);
  assert.deepEqual(tile(0, 57), [0, 0]);
  assert.deepEqual(tile(7, 57), [448, 0]);
  assert.deepEqual(tile(8, 57), [0, 64]);
  assert.deepEqual(tile(56, 57), [0, 448]);
});

test("a tile at half its size is half as far away, and an address cannot end its quotes", () => {
  const shown = style("/a\"b.webp", 9, 57, 32);
  assert.equal(shown.backgroundPosition, "-32px -32px");
  assert.equal(shown.backgroundSize, "256px auto");
  assert.equal(shown.backgroundImage, 'url("/a%22b.webp")');
});

test("nodes and marks are where exported drawings have them", () => {
  const { layouts, marks } = JSON.parse(readFileSync(new URL("./graph.json", import.meta.url)));
  for (const { w, h, groups, nodes: told } of layouts) assert.deepEqual(nodes(groups, w, h).map(({ x, y, r }) => [x, y, r]), told);
  const colours = [0, 1, 2, 3, 4, 5];
  marks.concepts.forEach(([shape, colour], rank) => assert.deepEqual(conceptMark(rank, colours), { shape, colour }));
  marks.strategies.forEach(([shape, colour], rank) => assert.deepEqual(strategyMark(rank, colours), { shape, colour }));
});
