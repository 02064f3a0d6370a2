// What the model answers to an edit: each class before and after, beside random edits of the same size.

import { percent } from "../whylens.map/scale.js";

const SHOWN = 5;

// The likeliest before, and the class that is explained; in that order, whatever the edit does to them.
export function top(answer, target) {
  const order = answer.classes.map((_, i) => i).sort((a, b) => answer.before[b] - answer.before[a]);
  const shown = order.slice(0, SHOWN);
  const place = answer.classes.indexOf(target);
  if (place >= 0 && !shown.includes(place)) shown[shown.length - 1] = place;
  return shown.map((i) => ({
    target: answer.classes[i],
    label: answer.labels[i],
    before: answer.before[i],
    after: answer.probabilities[i],
    band: answer.band.low.length ? [answer.band.low[i], answer.band.high[i]] : null,
  }));
}

// Of the class that is explained: whether these words matter more than others.
export function verdict({ label, after, band }, sets, many) {
  if (!band) return "There are no other words to compare with.";
  const others = `${many === 1 ? "one other word" : `${many} other words`} (${sets} ${sets === 1 ? "choice" : "choices"} tried)`;
  const range = `${percent(band[0])} to ${percent(band[1])}`;
  return after < band[0] || after > band[1]
    ? `More than chance: without ${others}, ${label} stays at ${range} (the grey band).`
    : `No more than chance: without ${others}, ${label} lies at ${range} too (the grey band).`;
}

export function rows(shown, target) {
  return shown.map((entry) => {
    const row = document.createElement("li");
    row.dataset.target = entry.target;
    row.classList.toggle("explained", entry.target === target);
    const track = document.createElement("span");
    track.className = "chance";
    track.setAttribute("aria-hidden", "true");
    track.append(bar("now", 0, entry.after));
    if (entry.band) track.prepend(bar("band", ...entry.band));
    track.append(bar("was", entry.before, entry.before));
    const label = words("label", entry.label);
    label.dir = "auto";
    row.append(label, track, words("moved", `${percent(entry.before)} \u2192 ${percent(entry.after)}`));
    return row;
  });
}

function bar(name, low, high) {
  const part = document.createElement("i");
  part.className = name;
  part.style.left = `${100 * low}%`;
  part.style.width = `${100 * (high - low)}%`;
  return part;
}

function words(name, text) {
  const part = document.createElement("span");
  part.className = name;
  part.textContent = text; // labels may be anybody's: never markup
  return part;
}
