// Signed shares of concepts as one bar: what speaks for the class to the right of zero, what speaks against it to the left.

import { element } from "../whylens.map/element.js";
import { css, icon } from "./marks.js";

const SHOWN = 5; // of one bar; the others are one grey piece on each side
const LEADING = 3; // said in words

// shares by concept index → pieces [{index | null, from, to}], the strongest next to zero.
export function stacked(shares, shown = SHOWN) {
  const order = [...shares.keys()].sort((a, b) => Math.abs(shares[b]) - Math.abs(shares[a]));
  const reach = { for: 0, against: 0 };
  const put = (index, share) => {
    const side = share > 0 ? "for" : "against";
    const start = reach[side];
    reach[side] = start + share;
    return { index, from: Math.min(start, reach[side]), to: Math.max(start, reach[side]) };
  };
  const pieces = order.slice(0, shown).filter((k) => shares[k] !== 0).map((k) => put(k, shares[k]));
  const rest = order.slice(shown).map((k) => shares[k]);
  for (const sign of [1, -1]) {
    const sum = rest.filter((share) => Math.sign(share) === sign).reduce((a, b) => a + b, 0);
    if (sum) pieces.push(put(null, sum));
  }
  return pieces;
}

// How far bars reach to either side, so that many are drawn on one axis.
export function span(rows) {
  let low = 0;
  let high = 0;
  for (const shares of rows) {
    let up = 0;
    let down = 0;
    for (const share of shares) share > 0 ? (up += share) : (down += share);
    low = Math.min(low, down);
    high = Math.max(high, up);
  }
  return high > low ? [low, high] : [0, 1];
}

// marks: {colour, shape} by concept index
export function bar(shares, [low, high], marks) {
  const place = (value) => `${(100 * (value - low)) / (high - low)}%`;
  const track = element("span", { class: "stack", "aria-hidden": "true" });
  for (const { index, from, to } of stacked(shares)) {
    const piece = element("i", { class: index === null ? "rest" : "piece" });
    if (index !== null) piece.style.setProperty("--colour", css(marks[index].colour));
    piece.style.left = place(from);
    piece.style.width = `${(100 * (to - from)) / (high - low)}%`;
    track.append(piece);
  }
  const zero = element("i", { class: "zero" });
  zero.style.left = place(0);
  track.append(zero);
  return track;
}

export function signed(share) {
  const percent = Math.round(100 * share);
  return `${percent < 0 ? "\u2212" : percent > 0 ? "+" : ""}${Math.abs(percent)} %`;
}

// The strongest concepts by name: the bar's colours in words. name(k) → what concept k is called
export function leading(shares, marks, name) {
  const order = [...shares.keys()].sort((a, b) => Math.abs(shares[b]) - Math.abs(shares[a])).slice(0, LEADING);
  const parts = order.map((k) => element("span", { class: "lead" }, icon(marks[k], 12), element("span", { class: "whose", text: name(k) }), element("span", { text: signed(shares[k]) })));
  return element("div", { class: "leading" }, ...parts);
}
