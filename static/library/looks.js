// What a thing looks like, small: a picture with its map, the first words of a text, crops of concepts, labels.

import { element } from "../whylens.map/element.js"; // components are served beside each other under their full names
import { ink } from "../whylens.tokens/ink.js";
import { part } from "../whylens.concepts/card.js";

const STATES = { queued: "Waiting", running: "Under way", failed: "Failed", cancelled: "Cancelled" };

// Decoration: all that it says is in the card's words too.
export function look({ kind, state, looks }, root) {
  const parts = [];
  if (looks.picture) parts.push(element("img", { src: root + looks.picture, alt: "", loading: "lazy", class: "whole" }));
  if (looks.words) parts.push(text(looks.words));
  if (looks.crops) parts.push(element("div", { class: "grid" }, ...looks.crops.crops.map(({ picture, box }) => element("span", { class: "crop" }, part(root + picture, box, looks.crops.size)))));
  if (looks.pictures) parts.push(element("div", { class: "grid" }, ...looks.pictures.map((url) => element("img", { src: root + url, alt: "", loading: "lazy" }))));
  if (!parts.length) parts.push(element("span", { class: "sign", text: STATES[state] ?? kind }));
  return element("div", { class: `look ${kind}`, "aria-hidden": "true" }, ...parts);
}

export function chips({ looks }) {
  return (looks.chips ?? []).map((chip) => element("span", { class: "chip", dir: "auto", text: chip }));
}

function text(words) {
  const spans = words.flatMap(({ text, colour }) => {
    const word = element("span", { class: "word", text });
    word.style.backgroundColor = `rgb(${colour.join()})`;
    word.style.color = `rgb(${ink(colour).join()})`;
    return [word, " "];
  });
  return element("p", { class: "words", dir: "auto" }, ...spans, "\u2026");
}
