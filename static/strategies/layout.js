// Where things lie in the graph: the view of a plane that can be zoomed into, and nodes that do not cover each other.

export const CLOSEST = 40; // times the size at which everything fits
const GROUPS = 1.12; // closer than this, groups dissolve into points
const TILE = 34; // pixels between neighbours at which pictures can be told apart
const MARGIN = 0.09; // of the frame, so that nothing is cut when points first appear
const ROOM = 68; // pixels below a node for its words
const WORDS = 168; // their width
const SMALLEST = 26; // radius of a node

// What is drawn at a zoom of n pictures on w × h pixels.
export function level(zoom, n, w, h) {
  return zoom < GROUPS ? "groups" : zoom < pictures(n, w, h) ? "points" : "pictures";
}

// The zoom from which pictures have room.
export function pictures(n, w, h) {
  return Math.min(Math.max(2.4, TILE / Math.sqrt((w * h) / Math.max(n, 1))), CLOSEST / 2);
}

// From [0, 1]² to pixels: a margin around it, then zoomed and moved.
export function projected({ zoom, x, y }, [u, v], w, h) {
  const within = (share, size) => size * (MARGIN + share * (1 - 2 * MARGIN));
  return [x + zoom * within(u, w), y + zoom * within(v, h)];
}

// The same view, closer by a factor, with the place (px, py) where it was; nothing beyond the frame is shown.
export function zoomed(view, factor, px, py, w, h) {
  const zoom = Math.min(Math.max(view.zoom * factor, 1), CLOSEST);
  const by = zoom / view.zoom;
  return held({ zoom, x: px - by * (px - view.x), y: py - by * (py - view.y) }, w, h);
}

export function held({ zoom, x, y }, w, h) {
  return { zoom, x: Math.min(Math.max(x, w - zoom * w), 0), y: Math.min(Math.max(y, h - zoom * h), 0) };
}

// The view that shows these places of [0, 1]², within limits of the zoom.
export function framing(places, w, h, least, most = CLOSEST) {
  const pixels = places.map((place) => projected({ zoom: 1, x: 0, y: 0 }, place, w, h));
  const [xs, ys] = [pixels.map(([x]) => x), pixels.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const fit = 0.8 * Math.min(w / Math.max(right - left, 1), h / Math.max(bottom - top, 1));
  const zoom = Math.min(Math.max(fit, least), most);
  return held({ zoom, x: w / 2 - (zoom * (left + right)) / 2, y: h / 2 - (zoom * (top + bottom)) / 2 }, w, h);
}

// Nodes for groups: at the middle of their pictures, the area by prevalence, pushed apart until all can be read; where
// there is no room for that, in rows.
export function nodes(groups, w, h) {
  const words = Math.min(WORDS, (w - 24) / 2);
  const top = Math.max(...groups.map(({ prevalence }) => prevalence), 1e-9);
  const largest = Math.min(w, h - ROOM) * (groups.length > 3 ? 0.17 : 0.23);
  const placed = groups.map(({ places, prevalence }) => {
    const [x, y] = projected({ zoom: 1, x: 0, y: 0 }, middle(places), w, h);
    return { x, y, r: Math.max(SMALLEST, largest * Math.sqrt(prevalence / top)) };
  });
  let moved = true;
  for (let round = 0; moved && round < 300; round++) {
    moved = false;
    for (const node of placed) {
      const half = Math.max(node.r, words / 2) + 8;
      node.x = clamp(node.x, half, w - half);
      node.y = clamp(node.y, node.r + 16, h - node.r - ROOM - 8);
    }
    for (let i = 0; i < placed.length; i++) {
      for (let j = i + 1; j < placed.length; j++) moved = apart(placed[i], placed[j], words) || moved;
    }
  }
  return moved ? inRows(placed, w, h, words) : placed;
}

// As near to where they were as rows allow: from top to bottom, and in each from left to right.
function inRows(placed, w, h, words) {
  const columns = Math.max(1, Math.floor(w / (words + 12)));
  const high = h / Math.ceil(placed.length / columns);
  const order = [...placed].sort((a, b) => a.y - b.y);
  for (let first = 0; first < order.length; first += columns) {
    const line = order.slice(first, first + columns).sort((a, b) => a.x - b.x);
    line.forEach((node, i) => {
      node.r = Math.min(node.r, (high - ROOM - 20) / 2);
      node.x = ((i + 0.5) * w) / line.length;
      node.y = (first / columns) * high + (high - ROOM) / 2;
    });
  }
  return placed;
}

// Boxes of a node with its words; those that overlap give way to each other where it is the shorter way. → whether so
function apart(a, b, words) {
  const wide = Math.max(a.r, words / 2) + Math.max(b.r, words / 2) + 12;
  const centre = ({ y }) => y + ROOM / 2;
  const high = a.r + b.r + ROOM + 12;
  const [dx, dy] = [b.x - a.x, centre(b) - centre(a)];
  const [overX, overY] = [wide - Math.abs(dx), high - Math.abs(dy)];
  if (overX <= 0.5 || overY <= 0.5) return false;
  if (overX < overY) {
    const step = (overX / 2) * (dx < 0 ? -1 : 1);
    a.x -= step;
    b.x += step;
  } else {
    const step = (overY / 2) * (dy < 0 ? -1 : 1);
    a.y -= step;
    b.y += step;
  }
  return true;
}

export function middle(places) {
  const sum = places.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return sum.map((value) => value / Math.max(places.length, 1));
}

function clamp(value, low, high) {
  return low > high ? (low + high) / 2 : Math.min(Math.max(value, low), high);
}
