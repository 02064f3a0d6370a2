// One thing: what it looks like, what it is called, where it leads, and what can be done with it.

import { ask, Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";
import { chips, look } from "./looks.js";

export const KINDS = { picture: "Pictures", text: "Texts", edit: "Edits", study: "Studies", batch: "Batches", set: "Sets", classifier: "Classifiers", link: "Links" };
const ONE = { picture: "Picture", text: "Text", edit: "Edit", study: "Study", batch: "Batch", set: "Set of pictures", classifier: "Classifier", link: "Link" };
const RENAMED = { picture: "explanations", text: "explanations", study: "concepts" };
const LONGEST = 200; // characters

export class Card {
  // opened(entry, event), chosen(entry, on), remove(entry), changed() after a new name
  constructor(entry, root, chosen, { opened, chosen: choose, remove, changed }) {
    Object.assign(this, { entry, base: root, changed });
    this.box = element("input", { type: "checkbox", "aria-label": `Choose ${entry.title}` });
    this.box.checked = chosen;
    this.box.addEventListener("change", () => {
      this.root.classList.toggle("chosen", this.box.checked);
      choose(entry, this.box.checked);
    });
    this.title = element("h3", {}, this.link(opened));
    this.fault = element("p", { class: "fault", role: "alert" });
    const seen = look(entry, root);
    if (entry.href) seen.addEventListener("click", (event) => opened(entry, event));
    const remove_ = element("button", { type: "button", text: "Delete", "aria-label": `Delete ${entry.title}` });
    remove_.addEventListener("click", () => remove(entry));
    this.acts = element("div", { class: "acts" }, ...this.renaming(), remove_);
    this.root = element("li", { class: "card", "data-thing": `${entry.kind}.${entry.id}` },
      seen,
      element("label", { class: "tick" }, this.box),
      element("div", { class: "told" },
        element("p", { class: "kind", text: [ONE[entry.kind], day(entry.created)].join(" \u00b7 ") }),
        this.title,
        element("p", { class: "facts" }, ...entry.facts.flatMap((fact, i) => [i ? " \u00b7 " : "", element("bdi", { text: fact })])),
        element("div", { class: "chips" }, ...chips(entry)),
        this.acts,
        this.fault,
      ),
    );
    this.root.classList.toggle("chosen", chosen);
    this.root.classList.toggle("leads", Boolean(entry.href));
  }

  link(opened) {
    const { title, href } = this.entry;
    if (!href) return element("bdi", { text: title });
    const link = element("a", { href, target: "_self" }, element("bdi", { text: title }));
    link.addEventListener("click", (event) => opened(this.entry, event));
    return link;
  }

  renaming() {
    if (!RENAMED[this.entry.kind]) return [];
    this.rename = element("button", { type: "button", text: "Rename", "aria-label": `Rename ${this.entry.title}` });
    this.rename.addEventListener("click", () => this.write());
    return [this.rename];
  }

  // A field in the place of the title; Enter keeps, Escape leaves, an empty name takes the name away.
  write() {
    const field = element("input", { type: "text", class: "name", maxlength: LONGEST, placeholder: this.entry.title, "aria-label": `Name of ${this.entry.title}`, autocomplete: "off" });
    field.value = this.entry.name;
    const shown = [...this.title.childNodes];
    let open = true;
    const close = async (keep) => {
      if (!open) return;
      open = false;
      this.title.replaceChildren(...shown);
      this.rename.focus();
      if (!keep || field.value.trim() === this.entry.name) return;
      try {
        const noun = RENAMED[this.entry.kind];
        await ask(`${this.base}${noun}/${this.entry.id}`, { method: "PATCH", body: { name: field.value.trim() } });
        this.changed(this.entry);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.fault.textContent = error.message;
      }
    };
    field.addEventListener("keydown", (event) => {
      if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
      event.stopPropagation();
      close(event.key === "Enter");
    });
    field.addEventListener("blur", () => close(true));
    this.title.replaceChildren(field);
    field.focus();
    field.select();
  }
}

function day(seconds) {
  return new Date(1000 * seconds).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}
