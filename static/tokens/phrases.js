// Phrases that say more, or less, than their words: the strongest first.

import { text as number } from "../whylens.map/scale.js";
import { called } from "./pieces.js";

const SHOWN = 8;

// phrases: [first, last, signed]
export function strongest(phrases) {
  return [...phrases].sort((a, b) => Math.abs(b[2]) - Math.abs(a[2])).slice(0, SHOWN);
}

export function rows(phrases, sheet) {
  const shown = strongest(phrases);
  const reach = Math.abs(shown[0]?.[2] ?? 0) || 1;
  return shown.map(([first, last, signed]) => {
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const phrase = document.createElement("span");
    phrase.className = "phrase";
    phrase.dir = "auto";
    phrase.textContent = called(sheet.text.slice(sheet.words[first].start, sheet.words[last].end)); // never markup
    const track = document.createElement("span");
    track.className = "weight";
    track.setAttribute("aria-hidden", "true");
    const bar = document.createElement("i");
    bar.className = signed < 0 ? "less" : "more";
    bar.style.width = `${(50 * Math.abs(signed)) / reach}%`;
    track.append(bar);
    const value = document.createElement("span");
    value.className = "value";
    value.textContent = number(signed);
    button.append(phrase, track, value);
    for (const come of ["pointerenter", "focus"]) button.addEventListener(come, () => sheet.mark(first, last));
    for (const go of ["pointerleave", "blur"]) button.addEventListener(go, () => sheet.mark());
    button.addEventListener("click", () => sheet.mark(first, last));
    row.append(button);
    return row;
  });
}
