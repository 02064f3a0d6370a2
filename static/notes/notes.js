// Notes on what one looks at: numbered, and a field for the next one.

import { Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";
import { Kept } from "./kept.js";
import { Writing } from "./writing.js";

export class Notes {
  // called(place): in words; changed(notes): draw them where they belong; left(): the field was shut
  constructor({ called, changed, left }) {
    this.called = called;
    this.kept = new Kept(() => {
      this.draw();
      changed(this.kept.all);
    });
    this.writing = new Writing({
      keep: (text) => this.kept.add(this.place, text),
      closed: () => {
        this.place = null;
        this.show();
        left();
      },
    });
    this.about = element("p", { class: "about" });
    this.list = element("ol", { "aria-label": "Notes" });
    this.fault = element("p", { class: "refused", role: "alert" });
    this.root = element("section", { class: "notes", "aria-label": "Notes" }, this.about, this.writing.root, this.list, this.fault);
    this.show();
  }

  read(all, url) {
    this.kept.read(all ?? [], url);
  }

  get all() {
    return this.kept.all;
  }

  write(place) {
    this.place = place;
    this.about.textContent = `Note on ${this.called(place)}`;
    this.root.hidden = this.about.hidden = false;
    this.writing.open(this.called(place));
  }

  close() {
    this.writing.close();
  }

  // The one with this number, for whoever comes from its place.
  reach(number) {
    this.list.querySelector(`[data-number="${number}"]`)?.focus();
  }

  show() {
    this.about.hidden = this.writing.root.hidden;
    this.root.hidden = this.writing.root.hidden && !this.all.length;
  }

  draw() {
    this.fault.textContent = "";
    this.list.replaceChildren(...this.all.map((note) => this.item(note)));
    this.show();
  }

  item(note) {
    const said = element("span", { class: "said", dir: "auto", text: note.text });
    const where = element("span", { class: "where", text: this.called(note.place) });
    const item = element("li", { "data-number": note.number, tabindex: "-1" }, element("span", { class: "number", text: note.number }), element("span", { class: "words" }, said, where));
    if (this.kept.url) {
      const remove = element("button", { type: "button", text: "Delete", "aria-label": `Delete note ${note.number}` });
      remove.addEventListener("click", () => this.remove(note));
      item.append(remove);
    }
    return item;
  }

  async remove(note) {
    const after = this.all.indexOf(note);
    try {
      await this.kept.remove(note);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fault.textContent = error.message;
      return;
    }
    this.list.children[Math.min(after, this.list.children.length - 1)]?.querySelector("button").focus(); // not lost
  }
}
