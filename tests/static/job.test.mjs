// A run as the page follows it: anew only where there is news, and each preview once, also of one that begins again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { follow } from "../../static/map/follow.js";
import { differ } from "../../static/map/job.js";

const RUN = { id: "a", state: "running", asked: 1 };

test("the first is news, and the same is not", () => {
  assert.equal(differ(undefined, RUN), true);
  assert.equal(differ(RUN, { ...RUN, target: 3 }), false);
});

test("another one is news, another state, and the same state of what was asked for again", () => {
  for (const news of [{ id: "b" }, { state: "queued" }, { asked: 2 }]) assert.equal(differ(RUN, { ...RUN, ...news }), true);
});

test("each preview is read once, and again those of a job that was interrupted", async (t) => {
  const sources = [];
  globalThis.EventSource = class extends EventTarget {
    constructor() {
      super();
      sources.push(this);
    }
    close() {}
  };
  t.after(() => delete globalThis.EventSource);
  t.mock.method(globalThis, "fetch", async () => ({ status: 200 }));
  const seen = [];
  let version = 0;
  const heard = { onProgress: (progress) => (version = progress.preview), onPreview: () => seen.push(version), onEnd: () => {} };
  follow({ events: "events", preview: "preview", decode: async () => null }, heard);
  for (const preview of [0, 1, 1, 3, 0, 0, 1, 2]) {
    sources[0].dispatchEvent(new MessageEvent("progress", { data: JSON.stringify({ state: "running", preview }) }));
    await new Promise(setImmediate);
  }
  assert.deepEqual(seen, [1, 3, 1, 2]);
});
