// The strokes as small pictures: click one to go back, or forward again, to where things stood after it.

import { element } from "../whylens.map/element.js";

export const MARKUP = `<ol class="strokes" aria-label="Strokes" hidden></ol>`;

export class Past {
  // go(count) is asked for: so many strokes done
  constructor(root, go) {
    [this.root, this.go] = [root.querySelector(".strokes"), go];
  }

  draw({ all, done }) {
    this.root.hidden = !all.length;
    this.root.replaceChildren(...[{ told: "Start" }, ...all].map(({ told, thumbnail }, count) => {
      const name = count ? `${count}. ${told}` : told;
      const button = element("button", { type: "button", "aria-label": name, title: name }, thumbnail ?? element("span", { text: told }));
      if (count === done.length) button.setAttribute("aria-current", "step");
      button.classList.toggle("undone", count > done.length);
      button.addEventListener("click", () => this.go(count));
      return element("li", {}, button);
    }));
    const here = this.root.children[done.length];
    this.root.scrollLeft = here ? here.offsetLeft - this.root.clientWidth / 2 : 0; // of this strip alone, not of the page
  }
}
