// What if there were less of a concept, or more: the chosen picture's classes and how many pictures are answered right.

import { ask, Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";
import { Latest } from "../whylens.map/latest.js";
import { percent } from "../whylens.map/scale.js";
import { rows, top } from "../whylens.tokens/answers.js";

const PAUSE = 120; // milliseconds between two questions
const MARKUP = `
<div class="head"><strong></strong><button type="button" class="reset" hidden>Reset</button></div>
<div class="chosen">
  <img alt="" draggable="false">
  <div><p class="file"></p>
  <div class="steps" role="group" aria-label="Picture"><button type="button" data-step="-1" aria-label="Previous picture">\u2039</button><span class="place"></span><button type="button" data-step="1" aria-label="Next picture">\u203a</button></div></div>
</div>
<ol class="classes" aria-label="Classes of this picture, before and after"></ol>
<p class="note"></p>
<h3 hidden>All pictures</h3>
<ol class="accuracy" aria-label="All pictures, before and after"></ol>
<p class="note of"></p>
<div class="told" role="status"></div>`;

export class Effect {
  // view: {probe, result, picture(i)}
  constructor(view) {
    this.view = view;
    this.root = element("section", { class: "effect answer", "aria-label": "What if" });
    this.root.innerHTML = MARKUP;
    const find = (selector) => this.root.querySelector(selector);
    this.parts = { said: find("strong"), reset: find(".reset"), image: find("img"), file: find(".file"), place: find(".place"), classes: find(".classes"), note: find(".note"), heading: find("h3"), accuracy: find(".accuracy"), of: find(".of"), told: find(".told") };
    this.parts.reset.addEventListener("click", () => view.reset());
    for (const button of this.root.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => {
        const n = view.result.images.length;
        view.choose((this.image + Number(button.dataset.step) + n) % n);
      });
    }
    this.asking = new Latest((question, signal) => this.probe(question, signal), PAUSE);
    this.image = 0;
  }

  close() {
    this.asking.stop();
  }

  choose(image) {
    this.image = image;
    const { name, predicted, probability } = this.view.result.images[image];
    this.parts.image.src = this.view.picture(image);
    this.parts.file.textContent = name;
    this.parts.file.title = name;
    this.parts.place.textContent = `${image + 1} of ${this.view.result.images.length} \u00b7 ${predicted} ${percent(probability).replace(" ", "\u00a0")}`;
  }

  // changed: [{index, name, scale}] of concepts that are not as they were
  ask(changed) {
    this.parts.reset.hidden = !changed.length;
    this.said = said(changed);
    this.parts.said.textContent = this.said || (this.view.probe ? "What if a concept were missing?" : "The picture of a crop");
    if (!changed.length) {
      this.asking.stop();
      this.root.removeAttribute("aria-busy");
      delete this.root.dataset.probed;
      for (const part of [this.parts.classes, this.parts.accuracy]) part.replaceChildren();
      this.parts.heading.hidden = true;
      this.parts.of.textContent = "";
      this.parts.note.textContent = !this.view.probe ? "Click a crop to see its picture." : "Switch a concept off, or turn it up or down: the model\u2019s answer for this picture and for all of them moves at once. Click a crop to choose its picture.";
      return;
    }
    this.root.setAttribute("aria-busy", "true");
    this.asking.put({ image: this.image, scale: Object.fromEntries(changed.map(({ index, scale }) => [index, scale])) });
  }

  async probe(question, signal) {
    try {
      const told = await ask(this.view.probe, { method: "POST", body: question, signal });
      if (!signal.aborted) this.answered(told, question);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.root.removeAttribute("aria-busy");
      this.parts.note.textContent = error.message;
    }
  }

  answered(answer, question) {
    this.root.removeAttribute("aria-busy");
    const { target, label } = this.view.result;
    const shown = top(answer, target);
    this.parts.classes.replaceChildren(...rows(shown, target));
    const explained = shown.find((entry) => entry.target === target);
    this.parts.note.textContent = explained ? verdict(explained.label, explained.after, explained.band, answer.band.directions) : "";
    const { before, after, low, high, images, of } = answer.accuracy;
    const right = of === "labels" ? "Answered right" : `Still ${label}`;
    this.parts.heading.hidden = false;
    this.parts.heading.textContent = `All ${images} pictures`;
    this.parts.accuracy.replaceChildren(...rows([{ target: "all", label: right, before, after, band: [low, high] }], "all"));
    this.parts.of.textContent = verdict("the share", after, [low, high], answer.band.directions);
    this.root.dataset.probed = JSON.stringify(question);
    this.parts.told.textContent = `${this.said}: ${label} ${percent(explained?.before ?? 0)}, now ${percent(explained?.after ?? 0)}. ${right} ${percent(before)}, now ${percent(after)}.`;
  }
}

// "Without corner mark, sky at 150 %"
export function said(changed) {
  const gone = changed.filter(({ scale }) => scale === 0).map(({ name }) => name);
  const listed = gone.length < 2 ? gone.join() : `${gone.slice(0, -1).join(", ")} and ${gone.at(-1)}`;
  const moved = changed.filter(({ scale }) => scale !== 0).map(({ name, scale }) => `${name} at ${Math.round(100 * scale)} %`);
  return [gone.length ? `Without ${listed}` : "", ...moved].filter(Boolean).join(", ");
}

// Whether this is more than any change of that size would do.
export function verdict(label, after, [low, high], directions) {
  const range = `${percent(low)} to ${percent(high)}`;
  return after < low || after > high
    ? `More than chance: ${directions} random changes of the same size leave ${label} at ${range} (the grey band).`
    : `No more than chance: ${directions} random changes of the same size leave ${label} at ${range} too (the grey band).`;
}
