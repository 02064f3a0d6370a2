// What a tile shows: a picture or a text with its values. Both are read at a place, and at that place of another tile.

import { picture } from "../whylens.map/picture.js"; // components are served beside each other under their full names
import { Stage } from "../whylens.map/stage.js";
import { decode, spread } from "../whylens.tokens/pieces.js";
import { Sheet } from "../whylens.tokens/sheet.js";
import { across } from "./shared.js";

export function face(data, frame, onRead) {
  return data.spans ? new Text(frame, onRead) : new Picture(frame, onRead);
}

class Picture {
  constructor(frame, onRead) {
    const canvas = document.createElement("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    frame.prepend(canvas);
    this.stage = new Stage(canvas, { onRead });
  }

  called(words) {
    this.stage.canvas.setAttribute("aria-label", `${words} Arrow keys read values in all maps.`);
  }

  async open(data, current) {
    const image = await picture(data.input);
    if (current()) this.stage.show(image);
  }

  explain(map) {
    this.stage.explain(map);
  }

  get at() {
    return this.stage.at;
  }

  // `at`: where the tile that shows `from` is read; null: nowhere
  follow(at, from, here) {
    const there = at && across(at, from.box, here.box);
    this.stage.crosshair = Boolean(there);
    this.stage.read(there ? there[0] : null, there?.[1]);
    this.stage.draw();
  }
}

class Text {
  constructor(frame, onRead) {
    this.host = document.createElement("div");
    this.host.className = "text";
    this.host.dir = "auto";
    this.host.setAttribute("role", "group");
    frame.prepend(this.host);
    this.sheet = new Sheet(this.host, { onRead });
    this.map = null;
  }

  called(words) {
    this.host.setAttribute("aria-label", `${words} Arrow keys go from word to word and read it in all of them.`);
  }

  async open(data, current) {
    const answer = await fetch(data.input);
    if (!answer.ok) throw new Error("the text could not be read");
    const text = decode(await answer.arrayBuffer());
    if (!current()) return;
    this.sheet.show(text, data.spans, data.cut);
    if (this.map) this.explain(this.map);
  }

  explain(map) {
    this.map = map; // it may come before the text
    const { words } = this.sheet;
    if (words) this.sheet.explain({ ...map, values: spread(map.values, words.length) });
  }

  // Offset in the text, in the middle of what is read.
  get at() {
    const word = this.sheet.words?.[this.sheet.units[this.sheet.reading]?.words[0]];
    return word ? (word.start + word.end) / 2 : null;
  }

  follow(at) {
    const k = at === null ? -1 : (this.sheet.words ?? []).findIndex(({ start, end }) => start <= at && at < end);
    this.sheet.mark([[k, k]]);
    this.sheet.read(k < 0 ? null : k);
  }
}
