// What the user calls concepts and strategies, and which of them look suspicious: kept by the server, edited in place.

import { ask, Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";

export const LONGEST = 80; // characters
const KEPT = { concept: "concepts", strategy: "strategies" };

export class Naming {
  // `onChange` is called when the server has kept a change.
  constructor(onChange) {
    this.onChange = onChange;
    this.view = {};
  }

  // url: where changes are kept; without one, names are only read
  read(url, view) {
    this.url = url;
    this.view = view;
  }

  note(kind, index) {
    return this.view[KEPT[kind]]?.[index] ?? {};
  }

  name(kind, index, rank) {
    return this.note(kind, index).name || usual(kind, rank);
  }

  suspicious(kind, index) {
    return Boolean(this.note(kind, index).suspicious);
  }

  // The server is told all there is of one concept or strategy.
  async save(kind, index, change) {
    const { name = "", suspicious = false } = this.note(kind, index);
    this.view = await ask(this.url, { method: "PATCH", body: { [kind]: index, name, suspicious, ...change } });
    this.onChange();
  }
}

export function usual(kind, rank) {
  return `${kind[0].toUpperCase()}${kind.slice(1)} ${rank + 1}`;
}

// A name that is a field, a flag beside it, and the reason where the server refuses one. `about`: {kind, index, rank}.
export function label(naming, { kind, index, rank }) {
  if (!naming.url) return written(naming, kind, index, rank);
  const field = element("input", { class: "name", type: "text", maxlength: LONGEST, placeholder: usual(kind, rank), "aria-label": `Name of ${usual(kind, rank).toLowerCase()}`, autocomplete: "off", spellcheck: "false" });
  const flag = element("button", { class: "flag", type: "button" });
  const fault = element("p", { class: "fault", role: "alert" });
  const save = async (change) => {
    fault.textContent = "";
    try {
      await naming.save(kind, index, change);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      fault.textContent = error.message;
    }
  };
  const show = () => {
    const marked = naming.suspicious(kind, index);
    if (field.getRootNode().activeElement !== field) field.value = naming.note(kind, index).name ?? "";
    field.title = field.value;
    flag.setAttribute("aria-pressed", String(marked));
    flag.setAttribute("aria-label", `${naming.name(kind, index, rank)} is suspicious`);
    flag.textContent = marked ? "\u2691 suspicious" : "\u2690 mark as suspicious";
  };
  const kept = () => naming.note(kind, index).name ?? "";
  field.addEventListener("change", () => field.value.trim() !== kept() && save({ name: field.value.trim() }));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.value = kept();
    if (event.key === "Enter" || event.key === "Escape") field.blur();
  });
  flag.addEventListener("click", () => save({ suspicious: !naming.suspicious(kind, index) }));
  show();
  return { field, flag, fault, show };
}

// The same where nothing can be changed.
function written(naming, kind, index, rank) {
  const field = element("strong", { class: "called" });
  const flag = element("span", { class: "marked" });
  const show = () => {
    field.textContent = naming.name(kind, index, rank); // anybody's words: never markup
    flag.textContent = naming.suspicious(kind, index) ? "\u2691 suspicious" : "";
  };
  show();
  return { field, flag, fault: element("span"), show };
}
