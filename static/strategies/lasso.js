// Which places a line drawn around them holds.

// Whether a place lies inside a closed polygon: a ray from it crosses the border an odd number of times.
export function inside([x, y], polygon) {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [polygon[i], polygon[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

// Numbers of the places inside.
export function caught(places, polygon) {
  return polygon.length < 3 ? [] : [...places.keys()].filter((i) => inside(places[i], polygon));
}

// The nearest place within reach, or −1.
export function nearest(places, [x, y], reach) {
  let best = -1;
  let least = reach * reach;
  places.forEach(([px, py], i) => {
    const distance = (px - x) ** 2 + (py - y) ** 2;
    if (distance <= least) [best, least] = [i, distance];
  });
  return best;
}

// The nearest place in a direction, for arrow keys: what lies aside counts double. −1 where there is none.
export function towards(places, from, [dx, dy]) {
  const [x, y] = places[from];
  let best = -1;
  let least = Infinity;
  places.forEach(([px, py], i) => {
    const ahead = (px - x) * dx + (py - y) * dy;
    const aside = Math.abs((px - x) * dy - (py - y) * dx);
    const cost = ahead + 2 * aside;
    if (i !== from && ahead > 0.5 && aside <= 2 * ahead && cost < least) [best, least] = [i, cost];
  });
  return best;
}
