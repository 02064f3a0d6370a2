// What has been done, stroke by stroke, and what has been undone: each stroke keeps only its own rectangle.

const LONGEST = 100; // strokes that can be undone

export function crop(plane, w, [left, top, right, bottom]) {
  const cut = new Uint8Array((right - left) * (bottom - top));
  for (let row = top; row < bottom; row++) {
    cut.set(plane.subarray(row * w + left, row * w + right), (row - top) * (right - left));
  }
  return cut;
}

function put(plane, w, [left, top, right, bottom], cut) {
  for (let row = top; row < bottom; row++) {
    plane.set(cut.subarray((row - top) * (right - left), (row - top + 1) * (right - left)), row * w + left);
  }
}

// From one state of a plane to another, over a rectangle.
export function change(name, w, rect, before, after) {
  return { plane: name, rect, before: crop(before, w, rect), after: crop(after, w, rect) };
}

export class Strokes {
  constructor(w) {
    this.w = w;
    this.clear();
  }

  clear() {
    this.done = [];
    this.undone = [];
  }

  // stroke: {told, changes, …}; what was undone before it is gone
  add(stroke) {
    this.done.push(stroke);
    if (this.done.length > LONGEST) this.done.shift();
    this.undone = [];
  }

  // The stroke taken back, or undefined.
  undo(planes) {
    const stroke = this.done.pop();
    if (!stroke) return undefined;
    for (const { plane, rect, before } of [...stroke.changes].reverse()) put(planes[plane], this.w, rect, before);
    this.undone.push(stroke);
    return stroke;
  }

  redo(planes) {
    const stroke = this.undone.pop();
    if (!stroke) return undefined;
    for (const { plane, rect, after } of stroke.changes) put(planes[plane], this.w, rect, after);
    this.done.push(stroke);
    return stroke;
  }

  // So that the first `count` strokes are done and the others are not.
  go(count, planes) {
    while (this.done.length > count && this.undo(planes));
    while (this.done.length < count && this.redo(planes));
  }

  // All strokes in order, done or not.
  get all() {
    return [...this.done, ...[...this.undone].reverse()];
  }
}
