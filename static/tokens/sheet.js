// A text with its values: every word on its colour, one of them read at a time, by pointer or keyboard.

import { limits, paint, text as number } from "../whylens.map/scale.js"; // components are served beside each other
import { ink } from "./ink.js";
import { called, laid, sentences, summed, turns, unseen } from "./pieces.js";

export class Sheet {
  // onRead: {unit, called, value, stderr, text} or null; onAct(act, numbers): "toggle", "drop", "replace", "pair" or "note"
  constructor(host, { onRead, onAct = null }) {
    this.host = host;
    this.onRead = onRead;
    this.onAct = onAct;
    this.look = { sentences: false, clear: false };
    this.units = []; // {words: their numbers, part: the element}
    this.map = null;
    this.noted = new Map(); // word → numbers of the notes on it
    this.at = 0; // the unit in the tab order
    this.reading = null; // the unit that is read
    host.addEventListener("pointerover", (event) => this.point(event));
    host.addEventListener("pointerleave", () => this.read(this.focused()));
    host.addEventListener("focusin", (event) => this.enter(this.unit(event.target)));
    host.addEventListener("focusout", () => this.read(null));
    host.addEventListener("click", (event) => this.act("toggle", this.unit(event.target)));
    host.addEventListener("dblclick", (event) => this.act("replace", this.unit(event.target)));
    host.addEventListener("keydown", (event) => this.key(event));
  }

  // A new text: `spans` and `cut` in code points.
  show(text, spans, cut) {
    Object.assign(this, { text, ...laid(text, spans, cut) });
    this.map = null;
    this.at = 0;
    this.sentences = sentences(text.slice(0, this.end), this.words);
    this.draw();
  }

  // map: {values, stderr?, signed, colours, limits?} by word; without limits given, its own.
  explain(map) {
    this.map = map;
    this.paint();
  }

  change(look) {
    const regrouped = look.sentences !== undefined && look.sentences !== this.look.sentences;
    const word = this.units[this.at]?.words[0];
    Object.assign(this.look, look);
    if (!regrouped) return this.paint();
    this.draw();
    this.at = Math.max(0, this.units.findIndex(({ words }) => words.includes(word)));
    this.reach();
    this.paint();
  }

  // edits: what stands in a word's place, and which are off
  edit(edits) {
    this.edits = edits;
    this.draw();
    this.paint();
  }

  draw() {
    const held = this.focused() !== null;
    const groups = this.look.sentences ? this.sentences : this.words.map((_, i) => [i]);
    const parts = [];
    let done = 0;
    this.units = groups.map((words) => {
      const { start, end } = { start: this.words[words[0]].start, end: this.words[words.at(-1)].end };
      parts.push(between(this.text.slice(done, start)));
      done = end;
      const part = this.drawn(words);
      parts.push(part);
      return { words, part };
    });
    parts.push(between(this.text.slice(done, this.end)));
    if (this.end < this.text.length) parts.push(piece("rest", this.text.slice(this.end)));
    this.at = Math.min(this.at, Math.max(0, this.units.length - 1));
    this.host.replaceChildren(...parts);
    this.reach();
    if (held) this.units[this.at]?.part.focus();
  }

  drawn(words) {
    const part = document.createElement("span");
    part.className = "token";
    part.tabIndex = -1;
    part.setAttribute("role", this.onAct ? "switch" : "img");
    let done = this.words[words[0]].start;
    for (const i of words) {
      const { start, end, text } = this.words[i];
      if (start > done) part.append(between(this.text.slice(done, start)));
      done = end;
      const word = piece("word", this.edits?.text(i) ?? text);
      word.classList.toggle("off", Boolean(this.edits?.off.has(i)));
      word.classList.toggle("new", Boolean(this.edits?.replaced.has(i)));
      part.append(word);
    }
    part.classList.toggle("off", words.every((i) => this.edits?.off.has(i)));
    part.classList.toggle("new", this.strange(words));
    return part;
  }

  // A word that the map does not know, since another was explained in its place.
  strange(words) {
    return words.length === 1 && Boolean(this.edits?.replaced.has(words[0]));
  }

  // Values of what is shown: of words, or of the sentences they add up to, of which no error is known.
  shown() {
    if (!this.map) return null;
    const whole = this.look.sentences;
    const values = whole ? summed(this.map.values, this.sentences) : this.map.values;
    return {
      values,
      stderr: whole ? undefined : this.map.stderr,
      limits: (!whole && this.map.limits) || limits(values, this.map.signed),
    };
  }

  paint() {
    const shown = this.shown();
    this.limits = shown?.limits ?? null;
    this.values = shown?.values;
    this.stderr = shown?.stderr;
    const pixels = shown && paint(shown, shown.limits, this.map.colours, { opacity: 1, solid: true, clear: this.look.clear });
    this.units.forEach(({ words, part }, k) => {
      const colour = pixels?.[4 * k + 3] ? pixels.subarray(4 * k, 4 * k + 3) : null;
      part.style.backgroundColor = colour ? `rgb(${colour.join()})` : "";
      part.style.color = colour ? `rgb(${ink(colour).join()})` : "";
      part.dataset.value = shown && !this.strange(words) ? number(shown.values[k]) : "";
      const name = words.map((i) => this.edits?.text(i) ?? this.words[i].text).join(" ");
      const notes = words.flatMap((i) => this.noted.get(i) ?? []);
      if (notes.length) part.dataset.notes = notes.join(" ");
      else delete part.dataset.notes;
      part.setAttribute("aria-label", [called(name), part.dataset.value, notes.length && `note ${notes.join(", ")}`].filter(Boolean).join(" "));
      if (this.onAct) part.setAttribute("aria-checked", String(!part.classList.contains("off")));
    });
    if (this.reading !== null) this.read(this.reading);
  }

  // Numbers of notes, on the words that they are about.
  note(notes) {
    this.noted = new Map();
    for (const { place, number } of notes) this.noted.set(place.number, [...(this.noted.get(place.number) ?? []), number]);
    this.paint();
  }

  // Outlines the words in these ranges, [first, last] each; none without them.
  mark(ranges = []) {
    for (const { words, part } of this.units) {
      part.classList.toggle("marked", ranges.some(([first, last]) => words[0] <= last && words.at(-1) >= first));
    }
  }

  read(k) {
    this.reading = k;
    const unit = k === null ? null : this.units[k];
    if (!unit) return this.onRead(null);
    const text = unit.words.map((i) => this.edits?.text(i) ?? this.words[i].text).join(" ");
    const known = this.values && !this.strange(unit.words);
    this.onRead({
      unit: k,
      of: this.units.length,
      words: unit.words,
      called: called(text),
      value: known ? this.values[k] : undefined,
      stderr: known ? this.stderr?.[k] : undefined,
      text: known ? number(this.values[k]) : "",
    });
  }

  unit(element) {
    const part = element.closest?.(".token");
    const k = this.units.findIndex((unit) => unit.part === part);
    return k < 0 ? null : k;
  }

  focused() {
    const active = this.host.getRootNode().activeElement;
    return active && this.host.contains(active) ? this.unit(active) : null;
  }

  point(event) {
    const k = this.unit(event.target);
    if (k !== null) this.read(k);
  }

  enter(k) {
    if (k === null) return;
    this.at = k;
    this.reach();
    this.read(k);
  }

  // One of them is in the tab order.
  reach() {
    this.units.forEach(({ part }, k) => (part.tabIndex = k === this.at ? 0 : -1));
  }

  act(act, k) {
    if (k === null || !this.onAct || this.writing) return;
    this.at = k;
    this.onAct(act, this.units[k].words);
  }

  key(event) {
    const k = this.unit(event.target);
    if (k === null || this.writing || event.ctrlKey || event.metaKey || event.altKey) return;
    const turned = getComputedStyle(this.host).direction === "rtl" ? -1 : 1;
    const steps = { ArrowRight: turned, ArrowLeft: -turned, ArrowDown: 1, ArrowUp: -1, Home: -k, End: this.units.length - 1 - k };
    const acts = { " ": "toggle", Delete: "drop", Backspace: "drop", Enter: "replace", p: "pair", P: "pair", n: "note", N: "note" };
    if (event.key in steps) {
      this.units[Math.min(Math.max(k + steps[event.key], 0), this.units.length - 1)].part.focus();
    } else if (event.key in acts) {
      this.act(acts[event.key], k);
    } else return;
    event.preventDefault();
  }

  // A field in the place of a word; `onDone` is given what was written, or null.
  write(onDone) {
    const { words, part } = this.units[this.at];
    const field = document.createElement("input");
    field.className = "field";
    field.dir = "auto";
    field.maxLength = 200;
    field.value = this.edits?.text(words[0]) ?? this.words[words[0]].text;
    field.size = Math.max(4, [...field.value].length);
    field.setAttribute("aria-label", `Instead of ${called(this.words[words[0]].text)}`);
    field.addEventListener("input", () => (field.size = Math.max(4, [...field.value].length)));
    let open = true;
    const close = (written) => {
      if (!open) return;
      open = false;
      this.writing = false;
      field.replaceWith(part);
      onDone(written);
      this.units[this.at]?.part.focus();
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing) return;
      if (event.key === "Enter") close(field.value);
      if (event.key === "Escape") close(null);
    });
    field.addEventListener("blur", () => close(field.value));
    this.writing = true;
    part.replaceWith(field);
    field.focus();
    field.select();
  }
}

// Somebody's words: never markup. One that turns the direction of writing does so within itself only.
function piece(name, text) {
  const part = document.createElement("span");
  part.className = name;
  part.textContent = text;
  part.classList.toggle("alone", turns(text));
  part.classList.toggle("unseen", unseen(text));
  return part;
}

function between(text) {
  return turns(text) ? piece("gap", text) : document.createTextNode(text);
}
