import assert from "node:assert/strict";
import { test } from "node:test";

import { Latest } from "../../static/map/latest.js";

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
