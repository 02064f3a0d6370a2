// What the model answers to what is painted: while one paints, and against the same area elsewhere once the brush rests.

import { ask, Refusal } from "../whylens.map/ask.js";
import { percent } from "../whylens.map/scale.js";
import { rows, top } from "../whylens.tokens/answers.js";
import { band, cells, painted, spread, verdict } from "./sentences.js";
import { area } from "./effects.js";
import { Turns } from "./turns.js";

const PARTS = 5; // in which the other places come
const NO_BAND = { low: [], high: [] };

export const MARKUP = `
<section class="answer" aria-label="What becomes of the answer">
  <div class="head"><strong class="question"></strong></div>
  <ol class="bars" aria-label="Classes, before and after"></ol>
  <p class="note finding"></p>
  <p class="note filling"></p>
</section>`;

export class Answer {
  // here: address of the explanation; tell(words) says them aloud
  constructor(root, here, tell) {
    [this.root, this.here, this.tell] = [root.querySelector(".answer"), here, tell];
    this.parts = Object.fromEntries(["question", "bars", "finding", "filling"].map((name) => [name, root.querySelector(`.${name}`)]));
    this.turns = new Turns((question, signal) => this.probe(question, signal), () => this.rested());
  }

  about(target) {
    this.target = target;
    if (this.told) this.show();
  }

  // Something else is painted: what was found out about it before no longer holds.
  put(question) {
    this.control?.abort();
    this.resting = false;
    delete this.root.dataset.controlled;
    this.fills = undefined;
    this.parts.filling.textContent = "";
    const share = question.off ? question.off.length : area(question.amount);
    this.parts.question.textContent = question.off ? patched(question) : painted(share, question.mode);
    if (!share) return this.clear(question);
    this.root.setAttribute("aria-busy", "true");
    this.question = question;
    this.turns.put(question);
  }

  clear({ hint }) {
    this.stop();
    this.told = undefined;
    this.parts.bars.replaceChildren();
    this.parts.finding.textContent = hint;
    delete this.root.dataset.probed;
    this.root.removeAttribute("aria-busy");
  }

  // The brush rests: now there is time for the control.
  settle() {
    this.resting = true;
    if (!this.turns.busy) this.rested();
  }

  stop() {
    this.turns.stop();
    this.control?.abort();
    this.resting = false;
  }

  async probe(question, signal) {
    const told = await this.asked(question.off ? "cells" : `paint?mode=${question.mode}&fill=${question.fill}`, question, signal);
    if (!told || signal.aborted) return;
    this.told = { band: NO_BAND, ...told };
    this.sets = told.band?.sets;
    this.asking = question;
    this.root.removeAttribute("aria-busy");
    this.show();
    this.root.dataset.probed = String(Number(this.root.dataset.probed ?? 0) + 1);
  }

  async rested() {
    if (!this.resting || !this.told) return;
    this.resting = false;
    const { label, before, after } = this.explained();
    this.tell(`${this.parts.question.textContent}: ${label} ${percent(before)}, now ${percent(after)}.`);
    if (this.asking.off) return;
    const mine = (this.control = new AbortController());
    const question = this.question;
    const found = [];
    for (let part = 0; part < PARTS; part++) {
      const told = await this.asked(`paint/control?mode=${question.mode}&fill=${question.fill}&part=${part}`, question, mine.signal);
      if (!told || mine.signal.aborted) return;
      found.push(...told.probabilities);
      this.told = { ...this.told, band: band(found) };
      this.places = found.length;
      if (part + 1 === PARTS) this.root.dataset.controlled = String(this.places);
      this.show();
    }
    this.tell(this.parts.finding.textContent);
    const fills = await this.asked(`paint/fills?mode=${question.mode}`, question, mine.signal);
    if (!fills || mine.signal.aborted) return;
    this.fills = fills;
    this.show();
  }

  explained() {
    return top(this.told, this.target).find((entry) => entry.target === this.target);
  }

  show() {
    const shown = top(this.told, this.target);
    this.parts.bars.replaceChildren(...rows(shown, this.target));
    const { label, after, band: range } = this.explained();
    const { off, mode } = this.asking;
    if (!range) this.parts.finding.textContent = off ? "" : "Let go, and the grey band shows what the same area does elsewhere.";
    else if (off) this.parts.finding.textContent = cells(label, after, range, off.length, this.sets);
    else if (!this.root.dataset.controlled) this.parts.finding.textContent = `Trying the same area elsewhere: ${this.places} of 20 places\u2026`;
    else this.parts.finding.textContent = verdict(label, after, range, this.places, mode);
    if (!this.fills) return;
    const place = this.told.classes.indexOf(this.target);
    this.parts.filling.textContent = spread(label, this.fills.fills, this.fills.probabilities.map((row) => row[place]));
  }

  // The answer, or nothing where it was refused or is no longer wanted.
  async asked(path, { off, amount }, signal) {
    try {
      return await ask(`${this.here}/${path}`, { method: "POST", signal, ...(off ? { body: { off } } : { bytes: amount }) });
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof Refusal)) throw error;
      this.root.removeAttribute("aria-busy");
      this.parts.finding.textContent = error.message;
      return undefined;
    }
  }
}

function patched({ off, of }) {
  if (!off.length) return "What if the model did not see a cell?";
  return `Without ${off.length === 1 ? "one cell" : `${off.length} cells`} of ${of}`;
}
