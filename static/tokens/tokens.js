// An explained text: every word on its colour, what becomes of the answer without it, and which phrases say more.

import { ask, Refusal } from "../whylens.map/ask.js"; // components are served beside each other
import { MARKUP as JOB } from "../whylens.map/job.js";
import { Latest } from "../whylens.map/latest.js";
import { Legend, MARKUP as LEGEND } from "../whylens.map/legend.js";
import { mounting } from "../whylens.map/mount.js";
import { percent, table } from "../whylens.map/scale.js";
import { Showing } from "../whylens.map/showing.js";
import { rows, top, verdict } from "./answers.js";
import { Edits } from "./edits.js";
import { Notes } from "../whylens.notes/notes.js";
import { called, decode, spread } from "./pieces.js";
import { MARKUP as PAIRS, Pairs } from "./pairs.js";
import { rows as phraseRows, strongest } from "./phrases.js";
import { Sheet } from "./sheet.js";

const PAUSE = 120; // milliseconds between two questions
const KEYS = "Arrow keys go from word to word. Space switches a word off and on, Enter puts another in its place, P tells which others it works with, N writes a note.";

const READING = "Arrow keys go from word to word.";

const MARKUP = `
<div class="tools" role="toolbar" aria-label="How the text is drawn">
  <div class="views" role="group" aria-label="What has a value">
    <button type="button" data-sentences="">Words</button>
    <button type="button" data-sentences="1">Sentences</button>
  </div>
  <label><input type="checkbox" class="numbers"> Numbers</label>
  <label class="certain" title="Colour only what is more than two standard errors from zero"><input type="checkbox" class="clear"> Certain only</label>
</div>
<div class="sheet">
  <div class="text" role="group" dir="auto"></div>
  <p class="waiting" hidden></p>
</div>
<p class="cut" hidden></p>
${LEGEND}
<div class="line">
  <div class="reading"></div>
  <div class="acts" role="group" aria-label="The word in focus">
    <button type="button" data-act="toggle">Switch off</button>
    <button type="button" data-act="replace">Replace</button>
    <button type="button" data-act="pair" title="Which other words it works with">Pairs</button>
    <button type="button" data-act="note">Note</button>
  </div>
</div>
${JOB}
<section class="answer" aria-label="What becomes of the answer">
  <div class="head"><strong></strong><button type="button" class="reset" hidden>Reset</button></div>
  <ol aria-label="Classes, before and after" hidden></ol>
  <p class="note"></p>
</section>
${PAIRS}
<details class="phrases" hidden>
  <summary></summary>
  <p>How much the score of a phrase, read by itself, departs from what its words add up to.</p>
  <ol></ol>
</details>
<div class="told" role="status"></div>
`;

class View {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "view";
    this.root.innerHTML = MARKUP;
    parent.append(this.root);
    const find = (selector) => this.root.querySelector(selector);
    this.parts = Object.fromEntries(
      ["views", "text", "cut", "certain", "reading", "acts", "answer", "reset", "note", "told"].map(
        (name) => [name, find(`.${name}`)],
      ),
    );
    this.parts.phrases = find("details.phrases");
    this.parts.said = find(".answer strong");
    this.parts.classes = find(".answer ol");
    this.scale = new Legend(this.root);
    this.showing = new Showing(this);
    this.sheet = new Sheet(this.parts.text, { onRead: (reading) => this.say(reading) });
    this.notes = new Notes({
      called: ({ number }) => called(this.sheet.words[number]?.text ?? ""),
      changed: (notes) => this.sheet.note(notes),
      left: () => this.sheet.units[this.sheet.at]?.part.focus(),
    });
    find(".line").after(this.notes.root);
    this.pairs = new Pairs(this.root, this.sheet, (words) => this.tell(words));
    this.asking = new Latest((question, signal) => this.probe(question, signal), PAUSE);
    this.edits = new Edits([]);
    this.tools(find);
    this.say(null);
  }

  tools(find) {
    const views = [...this.root.querySelectorAll("[data-sentences]")];
    const press = () => views.forEach((b) => b.setAttribute("aria-pressed", String(Boolean(b.dataset.sentences) === this.sheet.look.sentences)));
    views.forEach((button) => button.addEventListener("click", () => {
      this.sheet.change({ sentences: Boolean(button.dataset.sentences) });
      press();
      this.measure();
      this.legend();
    }));
    press();
    find(".numbers").addEventListener("change", (event) => this.parts.text.classList.toggle("numbered", event.target.checked));
    find(".clear").addEventListener("change", (event) => this.sheet.change({ clear: event.target.checked }));
    this.parts.reset.addEventListener("click", () => {
      this.edits.clear();
      this.edited("Every word is back.");
      this.sheet.units[this.sheet.at]?.part.focus();
    });
    for (const button of this.parts.acts.querySelectorAll("button")) {
      button.addEventListener("pointerdown", (event) => event.preventDefault()); // the word keeps the focus
      button.addEventListener("click", () => this.sheet.act(button.dataset.act, this.sheet.at));
    }
  }

  async update(data, trigger) {
    this.trigger = trigger;
    this.data = data;
    this.parts.answer.hidden = !data.probe;
    this.parts.text.setAttribute("aria-label", `${data.alt} ${data.probe ? KEYS : READING}`);
    this.colours = table(data.stops);
    this.measure();
    if (!(await this.showing.opened(data))) return;
    this.notes.read(data.notes, data.noting);
    if (this.target !== data.target) {
      this.target = data.target;
      if (this.answer) this.answered(this.answer);
      this.pairs.close(); // they were about another class
    }
    await this.showing.mapped(data);
  }

  async open(data) {
    this.asking.stop(); // an answer that is still on its way is not about this text
    this.sheet.onAct = null;
    const answer = await fetch(data.input);
    if (!answer.ok) {
      this.showing.failed("The text could not be read. Reload the page.");
      return false;
    }
    const text = decode(await answer.arrayBuffer());
    if (this.data.input !== data.input) return false;
    this.sheet.edits = null;
    // without an address to ask at, words can be read and no more
    this.sheet.onAct = data.probe ? (act, words) => this.act(act, words) : null;
    this.sheet.show(text, data.spans, data.cut);
    this.edits = new Edits(this.sheet.words.map((word) => word.text));
    this.parts.views.hidden = this.sheet.sentences.length < 2 || data.by === "sentence";
    this.parts.cut.hidden = !data.cut;
    this.parts.cut.textContent = `The model reads the first ${([...text].length - data.cut).toLocaleString("en")} characters. The last ${data.cut.toLocaleString("en")}, in grey, do not count.`;
    this.answered(null);
    return true;
  }

  clear() {
    this.sheet.explain(null);
    this.legend();
    this.parts.phrases.hidden = true;
  }

  explain({ values }, stderr) {
    const d = this.sheet.words.length;
    this.sheet.explain({ values: spread(values, d), stderr: stderr?.values, signed: this.data.signed, colours: this.colours });
    this.legend();
  }

  close() {
    this.showing.quiet();
    this.asking.stop();
    this.pairs.close();
  }

  measure() {
    const sum = this.sheet.look.sentences ? "; summed over each sentence" : "";
    this.scale.say({ ...this.data, unit: `${this.data.unit}${sum}` }, this.colours);
  }

  legend() {
    if (this.sheet.reading === null) this.say(null);
    this.parts.certain.hidden = !this.sheet.stderr; // without chance, and for sums, no doubt is known
    this.scale.show(this.sheet.limits);
  }

  say(reading) {
    this.scale.mark(reading?.value ?? null);
    this.parts.acts.hidden = !reading || !this.sheet.onAct;
    if (!reading) {
      this.parts.reading.textContent = this.sheet.map ? `Point at a ${this.noun()} to read its value.` : "";
      return;
    }
    const error = reading.stderr === undefined ? "" : ` \u00b1 ${reading.stderr.toPrecision(2)}`;
    this.parts.reading.textContent = [
      reading.called,
      reading.value !== undefined ? `${reading.text}${error}` : this.sheet.map ? "new here, no value" : "",
      `${this.noun()} ${reading.unit + 1} of ${reading.of}`,
    ].filter(Boolean).join(" \u00b7 ");
    const [toggle, replace, pair, note] = this.parts.acts.children;
    toggle.textContent = reading.words.every((i) => this.edits.off.has(i)) ? "Switch on" : "Switch off";
    replace.hidden = reading.words.length > 1;
    note.hidden = reading.words.length > 1 || !this.data.noting;
    pair.hidden = reading.words.length > 1 || this.sheet.words.length < 2;
  }

  noun() {
    return this.sheet.look.sentences ? "sentence" : this.data.by;
  }

  act(act, words) {
    if (act === "replace") {
      if (words.length > 1) return;
      this.sheet.write((written) => {
        if (written === null) return;
        this.edits.replace(words[0], written);
        this.edited();
      });
      return;
    }
    if (act === "pair") {
      if (words.length === 1) this.pairs.show(this.data.pairs, words[0]);
      return;
    }
    if (act === "note") {
      if (words.length === 1 && this.data.noting) this.notes.write({ kind: "word", number: words[0] });
      return;
    }
    this.edits[act](words);
    this.edited();
  }

  edited(said) {
    this.sheet.edit(this.edits);
    this.tell(said ?? (this.edits.count ? `${this.edits.said()}.` : "Every word is back."));
    if (!this.edits.count) {
      this.asking.stop();
      this.answered(null);
      return;
    }
    this.parts.said.textContent = this.edits.said();
    this.parts.reset.hidden = false;
    this.parts.answer.setAttribute("aria-busy", "true");
    this.asking.put(this.edits.body());
  }

  async probe(question, signal) {
    try {
      const told = await ask(this.data.probe, { method: "POST", body: question, signal });
      if (!signal.aborted) this.answered(told, true);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.refused(error.message);
    }
  }

  answered(answer, aloud = false) {
    this.answer = answer;
    const { said, reset, classes, note } = this.parts;
    this.parts.answer.removeAttribute("aria-busy");
    reset.hidden = !answer;
    classes.hidden = !answer;
    if (!answer) {
      classes.replaceChildren();
      said.textContent = "What if a word were missing?";
      note.textContent = "Click a word to switch it off, or double-click it to write another in its place: the answer moves at once. Pairs tells which other words a word works with. By keyboard: arrow keys, Space, Enter, P.";
      delete this.root.dataset.probed;
      return;
    }
    const shown = top(answer, this.data.target);
    const explained = shown.find((entry) => entry.target === this.data.target);
    classes.replaceChildren(...rows(shown, this.data.target));
    note.textContent = explained ? verdict(explained, answer.band.sets, this.edits.count) : "";
    this.root.dataset.probed = String(this.edits.count);
    if (aloud && explained) this.tell(`${this.edits.said()}: ${explained.label} ${percent(explained.before)}, now ${percent(explained.after)}. ${note.textContent}`);
  }

  refused(why) {
    this.parts.answer.removeAttribute("aria-busy");
    this.parts.classes.hidden = true;
    this.parts.note.textContent = why;
    this.tell(why);
  }

  tell(words) {
    this.parts.told.textContent = words;
  }

  finish() {
    const { phrases } = this.data;
    this.parts.phrases.hidden = !phrases?.length;
    if (this.parts.phrases.hidden) return;
    const { text, words } = this.sheet;
    const found = phrases.map(([first, last, value]) => ({ name: called(text.slice(words[first].start, words[last].end)), value, ranges: [[first, last]] }));
    const listed = phraseRows(strongest(found), this.sheet);
    this.parts.phrases.querySelector("summary").textContent =
      listed.length < phrases.length ? `Phrases that say more than their words: the strongest ${listed.length} of ${phrases.length}` : "Phrases that say more than their words";
    this.parts.phrases.querySelector("ol").replaceChildren(...listed);
  }
}

export default mounting(View);
