// Before things go: each by its name, with what goes with it and what stays.

import { ask, Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";

const SHOWN = 12; // things named one by one

export class Leaving {
  // gone(): after things were deleted
  constructor(root, gone) {
    [this.base, this.gone] = [root, gone];
    this.heading = element("h2", { id: "leaving" });
    this.list = element("ul", {});
    this.fault = element("p", { class: "fault", role: "alert" });
    this.sure = element("button", { type: "button", class: "sure", text: "Delete" });
    const keep = element("button", { type: "button", text: "Keep" });
    this.root = element("dialog", { "aria-labelledby": "leaving" }, this.heading, this.list, element("p", { class: "warning", text: "This cannot be undone." }), this.fault, element("div", { class: "acts" }, keep, this.sure));
    keep.addEventListener("click", () => this.root.close());
    this.sure.addEventListener("click", () => this.send());
    this.root.addEventListener("click", (event) => event.target === this.root && this.root.close()); // beside it
  }

  // things: names as KIND.ID; asked of the server now, so that what is told is true when one decides
  async open(things) {
    this.things = things;
    this.fault.textContent = "";
    this.sure.disabled = true;
    this.heading.textContent = things.length === 1 ? "Delete this?" : `Delete these ${things.length}?`;
    this.list.replaceChildren(element("li", { text: "Looking for what depends on it\u2026" }));
    if (!this.root.open) this.root.showModal();
    try {
      const query = things.map((thing) => `of=${encodeURIComponent(thing)}`).join("&");
      const told = await ask(`${this.base}library/dependants?${query}`);
      if (this.things !== things) return;
      this.list.replaceChildren(...told.slice(0, SHOWN).map(item), ...rest(told.slice(SHOWN)));
      this.sure.disabled = false;
      this.sure.focus();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.list.replaceChildren();
      this.fault.textContent = error.message;
    }
  }

  async send() {
    this.sure.disabled = true;
    try {
      await ask(`${this.base}library/delete`, { method: "POST", body: { of: this.things } });
      this.root.close();
      this.gone(this.things);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fault.textContent = error.message;
      this.sure.disabled = false;
    }
  }
}

function item({ name, told }) {
  return element("li", {}, element("strong", { dir: "auto", text: name }), ...(told ? [element("span", { text: told })] : []));
}

// What the others take with them, added up.
function rest(others) {
  if (!others.length) return [];
  const with_ = others.filter(({ told }) => told).length;
  const said = with_ ? `${with_} of them with things that depend on them` : "nothing depends on them";
  return [element("li", { text: `and ${others.length} more: ${said}` })];
}
