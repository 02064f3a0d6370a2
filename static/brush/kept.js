// Edits that were kept, for whoever may only look: each on the picture, with what the model answered to it.

import { element } from "../whylens.map/element.js";
import { rows, top } from "../whylens.tokens/answers.js";
import { Board } from "./board.js";
import { blank } from "./effects.js";
import { entry } from "./revisions.js";
import { painted } from "./sentences.js";

const MARKUP = `
<h3>Edits</h3>
<div class="easel" hidden><canvas class="seen" role="img"></canvas><canvas class="over" aria-hidden="true"></canvas></div>
<section class="answer" aria-label="What became of the answer" hidden>
  <div class="head"><strong class="question"></strong></div>
  <ol class="bars" aria-label="Classes, before and after"></ol>
</section>
<ol class="kept" aria-label="Edits, the newest first"></ol>
<p class="note trouble" role="alert" hidden></p>`;

export class Kept {
  // edits: {classes, labels, before, revisions}; a revision has its planes as an address, and the probabilities answered
  constructor({ edits, picture, look, map, target }) {
    Object.assign(this, { edits, map, target });
    this.root = element("div", { class: "painted shown" });
    this.root.innerHTML = MARKUP;
    this.parts = Object.fromEntries(["easel", "seen", "over", "answer", "question", "bars", "kept", "trouble"].map((name) => [name, this.root.querySelector(`.${name}`)]));
    this.board = new Board(this.parts.seen, this.parts.over, picture, look);
    this.draw();
  }

  draw(here) {
    this.parts.kept.replaceChildren(...this.edits.revisions.map((revision) => {
      const button = entry(revision, revision === here);
      button.addEventListener("click", () => this.show(revision));
      return element("li", {}, button);
    }));
  }

  async show(revision) {
    const answer = await fetch(revision.planes);
    this.parts.trouble.hidden = answer.ok;
    if (!answer.ok) return (this.parts.trouble.textContent = "The edit could not be read. Reload the page.");
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const n = bytes.length / 2;
    // what was added is in units of the map that it was added to
    const added = revision.target === this.target ? bytes.slice(n) : blank(this.board.size).added;
    this.parts.easel.hidden = this.parts.answer.hidden = false;
    this.board.show(this.map, { amount: bytes.slice(0, n), added }, revision.mode);
    this.parts.seen.setAttribute("aria-label", `The picture with revision ${revision.number}`);
    this.answer(revision);
    this.draw(revision);
    this.root.dataset.shown = revision.id;
  }

  answer({ area, mode, probabilities }) {
    this.parts.question.textContent = area ? painted(area, mode) : "Only the map was edited";
    const { classes, labels, before } = this.edits;
    const told = area && probabilities ? top({ classes, labels, before, probabilities, band: { low: [], high: [] } }, this.target) : [];
    this.parts.bars.replaceChildren(...rows(told, this.target));
  }
}
