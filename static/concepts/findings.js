// The finished concepts as the server tells them. They never change, so each is read once for all components of a page.

import { ask } from "../whylens.map/ask.js";
import { read } from "../whylens.map/safetensors.js";

const known = new Map();
const tensors = new Map();

// → {result, blobs, pictures}: blobs by name and pictures by number, as addresses
export function findings(here, root) {
  return once(known, here, async () => {
    const { result, blobs, pictures } = await ask(here);
    return {
      result,
      blobs: Object.fromEntries(Object.entries(blobs).map(([name, path]) => [name, `${root}${path}`])),
      pictures: pictures.map((path) => `${root}${path}`),
    };
  });
}

// The tensor of that name in a blob.
export function tensor(url, name) {
  return once(tensors, url, async () => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error("a part of the result could not be read");
    return read(await answer.arrayBuffer())[name];
  });
}

// One row of a tensor whose first axis counts pictures, as {shape, values}.
export function row({ shape, values }, i) {
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  return { shape: shape.slice(1), values: values.subarray(i * size, (i + 1) * size) };
}

function once(kept, key, make) {
  if (!kept.has(key)) {
    const made = make();
    kept.set(key, made);
    made.catch(() => kept.delete(key)); // the next look asks anew
  }
  return kept.get(key);
}
