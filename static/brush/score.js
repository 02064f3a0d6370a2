// The edited map judged as an explanation, beside the machine's and random orders.

import { ask, Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";
import { text } from "../whylens.map/scale.js";
import { judged } from "./sentences.js";

export const MARKUP = `<section class="score" aria-label="The edited map judged" hidden><p class="note verdict"></p><table hidden><thead><tr><th></th><th scope="col">Insertion \u2191</th><th scope="col">Deletion \u2193</th></tr></thead><tbody></tbody></table></section>`;

export class Score {
  constructor(root, here, tell) {
    [this.root, this.here, this.tell] = [root.querySelector(".score"), here, tell];
    [this.verdict, this.table] = [this.root.querySelector(".verdict"), this.root.querySelector("table")];
  }

  // What was found out is about another map.
  clear() {
    this.asking?.abort();
    this.root.hidden = true;
  }

  async judge(added, target) {
    this.asking?.abort();
    const mine = (this.asking = new AbortController());
    this.root.hidden = false;
    this.table.hidden = true;
    this.verdict.textContent = "Taking the picture away and putting it back, the highest cells first: some seconds\u2026";
    try {
      const told = await ask(`${this.here}/paint/score?target=${target}`, { method: "POST", bytes: added, signal: mine.signal });
      if (!mine.signal.aborted) this.show(told);
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.verdict.textContent = error.message;
    }
  }

  show({ edited, machine, random, cells }) {
    this.verdict.textContent = `${judged({ edited, machine, random })} Areas under the curves over ${cells} cells:`;
    const least = `${text(Math.min(...random))} to ${text(Math.max(...random))}`;
    const lines = [["Edited map", edited.insertion, edited.deletion], ["Machine\u2019s map", machine.insertion, machine.deletion]];
    this.table.tBodies[0].replaceChildren(
      ...lines.map(([name, ...areas]) => element("tr", {}, element("th", { scope: "row", text: name }), ...areas.map((area) => element("td", { text: text(area) })))),
      element("tr", {}, element("th", { scope: "row", text: `${random.length} random orders` }), element("td", { text: least, colspan: "2" })),
    );
    this.table.hidden = false;
    this.tell(this.verdict.textContent);
  }
}
