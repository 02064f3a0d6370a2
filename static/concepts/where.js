// Where the chosen picture shows a concept: what each pixel adds to its amount, by a method of one's choice.

import { Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";
import { Latest } from "../whylens.map/latest.js";
import { Legend, MARKUP as LEGEND } from "../whylens.map/legend.js";
import { picture } from "../whylens.map/picture.js";
import { read } from "../whylens.map/safetensors.js";
import { table } from "../whylens.map/scale.js";
import { Stage } from "../whylens.map/stage.js";

const PAUSE = 150; // milliseconds between two questions
const MARKUP = `
<summary>Where in it is a concept?</summary>
<div class="asked"><label>Concept <select class="concept"></select></label><label>Method <select class="method"></select></label></div>
<canvas width="2" height="2" role="img" tabindex="0"></canvas>
${LEGEND}
<p class="note" role="status"></p>`;

export class Where {
  // view: {data: {maps, methods, stops}, result, picture(i), named() → [[index, name]] in order}
  constructor(view) {
    this.view = view;
    this.root = element("details", { class: "where" });
    this.root.innerHTML = MARKUP;
    const find = (selector) => this.root.querySelector(selector);
    this.parts = { concept: find(".concept"), method: find(".method"), canvas: find("canvas"), note: find(".note"), scale: find(".scale") };
    this.stage = new Stage(this.parts.canvas, { onRead: (reading) => this.scale.mark(reading && reading.value) });
    this.stage.change({ opacity: 1 });
    this.scale = new Legend(this.root);
    this.scale.say({ unit: "added to its amount", signed: true }, table(view.data.stops.signed));
    this.parts.method.append(...view.data.methods.map(([value, title]) => element("option", { value, text: title })));
    this.asking = new Latest((question, signal) => this.fetch(question, signal), PAUSE);
    for (const part of [this.parts.concept, this.parts.method]) part.addEventListener("change", () => this.ask());
    this.root.addEventListener("toggle", () => this.ask());
    this.image = 0;
    this.show();
  }

  close() {
    this.asking.stop();
  }

  // Names may have changed.
  show() {
    const { concept } = this.parts;
    const chosen = concept.value;
    concept.replaceChildren(...this.view.named().map(([index, name]) => element("option", { value: index, text: name })));
    if (chosen) concept.value = chosen;
  }

  // Another picture, perhaps for the sake of a concept.
  choose(image, index) {
    this.image = image;
    if (index !== undefined) this.parts.concept.value = index;
    this.ask();
  }

  ask() {
    if (!this.root.open) return this.asking.stop();
    this.root.setAttribute("aria-busy", "true");
    this.parts.note.textContent = "Asking the model\u2026";
    this.asking.put({ image: this.image, concept: this.parts.concept.value, method: this.parts.method.value });
  }

  async fetch({ image, concept, method }, signal) {
    try {
      const asked = new URLSearchParams({ concept, method });
      const [drawn, answer] = await Promise.all([picture(this.view.picture(image)), fetch(`${this.view.data.maps}/${image}/map?${asked}`, { signal })]);
      if (!answer.ok) throw new Refusal((await answer.json()).error.message, answer.status);
      const { values } = read(await answer.arrayBuffer());
      if (!signal.aborted) this.draw(drawn, values, { image, concept, method });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.parts.note.textContent = error.message;
    } finally {
      if (!signal.aborted) this.root.removeAttribute("aria-busy");
    }
  }

  draw(drawn, { shape, values }, { image, concept, method }) {
    this.stage.show(drawn);
    this.stage.explain({ shape, values, signed: true, colours: table(this.view.data.stops.signed) });
    this.scale.show(this.stage.map.limits);
    const name = this.parts.concept.selectedOptions[0].textContent;
    const by = this.parts.method.selectedOptions[0].textContent;
    this.parts.note.textContent = `${name} in ${this.view.result.images[image].name}, by ${by}.`;
    this.parts.canvas.setAttribute("aria-label", `Where ${this.parts.note.textContent}`);
    this.root.dataset.drawn = `${image} ${concept} ${method}`;
  }
}
