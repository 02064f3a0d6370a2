// One stroke while it is made: what it covers so far, and the plane as it was before.

import { along, dab, lasso, region, union } from "./dab.js";
import { apply } from "./effects.js";
import { change } from "./strokes.js";

export class Stroke {
  // plane: its name; bytes: the plane itself, changed as the stroke goes on; machine: the map by its reach
  constructor({ plane, bytes, size, effect, machine, place }) {
    Object.assign(this, { plane, bytes, size, effect, machine });
    this.before = bytes.slice();
    this.coverage = new Uint8Array(bytes.length);
    this.rect = null;
    this.line = [place];
  }

  // From the last place to this one; the rectangle that has changed, or null.
  brush(place, radius, hardness) {
    let rect = null;
    for (const each of along(this.line.at(-1), place, Math.max(1, radius / 4))) {
      rect = union(rect, dab(this.coverage, this.size, each, Math.max(1, radius), hardness));
    }
    this.line.push(place);
    return this.cover(rect);
  }

  region(place, regions) {
    return this.cover(region(this.coverage, this.size, regions, place));
  }

  close(line = this.line) {
    return this.cover(lasso(this.coverage, this.size, line));
  }

  cover(rect) {
    if (rect) apply(this.bytes, this.before, this.coverage, rect, this.size[0], this.effect, this.machine);
    this.rect = union(this.rect, rect);
    return rect;
  }

  revert() {
    this.bytes.set(this.before);
  }

  get change() {
    return change(this.plane, this.size[0], this.rect, this.before, this.bytes);
  }
}
