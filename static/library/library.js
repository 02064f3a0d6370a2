// Everything of one's own: filtered, searched, a page at a time; opened, renamed, deleted alone or together.

import { ask, Refusal } from "../whylens.map/ask.js"; // components are served beside each other under their full names
import { element } from "../whylens.map/element.js";
import { Latest } from "../whylens.map/latest.js";
import { mounting } from "../whylens.map/mount.js";
import { Card, KINDS } from "./card.js";
import { Leaving } from "./leaving.js";

const PAUSE = 200; // milliseconds between two questions while one types
const MOST = 100; // deleted at a time
const ORDERS = { newest: "Newest first", name: "By name", method: "By method" };
const USUAL = { kind: "", search: "", model: "", method: "", sort: "newest", page: "1" };
const EMPTY = {
  "": ["Nothing here yet.", "Explain a picture or a text: it will be kept here.", "/", "Go to the workbench"],
  picture: ["No pictures yet.", "Drop a picture on the workbench: its explanation will be kept here.", "/", "Go to the workbench"],
  text: ["No texts yet.", "Paste a text on the workbench: its explanation will be kept here.", "/", "Go to the workbench"],
  edit: ["No edits yet.", "Open a picture, press Edit, paint, and keep a revision.", "/", "Go to the workbench"],
  study: ["No studies yet.", "See what a model sees in a set of pictures.", "/concepts", "Go to Concepts"],
  batch: ["No batches yet.", "Explain all pictures of a set at once.", "/batch", "Go to Batch"],
  set: ["No sets of your own yet.", "Send in pictures, or a zip of them, on the page of concepts.", "/concepts", "Go to Concepts"],
  classifier: ["No classifiers of your own yet.", "Choose Text on the workbench, then Own labels.", "/", "Go to the workbench"],
  link: ["No links yet.", "Press Share on an explanation or a study.", "/", "Go to the workbench"],
};

class View {
  constructor(parent) {
    this.kinds = element("div", { class: "kinds", role: "group", "aria-label": "Kind" });
    this.search = element("input", { type: "search", placeholder: "Search names, labels, notes", "aria-label": "Search", maxlength: 200 });
    [this.model, this.method, this.sort] = ["Model", "Method", "Order"].map((label) => element("select", { "aria-label": label }));
    this.sort.append(...Object.entries(ORDERS).map(([value, text]) => element("option", { value, text })));
    this.count = element("p", { class: "count", role: "status" });
    this.bar = element("div", { class: "bar", role: "toolbar", "aria-label": "What is chosen" });
    this.list = element("ul", { class: "cards", "aria-label": "Things" });
    this.nothing = element("div", { class: "nothing" });
    this.pages = element("nav", { class: "pages", "aria-label": "Pages" });
    this.fault = element("p", { class: "fault", role: "alert" });
    const filters = element("div", { class: "filters" }, this.search, this.model, this.method, this.sort);
    this.root = element("div", { class: "root" }, this.kinds, filters, element("div", { class: "head" }, this.count, this.bar), this.fault, this.list, this.nothing, this.pages);
    parent.append(this.root);
    this.chosen = new Set();
    this.asking = new Latest((_, signal) => this.load(signal), PAUSE);
    this.search.addEventListener("input", () => this.want({ search: this.search.value }));
    for (const name of ["model", "method", "sort"]) this[name].addEventListener("change", () => this.want({ [name]: this[name].value }));
  }

  update(data, trigger) {
    this.trigger = trigger;
    if (this.base) return;
    this.base = data.root;
    this.leaving = new Leaving(data.root, (things) => this.gone(things));
    this.root.append(this.leaving.root);
    const given = new URLSearchParams(window.location.search);
    this.wanted = Object.fromEntries(Object.entries(USUAL).map(([name, usual]) => [name, given.get(name) ?? usual]));
    if (!(this.wanted.kind in EMPTY)) this.wanted.kind = "";
    if (!(this.wanted.sort in ORDERS)) this.wanted.sort = USUAL.sort;
    this.search.value = this.wanted.search;
    this.load();
  }

  close() {
    this.asking.stop();
  }

  // Another question: from its first page, unless a page is what is asked for.
  want(news) {
    this.wanted = { ...this.wanted, page: "1", ...news };
    const told = new URLSearchParams(Object.entries(this.wanted).filter(([name, value]) => value !== USUAL[name]));
    window.history.replaceState(window.history.state, "", `${window.location.pathname}${told.size ? `?${told}` : ""}`);
    this.asking.put(null);
  }

  async load(signal) {
    const query = new URLSearchParams(Object.entries(this.wanted).filter(([, value]) => value));
    try {
      const found = await ask(`${this.base}library?${query}`, { signal });
      if (!signal?.aborted) this.show(found);
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.fault.textContent = error.message;
    }
  }

  show(found) {
    this.fault.textContent = "";
    this.found = found;
    this.wanted.page = String(found.page);
    const total = Object.values(found.kinds).reduce((sum, n) => sum + n, 0);
    const focused = this.root.getRootNode().activeElement?.dataset?.kind; // drawn anew, it would be lost
    this.kinds.replaceChildren(this.kind("", "Everything", total), ...Object.entries(KINDS).map(([kind, name]) => this.kind(kind, name, found.kinds[kind])));
    if (focused !== undefined) this.kinds.querySelector(`[data-kind="${focused}"]`)?.focus();
    options(this.model, "Every model", found.models, this.wanted.model);
    options(this.method, "Every method", found.methods, this.wanted.method);
    this.sort.value = this.wanted.sort;
    const there = new Set(found.entries.map(called));
    this.chosen = new Set([...this.chosen].filter((thing) => there.has(thing))); // only what is seen is deleted
    const acts = {
      opened: (entry, event) => this.open(entry, event),
      chosen: (entry, on) => this.choose(entry, on),
      remove: (entry) => this.leaving.open([called(entry)]),
      changed: (entry) => this.reload(`[data-thing="${called(entry)}"] .acts button`),
    };
    this.list.replaceChildren(...found.entries.map((entry) => new Card(entry, this.base, this.chosen.has(called(entry)), acts).root));
    this.count.textContent = total ? `${found.total.toLocaleString("en")} ${found.total === 1 ? "thing" : "things"}` : "";
    this.empty(total);
    this.toolbar();
    this.paging();
    this.root.dataset.shown = String(found.total);
    if (this.after) this.root.querySelector(this.after)?.focus();
    this.after = null;
  }

  kind(kind, name, count) {
    const button = element("button", { type: "button", "data-kind": kind, "aria-pressed": String(this.wanted.kind === kind) }, name, element("span", { class: "many", text: count.toLocaleString("en") }));
    button.addEventListener("click", () => this.want({ kind }));
    return button;
  }

  choose(entry, on) {
    if (on) this.chosen.add(called(entry));
    else this.chosen.delete(called(entry));
    this.toolbar();
  }

  toolbar() {
    const many = this.chosen.size;
    const shown = this.found.entries.length;
    const all = element("button", { type: "button", text: many === shown ? "Choose none" : "Choose all on this page" });
    all.addEventListener("click", () => {
      this.chosen = new Set(many === shown ? [] : this.found.entries.map(called));
      this.after = ".bar button";
      this.show(this.found);
    });
    const remove = element("button", { type: "button", class: "sure", text: `Delete ${many}\u2026` });
    remove.addEventListener("click", () => this.leaving.open([...this.chosen].slice(0, MOST)));
    this.bar.replaceChildren(...(shown ? [all] : []), ...(many ? [remove] : []));
    this.bar.hidden = !shown;
  }

  empty(total) {
    this.nothing.hidden = this.found.total > 0;
    if (this.found.total) return;
    const filtered = this.wanted.search || this.wanted.model || this.wanted.method;
    const kind = total && this.wanted.kind ? this.wanted.kind : "";
    if (filtered || (total && !this.wanted.kind)) {
      const clear = element("button", { type: "button", text: "Clear the filters" });
      clear.addEventListener("click", () => {
        this.search.value = "";
        this.want({ ...USUAL });
        this.search.focus();
      });
      this.nothing.replaceChildren(element("h3", { text: "Nothing fits." }), element("p", { text: "No name, label or note has all of these words." }), clear);
      return;
    }
    const [what, how, href, where] = EMPTY[kind];
    this.nothing.replaceChildren(element("h3", { text: what }), element("p", { text: how }), element("a", { href, target: "_self", class: "next", text: where }));
  }

  paging() {
    const { page, pages } = this.found;
    this.pages.hidden = pages === 1;
    const turn = (text, to) => {
      const button = element("button", { type: "button", text });
      button.disabled = to < 1 || to > pages;
      button.addEventListener("click", () => {
        this.want({ page: String(to) });
        this.root.scrollIntoView({ block: "start" });
      });
      return button;
    };
    this.pages.replaceChildren(turn("Previous", page - 1), element("span", { text: `Page ${page} of ${pages}` }), turn("Next", page + 1));
  }

  open({ href }, event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // in a tab of its own
    const [page, id] = [...new URL(href, window.location.href).searchParams][0];
    if (page === "s") return;
    event.preventDefault();
    this.trigger("opened", { page, id });
  }

  gone(things) {
    for (const thing of things) this.chosen.delete(thing);
    this.reload(".kinds [aria-pressed=true]");
  }

  // The same question once more; then the focus goes to `after`.
  reload(after) {
    this.after = after;
    this.load();
  }
}

function called({ kind, id }) {
  return `${kind}.${id}`;
}

function options(select, all, entries, chosen) {
  select.replaceChildren(element("option", { value: "", text: all }), ...Object.entries(entries).map(([value, text]) => element("option", { value, text })));
  select.value = chosen;
}

export default mounting(View);
