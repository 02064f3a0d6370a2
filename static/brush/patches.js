// Cells of the model's concept layer, on and off.

export class Patches {
  constructor() {
    this.off = new Set();
    this.at = 0;
  }

  // {rows, columns}
  lay({ rows, columns }) {
    [this.rows, this.columns] = [rows, columns];
  }

  get known() {
    return this.rows !== undefined;
  }

  get count() {
    return this.rows * this.columns;
  }

  // The cell of a pixel.
  of([x, y], [w, h]) {
    const within = (place, side, n) => Math.min(Math.max(Math.floor((place / side) * n), 0), n - 1);
    return within(y, h, this.rows) * this.columns + within(x, w, this.columns);
  }

  // Off, or on again; the last one stays on. False where it stayed.
  set(cell, off) {
    if (off && !this.off.has(cell) && this.off.size === this.count - 1) return false;
    if (off) this.off.add(cell);
    else this.off.delete(cell);
    return true;
  }

  step(key) {
    const [row, column] = [Math.floor(this.at / this.columns), this.at % this.columns];
    const ways = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!(key in ways)) return false;
    const next = [row + ways[key][0], column + ways[key][1]];
    if (next[0] >= 0 && next[0] < this.rows && next[1] >= 0 && next[1] < this.columns) this.at = next[0] * this.columns + next[1];
    return true;
  }

  get marks() {
    return { rows: this.rows, columns: this.columns, off: this.off, at: this.at };
  }

  get question() {
    return { off: [...this.off].sort((a, b) => a - b), of: this.count, hint: "Click a cell, or choose it with the arrow keys and press Space: the answer is pooled again from those that are on." };
  }
}
