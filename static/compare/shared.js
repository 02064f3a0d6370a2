// One scale for several maps, and one place in several crops of a picture.

// maps: {limits, signed, family}. In one unit they share the widest limits; otherwise each is drawn in shares of its
// own strongest value, which is the same picture as on limits of its own. → {same, limits: one pair per map}
export function shared(maps) {
  const own = maps.map(({ limits }) => limits);
  const same = maps.every(({ family, signed }) => family === maps[0].family && signed === maps[0].signed);
  if (!same) return { same, limits: own };
  const widest = [Math.min(...own.map(([low]) => low)), Math.max(...own.map(([, high]) => high))];
  return { same, limits: own.map(() => widest) };
}

// A place in one crop, as fractions of it, seen from another; null where the other does not reach.
// Boxes are [left, top, right, bottom] in shares of the picture.
export function across([x, y], from, to) {
  const place = (at, low, high, otherLow, otherHigh) => (low + at * (high - low) - otherLow) / (otherHigh - otherLow);
  const there = [place(x, from[0], from[2], to[0], to[2]), place(y, from[1], from[3], to[1], to[3])];
  return there.every((at) => at >= -1e-9 && at <= 1 + 1e-9) ? there : null;
}
