// The pictures of a batch as a table: followed while it runs, sorted, a page at a time; stopped, gone on with, opened.

import { ask, Refusal } from "../whylens.map/ask.js"; // components are served beside each other under their full names
import { element } from "../whylens.map/element.js";
import { mounting } from "../whylens.map/mount.js";
import { rate, told, took } from "./told.js";

const PAUSE = 1000; // milliseconds between two looks at a batch that runs
const COLUMNS = { file: "Picture", label: "Class", probability: "Probability", score: "Score", seconds: "Seconds" };
const NUMBERS = ["probability", "score", "seconds"]; // begin with the highest
const ORDERS = { "set up": "As in the set", "file up": "By name", "file down": "By name, backwards", "label up": "By class", "label down": "By class, backwards", "probability down": "Most certain first", "probability up": "Least certain first", "score down": "Highest score first", "score up": "Lowest score first", "seconds down": "Longest first", "seconds up": "Shortest first", "error up": "Failed first" };
const SCORES = { logit: "Logit", probability: "Score (probability)", log_probability: "Log-probability" };

class View {
  constructor(parent) {
    this.track = element("div", { class: "track", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": "Pictures explained" }, element("div", { class: "fill" }));
    this.said = element("p", { class: "said", role: "status" });
    this.acts = element("div", { class: "acts" });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.order = element("select", { "aria-label": "Order" }, ...Object.entries(ORDERS).map(([value, text]) => element("option", { value, text })));
    this.order.addEventListener("change", () => this.sort(...this.order.value.split(" ")));
    this.heads = Object.entries(COLUMNS).map(([name, text]) => this.column(name, text));
    this.body = element("tbody", { role: "rowgroup" }); // roles are told: as blocks, on a phone, they would be none
    this.table = element("table", { role: "table", "aria-label": "Pictures" }, element("thead", {}, element("tr", {}, ...this.heads)), this.body);
    this.nothing = element("p", { class: "nothing" });
    this.pages = element("nav", { class: "pages", "aria-label": "Pages" });
    this.csv = element("a", { class: "csv", text: "Summary as CSV", download: "" });
    const beside = element("div", { class: "beside" }, this.order, this.acts, this.csv);
    this.root = element("div", { class: "root" }, this.track, element("div", { class: "head" }, this.said, beside), this.fault, this.table, this.nothing, this.pages);
    parent.append(this.root);
    this.wanted = { order: "set", down: false, page: 1 };
    this.made = new Map();
  }

  update({ root, batch }, trigger) {
    this.trigger = trigger;
    const another = this.batch?.id !== batch.id;
    if (!another && this.batch.state === batch.state) return;
    this.base = root;
    if (another) {
      this.wanted = { order: "set", down: false, page: 1 };
      this.made.clear();
    }
    this.csv.href = root + batch.summary;
    const score = SCORES[batch.question.output];
    this.heads[3].querySelector(".name").textContent = score;
    this.show(batch);
    this.load();
  }

  close() {
    clearTimeout(this.timer);
    this.closed = true;
  }

  get here() {
    return `${this.base}batches/${this.batch.id}`;
  }

  // What cannot be had is said; what goes on is asked again.
  async trying(act) {
    try {
      await act();
      this.fault.textContent = "";
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fault.textContent = error.message;
    }
  }

  show(batch) {
    const before = this.batch;
    this.batch = batch;
    const share = (batch.done + batch.failed) / batch.set.images;
    this.track.firstChild.style.width = `${100 * share}%`;
    this.track.setAttribute("aria-valuenow", String(Math.floor(100 * share)));
    this.said.textContent = told(batch);
    this.root.dataset.state = batch.state;
    this.root.dataset.done = String(batch.done);
    if (before?.id !== batch.id || before.state !== batch.state || before.failed !== batch.failed) this.offer();
    clearTimeout(this.timer);
    if (batch.state === "running" && !this.closed) this.timer = setTimeout(() => this.look(), PAUSE);
  }

  offer() {
    const { state, failed } = this.batch;
    const acts = [];
    if (state === "running") acts.push(this.act("Cancel", "cancel"));
    if (state === "cancelled") acts.push(this.act("Resume", "resume"));
    if (state === "done" && failed) acts.push(this.act(`Try ${failed === 1 ? "the failed one" : `the ${failed.toLocaleString("en")} that failed`} again`, "resume"));
    const focused = this.acts.contains(this.root.getRootNode().activeElement);
    this.acts.replaceChildren(...acts);
    if (focused) this.acts.firstChild?.focus();
  }

  act(text, path) {
    const button = element("button", { type: "button", text });
    button.addEventListener("click", async () => {
      button.disabled = true;
      await this.trying(async () => this.show(await ask(`${this.here}/${path}`, { method: "POST" })));
      button.disabled = false;
      this.load();
    });
    return button;
  }

  async look() {
    const { id, done, failed, asked } = this.batch;
    await this.trying(async () => {
      const now = await ask(`${this.base}batches/${id}`);
      if (this.closed || this.batch.id !== id) return;
      this.show(now);
      if (now.done !== done || now.failed !== failed || now.asked !== asked || now.state !== "running") await this.load();
    });
    // a server that did not answer may be back
    if (this.fault.textContent && !this.closed) this.timer = setTimeout(() => this.look(), 3 * PAUSE);
  }

  async load() {
    const id = this.batch.id;
    const query = new URLSearchParams(this.wanted);
    await this.trying(async () => {
      const found = await ask(`${this.here}/rows?${query}`);
      if (this.closed || this.batch.id !== id || query.toString() !== new URLSearchParams(this.wanted).toString()) return;
      this.wanted.page = found.page;
      this.fill(found);
    });
  }

  fill({ rows, page, pages, total }) {
    const focused = this.root.getRootNode().activeElement?.closest?.("tr")?.dataset.number; // moved, it would be lost
    const made = new Map();
    for (const row of rows) {
      const text = JSON.stringify(row);
      const former = this.made.get(row.number);
      made.set(row.number, former?.text === text ? former : { text, line: this.line(row) });
    }
    this.made = made;
    this.body.replaceChildren(...rows.map((row) => made.get(row.number).line));
    if (focused !== undefined) this.body.querySelector(`tr[data-number="${focused}"] button`)?.focus();
    this.table.hidden = this.order.hidden = !total;
    this.csv.hidden = !this.batch.done && !this.batch.failed;
    this.nothing.hidden = total > 0;
    this.nothing.textContent = this.batch.state === "running" ? "The first pictures appear here as soon as the model has seen them." : "It was stopped before its first picture.";
    for (const head of this.heads) {
      const { order, down } = this.wanted;
      head.setAttribute("aria-sort", head.dataset.column === order ? (down ? "descending" : "ascending") : "none");
    }
    this.order.value = `${this.wanted.order} ${this.wanted.down ? "down" : "up"}`;
    this.paging(page, pages);
    this.root.dataset.rows = String(total);
  }

  column(name, text) {
    const button = element("button", { type: "button" }, element("span", { class: "name", text }), element("span", { class: "arrow", "aria-hidden": "true" }));
    button.addEventListener("click", () => {
      const first = NUMBERS.includes(name) ? "down" : "up";
      const again = this.wanted.order === name && (this.wanted.down ? "down" : "up") === first;
      this.sort(name, again ? (first === "up" ? "down" : "up") : first);
    });
    return element("th", { scope: "col", "data-column": name, class: NUMBERS.includes(name) ? "number" : "" }, button);
  }

  sort(order, way) {
    this.wanted = { order, down: way === "down", page: 1 };
    this.load();
  }

  line(row) {
    const picture = element("img", { src: this.base + row.picture, alt: "", loading: "lazy", width: 48, height: 48 });
    const name = element("bdi", { class: "file", text: row.file });
    const first = row.key ? this.opening(row, picture, name) : element("span", { class: "open" }, picture, name);
    const cells = row.error ? [element("td", { role: "cell", class: "error", colspan: 4, text: row.error })] : this.numbers(row);
    return element("tr", { role: "row", "data-number": row.number, "data-state": row.state }, element("th", { role: "rowheader", scope: "row" }, first), ...cells);
  }

  opening(row, ...parts) {
    const button = element("button", { type: "button", class: "open", title: "Open on the workbench" }, ...parts);
    button.addEventListener("click", () => this.trigger("opened", row.number));
    return button;
  }

  numbers({ label, probability, score, seconds, state }) {
    const waits = state === "asked";
    return [
      element("td", { role: "cell", class: "label" }, element("bdi", { text: label })),
      element("td", { role: "cell", class: "number", "data-name": "Probability", text: rate(probability) }),
      element("td", { role: "cell", class: "number", "data-name": this.heads[3].querySelector(".name").textContent, text: waits ? "\u2026" : score.toFixed(3) }),
      element("td", { role: "cell", class: "number seconds", "data-name": "Seconds", text: waits ? "under way" : took(seconds) }),
    ];
  }

  paging(page, pages) {
    this.pages.hidden = pages === 1;
    const turn = (text, to) => {
      const button = element("button", { type: "button", text });
      button.disabled = to < 1 || to > pages;
      button.addEventListener("click", () => {
        this.wanted = { ...this.wanted, page: to };
        this.load();
        this.table.scrollIntoView({ block: "start" });
      });
      return button;
    };
    this.pages.replaceChildren(turn("Previous", page - 1), element("span", { text: `Page ${page} of ${pages}` }), turn("Next", page + 1));
  }
}

export default mounting(View);
