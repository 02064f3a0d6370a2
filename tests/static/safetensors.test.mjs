import assert from "node:assert/strict";
import { test } from "node:test";

import { read } from "../../static/map/safetensors.js";

function file(header, floats) {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + 4 * floats.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(new Uint8Array(Float32Array.from(floats).buffer), 8 + json.length);
  return bytes.buffer;
}

test("tensors come back by name, whatever the header's length is modulo four", () => {
  for (const filler of ["", "x", "xx", "xxx"]) {
    const header = {
      __metadata__: { filler },
      values: { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
      stderr: { dtype: "F32", shape: [1], data_offsets: [8, 12] },
    };
    const { values, stderr } = read(file(header, [1.5, -2, 0.25]));
    assert.deepEqual([values.shape, [...values.values], [...stderr.values]], [[1, 2], [1.5, -2], [0.25]]);
  }
});

test("another type of number is refused by name", () => {
  const header = { values: { dtype: "F16", shape: [1], data_offsets: [0, 2] } };
  assert.throws(() => read(file(header, [0])), /values must be F32; got F16/);
});
