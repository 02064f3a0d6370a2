// What a view shows: what comes late, of what was shown before, is dropped.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Showing } from "../../static/map/showing.js";

// as the server packs a map: its length, its header, its numbers
function packed(value) {
  const header = JSON.stringify({ values: { dtype: "F32", shape: [1, 1, 1], data_offsets: [0, 4] } });
  const bytes = Buffer.alloc(12 + header.length);
  bytes.writeBigUInt64LE(BigInt(header.length));
  bytes.write(header, 8);
  bytes.writeFloatLE(value, 8 + header.length);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

const settled = () => new Promise(setImmediate);

// A view that writes down what it is told; maps are answered when the test says so.
function viewed(t) {
  const maps = new Map();
  t.mock.method(globalThis, "fetch", (url) => new Promise((resolve) => {
    maps.set(url, (value) => resolve(value === null ? { ok: false } : { ok: true, arrayBuffer: async () => packed(value) }));
  }));
  const part = () => ({ addEventListener() {}, setAttribute() {}, style: {} });
  const parts = new Map();
  const root = {
    dataset: {},
    querySelector: (name) => parts.get(name) ?? parts.set(name, part()).get(name),
  };
  const told = [];
  const view = {
    root,
    open: async () => true,
    clear: () => told.push("clear"),
    explain: ({ values }) => told.push(values[0]),
    finish: () => told.push("finish"),
  };
  const showing = new Showing(view);
  const update = async (data) => {
    view.data = data;
    if (await showing.opened(data)) await showing.mapped(data);
  };
  return { view, root, told, maps, update, waiting: root.querySelector(".waiting") };
}

const done = (name) => ({ id: name, state: "done", asked: 1, input: `${name}/input`, map: `${name}/map`, target: 0 });

test("the final map is drawn once, however often the page runs", async (t) => {
  const { root, told, maps, update } = viewed(t);
  const first = update(done("a"));
  await settled();
  assert.equal(root.dataset.drawn, undefined);
  maps.get("a/map")(2);
  await first;
  await update(done("a"));
  assert.deepEqual(told, ["clear", 2, "finish"]);
  assert.equal(root.dataset.drawn, "a/map");
});

test("a map that comes when another picture is shown is dropped", async (t) => {
  const { root, told, maps, update } = viewed(t);
  const late = update(done("a"));
  await settled();
  const next = update(done("b"));
  await settled();
  maps.get("b/map")(3);
  maps.get("a/map")(2);
  await Promise.all([late, next]);
  assert.deepEqual(told, ["clear", "clear", 3, "finish"]);
  assert.equal(root.dataset.drawn, "b/map");
});

test("also when the other one has no map yet", async (t) => {
  const { root, told, maps, update } = viewed(t);
  const late = update(done("a"));
  await settled();
  await update({ ...done("b"), state: "failed", map: null, error: "why" });
  maps.get("a/map")(2);
  await late;
  assert.deepEqual(told, ["clear", "clear", "clear"]);
  assert.equal(root.dataset.drawn, undefined);
});

test("a map that cannot be read is said, and asked for anew when the page runs again", async (t) => {
  const { told, maps, update, waiting } = viewed(t);
  const first = update(done("a"));
  await settled();
  maps.get("a/map")(null);
  await first;
  assert.deepEqual([waiting.hidden, waiting.textContent], [false, "The map could not be read. Reload the page."]);
  const second = update(done("a"));
  await settled();
  maps.get("a/map")(2);
  await second;
  assert.deepEqual([waiting.hidden, told], [true, ["clear", 2, "finish"]]);
});

test("what could not be opened has no map either", async (t) => {
  const { view, told, maps, update } = viewed(t);
  view.open = async () => false;
  await update(done("a"));
  assert.deepEqual([told, maps.size], [["clear"], 0]);
});
