import assert from "node:assert/strict";
import { test } from "node:test";

import { bytes, gathered, named, picked } from "../../static/setdrop/gathered.js";

const file = (path) => ({ isFile: true, fullPath: path, file: (resolve) => resolve({ name: path.split("/").at(-1) }) });
// a reader gives a part at a time, and nothing at the end, as browsers do
const folder = (...parts) => ({ isFile: false, createReader: () => ({ readEntries: (resolve) => resolve(parts.shift() ?? []) }) });

test("a folder is walked to its ends, also where a reader gives it in parts", async () => {
  const found = await gathered([folder([file("/a/x.png"), folder([file("/a/b/y.png")])], [file("/a/z.png")]), file("/w.png")]);
  assert.deepEqual(found.map(({ path }) => path), ["a/x.png", "a/b/y.png", "a/z.png", "w.png"]);
});

test("files of a chosen folder keep their path", () => {
  assert.deepEqual(picked([{ name: "x.png", webkitRelativePath: "a/x.png" }, { name: "y.png", webkitRelativePath: "" }]).map(({ path }) => path), ["a/x.png", "y.png"]);
});

test("a set is called after its folder, its archive, or how many pictures it has", () => {
  const paths = (...all) => all.map((path) => ({ path }));
  assert.equal(named(paths("birds/a.png", "birds/owl/b.png")), "birds");
  assert.equal(named(paths("holiday.zip")), "holiday");
  assert.equal(named(paths("a.png", "b.png")), "2 pictures");
  assert.equal(named(paths(".png")), "pictures");
  assert.equal(named(paths(`${"x".repeat(300)}.zip`)).length, 80);
});

test("sizes are said as one reads them", () => assert.deepEqual([1, 20_000, 3_450_000].map(bytes), ["1 kB", "20 kB", "3.5 MB"]));
