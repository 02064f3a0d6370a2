// A field for one note: Enter keeps it, Escape leaves it, and a refusal stays to be read.

import { Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";

const LONGEST = 500; // characters

export class Writing {
  // keep(text) → promise; closed() once it is shut, by whichever way
  constructor({ keep, closed }) {
    [this.keep, this.closed] = [keep, closed];
    this.field = element("input", { type: "text", maxlength: LONGEST, placeholder: "What do you see here?", autocomplete: "off" });
    this.save = element("button", { type: "submit", text: "Save" });
    const leave = element("button", { type: "button", text: "Cancel" });
    this.fault = element("p", { class: "refused", role: "alert" });
    this.root = element("form", { class: "writing" }, this.field, element("div", {}, this.save, leave), this.fault);
    this.root.hidden = true;
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.root.addEventListener("keydown", (event) => {
      event.stopPropagation(); // letters are written here, and are no shortcuts
      if (event.key === "Escape") this.close();
    });
    leave.addEventListener("click", () => this.close());
  }

  // `about`: the place in words
  open(about) {
    this.field.value = "";
    this.field.setAttribute("aria-label", `Note on ${about}`);
    this.fault.textContent = "";
    this.root.hidden = false;
    this.field.focus();
  }

  close() {
    if (this.root.hidden) return;
    this.root.hidden = true;
    this.closed();
  }

  async send() {
    const text = this.field.value.trim();
    if (!text) return this.field.focus();
    this.save.disabled = true;
    try {
      await this.keep(text);
      this.close();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fault.textContent = error.message;
    } finally {
      this.save.disabled = false;
    }
  }
}
