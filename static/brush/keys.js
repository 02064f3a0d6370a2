// Every tool by its key, and the sheet that says which.

import { element } from "../whylens.map/element.js";
import { EFFECTS } from "./effects.js";
import { FILLS } from "./sentences.js";
import { LAYERS, SHAPES } from "./tools.js";

const SHEET = [
  ["1 2 3", "edit the picture, the map, the cells"],
  ["B G L H", "brush, region, lasso, move"],
  ["P U", "paint, restore"],
  ["E A I D", "erase, attenuate, raise, lower the map"],
  ["[ ]", "smaller, larger"],
  ["{ }", "softer, harder"],
  ["arrows", "move the brush; with Shift further"],
  ["Space", "dab; a corner of the lasso; a cell on or off"],
  ["Enter", "close the lasso"],
  ["Esc", "drop the lasso; leave this sheet"],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo"],
  ["Backspace", "reset"],
  ["M", "the painted part goes or stays"],
  ["F", "next fill"],
  ["Z, Shift+Z, 0", "closer, farther, all of it"],
  ["?", "this sheet"],
];

// What a key asks for: [“set”, state] or [“act”, name]; undefined where it asks for nothing here.
export function meaning({ key, ctrlKey, metaKey, shiftKey }, state) {
  if (ctrlKey || metaKey) {
    if (key.toLowerCase() === "z") return ["act", shiftKey ? "redo" : "undo"];
    return key.toLowerCase() === "y" ? ["act", "redo"] : undefined;
  }
  const layer = Object.keys(LAYERS).find((name) => LAYERS[name][1] === key);
  if (layer) return ["set", { layer }];
  const acts = { Backspace: "reset", "?": "keys", z: "closer", Z: "farther", 0: "fit", Enter: "close", Escape: "drop" };
  if (key in acts) return ["act", acts[key]];
  if (state.layer === "picture" && key === "m") return ["set", { mode: state.mode === "remove" ? "keep" : "remove" }];
  if (state.layer === "picture" && key === "f") {
    const names = Object.keys(FILLS);
    return ["set", { fill: names[(names.indexOf(state.fill) + 1) % names.length] }];
  }
  if (state.layer === "cells") return undefined;
  const shape = Object.keys(SHAPES).find((name) => SHAPES[name][1] === key);
  if (shape) return ["set", { shape }];
  const effect = Object.keys(EFFECTS).find((name) => EFFECTS[name].key === key && EFFECTS[name].plane === LAYERS[state.layer][2]);
  if (effect) return ["set", { effect }];
  const steps = { "[": { size: state.size - 4 }, "]": { size: state.size + 4 }, "{": { hardness: state.hardness - 0.1 }, "}": { hardness: state.hardness + 0.1 } };
  return key in steps ? ["set", steps[key]] : undefined;
}

export function sheet() {
  const list = element("dl", {}, ...SHEET.flatMap(([keys, does]) => [element("dt", { text: keys }), element("dd", { text: does })]));
  const close = element("button", { type: "button", class: "close", text: "Close" });
  const dialog = element("dialog", { class: "keys", "aria-label": "Keys of the brush" }, element("h3", { text: "Keys of the brush" }), list, close);
  close.addEventListener("click", () => dialog.close());
  return dialog;
}
