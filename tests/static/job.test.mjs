// When the page tells of a run once more: followed anew only where there is news.

import assert from "node:assert/strict";
import { test } from "node:test";

import { differ } from "../../static/map/job.js";

const RUN = { id: "a", state: "running", asked: 1 };

test("the first is news, and the same is not", () => {
  assert.equal(differ(undefined, RUN), true);
  assert.equal(differ(RUN, { ...RUN, target: 3 }), false);
});

test("another one is news, another state, and the same state of what was asked for again", () => {
  for (const news of [{ id: "b" }, { state: "queued" }, { asked: 2 }]) assert.equal(differ(RUN, { ...RUN, ...news }), true);
});
