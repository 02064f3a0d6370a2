// Which pixels a brush, a lasso or a region covers, from 0 to 255. Rectangles are [left, top, right, bottom), in pixels.

export function union(a, b) {
  if (!a || !b) return a ?? b;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

// Full inside hardness × radius, from there smoothly to nothing; never less than what is covered already.
export function dab(coverage, [w, h], [x, y], radius, hardness) {
  const rect = [
    Math.max(0, Math.floor(x - radius)), Math.max(0, Math.floor(y - radius)),
    Math.min(w, Math.ceil(x + radius) + 1), Math.min(h, Math.ceil(y + radius) + 1),
  ];
  if (rect[0] >= rect[2] || rect[1] >= rect[3]) return null;
  const core = Math.min(hardness * radius, radius - 1e-6);
  for (let row = rect[1]; row < rect[3]; row++) {
    const dy = row + 0.5 - y;
    for (let column = rect[0]; column < rect[2]; column++) {
      const dx = column + 0.5 - x;
      const i = row * w + column;
      const square = dx * dx + dy * dy;
      if (square >= radius * radius || coverage[i] === 255) continue;
      const way = Math.min((radius - Math.sqrt(square)) / (radius - core), 1);
      const amount = Math.round(255 * way * way * (3 - 2 * way));
      if (amount > coverage[i]) coverage[i] = amount;
    }
  }
  return rect;
}

// Places from `from`, left out, to `to`, at most `step` apart.
export function along([x0, y0], [x1, y1], step) {
  const n = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / step));
  return Array.from({ length: n }, (_, i) => [x0 + ((x1 - x0) * (i + 1)) / n, y0 + ((y1 - y0) * (i + 1)) / n]);
}

// Pixels whose middle lies inside a closed line, by the number of its crossings to their left.
export function lasso(coverage, [w, h], line) {
  if (line.length < 3) return null;
  let rect = null;
  for (let row = 0; row < h; row++) {
    const y = row + 0.5;
    const crossings = [];
    line.forEach(([xi, yi], i) => {
      const [xj, yj] = line[(i + 1) % line.length];
      if (yi > y !== yj > y) crossings.push(xi + ((y - yi) / (yj - yi)) * (xj - xi));
    });
    crossings.sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const left = Math.max(0, Math.ceil(crossings[k] - 0.5));
      const right = Math.min(w, Math.ceil(crossings[k + 1] - 0.5));
      if (left >= right) continue;
      coverage.fill(255, row * w + left, row * w + right);
      rect = union(rect, [left, row, right, row + 1]);
    }
  }
  return rect;
}

// The region of a pixel; `regions` numbers every pixel's.
export function region(coverage, [w, h], regions, [x, y]) {
  const wanted = regions[Math.min(Math.max(Math.floor(y), 0), h - 1) * w + Math.min(Math.max(Math.floor(x), 0), w - 1)];
  let rect = null;
  for (let i = 0; i < regions.length; i++) {
    if (regions[i] !== wanted) continue;
    coverage[i] = 255;
    const [row, column] = [Math.floor(i / w), i % w];
    rect = union(rect, [column, row, column + 1, row + 1]);
  }
  return rect;
}
