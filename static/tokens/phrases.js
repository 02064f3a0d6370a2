// What words say together beyond what they say alone: phrases and pairs, the strongest first.

import { element } from "../whylens.map/element.js"; // components are served beside each other
import { text as number } from "../whylens.map/scale.js";

const SHOWN = 8;

// entries: {value, …}
export function strongest(entries) {
  return [...entries].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, SHOWN);
}

// Partners of a word whose interaction is more than chance: [{word, value, stderr}]
export function partners({ values, stderr }) {
  return values
    .map((value, word) => ({ word, value, stderr: stderr[word] }))
    .filter(({ value, stderr: error }) => Math.abs(value) > Math.max(2 * error, 1e-6));
}

// A row for each entry {name, value, stderr?, ranges}; on focus and under the pointer its words, [first, last] each, are outlined.
export function rows(entries, sheet) {
  const reach = Math.abs(entries[0]?.value ?? 0) || 1;
  return entries.map(({ name, value, stderr, ranges }) => {
    const bar = element("i", { class: value < 0 ? "less" : "more" });
    bar.style.width = `${(50 * Math.abs(value)) / reach}%`;
    const button = element(
      "button",
      { type: "button" },
      element("span", { class: "phrase", dir: "auto", text: name }),
      element("span", { class: "weight", "aria-hidden": "true" }, bar),
      element("span", { class: "value", text: `${number(value)}${stderr ? ` \u00b1 ${stderr.toPrecision(1)}` : ""}` }),
    );
    for (const come of ["pointerenter", "focus", "click"]) button.addEventListener(come, () => sheet.mark(ranges));
    for (const go of ["pointerleave", "blur"]) button.addEventListener(go, () => sheet.mark());
    return element("li", {}, button);
  });
}
