// Notes on one part of a study, in its card: each a line, and a field for the next one.

import { Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";
import { Writing } from "./writing.js";

export class Line {
  // kept: the notes of the whole study; place: {kind, number}; called(): what the part is called
  constructor(kept, place, called) {
    [this.kept, this.place, this.called] = [kept, place, called];
    this.list = element("ul", { class: "noted" });
    this.fault = element("p", { class: "refused", role: "alert" });
    this.add = element("button", { type: "button", class: "add", text: "Add a note" });
    this.writing = new Writing({
      keep: (text) => kept.add(place, text),
      closed: () => {
        this.add.hidden = false;
        this.add.focus();
      },
    });
    this.add.addEventListener("click", () => {
      this.add.hidden = true;
      this.writing.open(this.called());
    });
    this.root = element("div", { class: "line-notes" }, this.list, this.writing.root, this.add, this.fault);
    this.show();
  }

  show() {
    const notes = this.kept.on(this.place.kind, this.place.number);
    this.list.hidden = !notes.length;
    this.list.setAttribute("aria-label", `Notes on ${this.called()}`);
    this.add.setAttribute("aria-label", `Add a note on ${this.called()}`);
    this.add.hidden = !this.kept.url || !this.writing.root.hidden;
    this.list.replaceChildren(...notes.map((note) => this.item(note)));
  }

  item(note) {
    const item = element("li", {}, element("span", { class: "said", dir: "auto", text: note.text }));
    if (!this.kept.url) return item;
    const remove = element("button", { type: "button", text: "Delete", "aria-label": `Delete the note ${note.text}` });
    remove.addEventListener("click", async () => {
      try {
        await this.kept.remove(note);
        this.add.focus();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.fault.textContent = error.message;
      }
    });
    item.append(remove);
    return item;
  }
}
