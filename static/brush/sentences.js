// What painting found out, in words.

import { percent } from "../whylens.map/scale.js";

export const FILLS = { blur: "a blur", mean: "the mean colour", noise: "noise", inpaint: "its surroundings" };

// Least and greatest of each class over the rows.
export function band(rows) {
  const low = [...rows[0]];
  const high = [...rows[0]];
  for (const row of rows) {
    row.forEach((value, i) => {
      low[i] = Math.min(low[i], value);
      high[i] = Math.max(high[i], value);
    });
  }
  return { low, high };
}

export function painted(share, mode) {
  if (!share) return mode === "remove" ? "What if a part were missing?" : "What if only a part were left?";
  return mode === "remove" ? `Without ${parts(share)} of the picture` : `With nothing but ${parts(share)} of the picture`;
}

function parts(share) {
  return share >= 0.001 ? `${(100 * share).toFixed(1)} %` : "less than 0.1 %";
}

// Whether it is this place that matters, or any of its size.
export function verdict(label, after, [low, high], places, mode) {
  const range = `${percent(low)} to ${percent(high)}`;
  const same = mode === "remove" ? `without the same area elsewhere (${places} places)` : `with the same area from elsewhere (${places} places)`;
  return after < low || after > high
    ? `More than chance: ${same}, ${label} is at ${range} (the grey band).`
    : `No more than chance: ${same}, ${label} is at ${range} too (the grey band).`;
}

// How much the choice of fill decides.
export function spread(label, fills, values) {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const [least, most] = [order[0], order.at(-1)];
  return `Over the four fills, ${label} goes from ${percent(values[least])} (${FILLS[fills[least]]}) to ${percent(values[most])} (${FILLS[fills[most]]}).`;
}

export function cells(label, after, [low, high], count, sets) {
  const range = `${percent(low)} to ${percent(high)}`;
  const same = `without ${count === 1 ? "another cell" : `${count} other cells`} (${sets} choices)`;
  return after < low || after > high
    ? `More than chance: ${same}, ${label} is at ${range} (the grey band).`
    : `No more than chance: ${same}, ${label} is at ${range} too (the grey band).`;
}

// Of an edited map: whether its order finds what decides better than the machine's.
export function judged({ edited, machine, random }) {
  const better = edited.insertion > machine.insertion && edited.deletion < machine.deletion;
  const worse = edited.insertion < machine.insertion && edited.deletion > machine.deletion;
  const chance = edited.insertion > Math.max(...random) && edited.deletion < Math.min(...random);
  const beside = better ? "better than the machine\u2019s map in both" : worse ? "worse than the machine\u2019s map in both" : edited.insertion === machine.insertion && edited.deletion === machine.deletion ? "as good as the machine\u2019s map" : "better than the machine\u2019s map in one and not in the other";
  return `The edited map is ${beside}${chance ? ", and beats every random order." : ", and does not beat every random order."}`;
}
