// Maps of one picture or text beside each other: one scale, one place read in all of them, how far each pair agrees.

import { follow } from "../whylens.map/follow.js"; // components are served beside each other under their full names
import { mounting } from "../whylens.map/mount.js";
import { read } from "../whylens.map/safetensors.js";
import { limits, table, text } from "../whylens.map/scale.js";
import { face } from "./faces.js";
import { shared } from "./shared.js";

const MARKUP = `
<section aria-label="Maps beside each other">
  <div class="grid" role="list"></div>
  <div class="legend"></div>
  <p class="unit"></p>
  <div class="agreement" hidden>
    <h4>How far they agree</h4>
    <p class="sentence" role="status"></p>
    <div class="scroll" role="group" tabindex="0" aria-label="Table of agreement"><table></table></div>
    <p class="notes"></p>
  </div>
</section>`;

const FOLLOWED = 2; // a browser opens six connections to a server, and the page has others to follow
const SHARE = 2; // digits of a correlation

class Comparison {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.innerHTML = MARKUP;
    parent.append(this.root);
    this.parts = Object.fromEntries(
      ["grid", "legend", "unit", "agreement", "sentence", "notes"].map((name) => [name, this.root.querySelector(`.${name}`)]),
    );
    this.table = this.root.querySelector("table");
    this.tiles = new Map();
  }

  update(data, trigger) {
    this.data = data;
    this.trigger = trigger;
    this.colours = { signed: table(data.stops.signed), unsigned: table(data.stops.unsigned) };
    for (const [name, tile] of this.tiles) {
      if (data.tiles.some((entry) => entry.name === name)) continue;
      tile.close();
      tile.root.remove();
      this.tiles.delete(name);
    }
    data.tiles.forEach((entry, i) => {
      const tile = this.tiles.get(entry.name) ?? new Tile(this);
      this.tiles.set(entry.name, tile);
      if (this.parts.grid.children[i] !== tile.root) this.parts.grid.insertBefore(tile.root, this.parts.grid.children[i] ?? null);
      tile.update(entry, letter(i));
    });
    const texts = Boolean(data.tiles[0].spans);
    this.parts.grid.classList.toggle("texts", texts);
    this.parts.grid.style.setProperty("--columns", texts ? 2 : data.tiles.length === 4 ? 4 : 3);
    this.next();
    this.draw();
    this.compare();
  }

  close() {
    for (const tile of this.tiles.values()) tile.close();
  }

  ordered() {
    return this.data.tiles.map(({ name }) => this.tiles.get(name));
  }

  // Follow the first that are under way: jobs of one user run in the order they were asked in.
  next() {
    const waiting = this.ordered().filter((tile) => tile.waiting);
    let free = FOLLOWED - waiting.filter((tile) => tile.following).length;
    for (const tile of waiting) {
      if (tile.following || free <= 0) continue;
      free -= 1;
      tile.follow();
    }
  }

  // All maps that are there, on one scale.
  draw() {
    const drawn = this.ordered().filter((tile) => tile.map);
    const scale = shared(drawn.map(({ map, data }) => ({ limits: limits(map.values, map.signed), signed: map.signed, family: data.family })));
    this.painting = true; // a map that changes under the pointer is read anew, but only that one
    drawn.forEach((tile, i) => tile.paint(scale.limits[i], this.colours[tile.map.signed ? "signed" : "unsigned"]));
    this.painting = false;
    this.root.dataset.tiles = String(drawn.filter((tile) => tile.final).length);
    this.legend(drawn, scale);
  }

  legend(drawn, { same, limits: ends }) {
    const kinds = [true, false].filter((signed) => drawn.some((tile) => tile.map.signed === signed));
    this.parts.legend.replaceChildren(...kinds.map((signed) => {
      const shown = same ? ends[0] : signed ? [-1, 1] : [0, 1];
      return ramp(this.colours[signed ? "signed" : "unsigned"], shown, signed, kinds.length > 1);
    }));
    const units = new Set(drawn.map((tile) => tile.data.unit));
    this.parts.unit.textContent = !drawn.length
      ? ""
      : same
        ? `One scale for all: ${units.size === 1 ? drawn[0].data.unit : drawn[0].data.family}.`
        : "The units differ, so each map is drawn in shares of its own strongest value; read the values under each map.";
    for (const tile of drawn) tile.unit(!same);
  }

  async compare() {
    const asked = `${this.data.agreement} ${this.ordered().filter((tile) => tile.final).length}`;
    if (this.asked === asked || this.ordered().filter((tile) => tile.final).length < 2) {
      this.parts.agreement.hidden = this.asked !== asked;
      return;
    }
    this.asked = asked;
    if (this.data.agreed) return this.agreement(this.data.agreed);
    const answer = await fetch(this.data.agreement);
    if (!answer.ok || this.asked !== asked) return;
    const told = await answer.json();
    if (this.asked === asked) this.agreement(told);
  }

  agreement({ pairs, cells, sentence, notes }) {
    this.parts.agreement.hidden = false;
    this.parts.sentence.textContent = sentence; // names of classes are anybody's: never markup
    const over = cells ? `${cells.join(" \u00d7 ")} cells` : "the same words";
    this.parts.notes.textContent = [`Spearman\u2019s rank correlation over ${over}: 1 the same order, 0 unrelated, \u22121 reversed.`, ...notes].join(" ");
    const tiles = this.ordered();
    const caption = document.createElement("caption");
    caption.textContent = "Rank agreement of each pair";
    const head = row([cell("td", ""), ...tiles.map((_, i) => scoped(letter(i), "col"))]);
    const lines = tiles.map((tile, i) => row([
      scoped(`${letter(i)} ${tile.called()}`, "row"),
      ...tiles.map((_, j) => {
        if (i === j) return cell("td", "\u2013");
        const pair = pairs.find(({ a, b }) => a === Math.min(i, j) && b === Math.max(i, j));
        if (!pair) return cell("td", "\u2026");
        const number = cell("td", pair.spearman.toFixed(SHARE).replace("-", "\u2212"));
        number.style.setProperty("--strength", `${Math.round(40 * Math.abs(pair.spearman))}%`);
        number.dataset.sign = pair.spearman < 0 ? "against" : "with";
        return number;
      }),
    ]));
    this.table.replaceChildren(caption, head, ...lines);
    this.root.dataset.agreed = String(pairs.length);
  }

  // The same place of the picture or text in every tile.
  readAt(origin, at) {
    if (this.reading) return;
    this.reading = true;
    for (const tile of this.tiles.values()) {
      if (tile === origin) continue;
      tile.face?.follow(at, origin.data, tile.data);
    }
    this.reading = false;
  }
}

class Tile {
  constructor(view) {
    this.view = view;
    this.root = document.createElement("div");
    this.root.className = "tile";
    this.root.setAttribute("role", "listitem");
    this.root.innerHTML = `
      <header><span class="letter"></span><strong></strong><button type="button">\u2715</button><span class="differs"></span></header>
      <div class="frame"><p class="state" role="status"></p></div>
      <div class="track" role="progressbar" aria-valuemin="0" aria-valuemax="100" hidden><div class="fill"></div></div>
      <output></output><small class="about"></small><small class="own"></small>`;
    const find = (selector) => this.root.querySelector(selector);
    this.parts = Object.fromEntries(
      ["letter", "differs", "state", "track", "fill", "about", "own"].map((name) => [name, find(`.${name}`)]),
    );
    this.parts.title = find("strong");
    this.parts.output = find("output");
    this.parts.remove = find("button");
    this.parts.remove.addEventListener("click", () => this.view.trigger("removed", this.data.name));
    this.parts.frame = find(".frame");
    this.stop = () => {};
  }

  async update(data, letter) {
    const before = this.data;
    this.data = data;
    this.parts.letter.textContent = letter;
    this.parts.title.textContent = data.title;
    this.parts.differs.textContent = data.differs.join(" \u00b7 ");
    this.parts.about.textContent = data.about;
    this.parts.remove.hidden = !data.removable;
    this.parts.remove.setAttribute("aria-label", `Remove ${this.called()}`);
    this.parts.track.setAttribute("aria-label", `Progress of ${this.called()}`);
    this.face ??= face(data, this.parts.frame, (reading) => this.say(reading));
    this.face.called(`Map ${letter}: ${this.called()}, ${data.about}.`);
    if (!data.map && before?.state !== data.state) this.state(data);
    if (before?.input !== data.input) {
      await this.face.open(data, () => this.data.input === data.input);
    }
    if (data.map && this.fetched !== data.map) await this.finish(data.map, data.signed);
  }

  called() {
    return [this.data.title, ...this.data.differs].join(", ");
  }

  state({ state, error }) {
    this.waiting = state === "queued" || state === "running";
    this.parts.track.hidden = !this.waiting;
    this.parts.state.textContent = this.waiting ? "Waiting\u2026" : state === "failed" ? error : state === "cancelled" ? (error ?? "Cancelled.") : "";
  }

  follow() {
    this.following = true;
    this.stop = follow(
      { events: this.data.events, preview: this.data.preview, decode: async (answer) => read(await answer.arrayBuffer()) },
      {
        onProgress: ({ done, total }) => {
          const share = total ? Math.round((100 * done) / total) : 0;
          this.parts.fill.style.width = `${share}%`;
          this.parts.track.setAttribute("aria-valuenow", String(share));
        },
        onPreview: (tensors) => {
          const coarse = tensors[String(this.data.target)];
          if (!coarse || this.final) return;
          this.parts.state.textContent = "";
          this.explain(coarse, this.data.signed);
        },
        onEnd: (progress) => this.end(progress),
      },
    );
  }

  async end(progress) {
    this.close();
    this.state(progress);
    this.view.next();
    if (progress.state !== "done") return;
    const told = await (await fetch(this.data.self)).json();
    await this.finish(`${this.data.root}/${told.maps[String(this.data.target)]}`, told.result.signed);
  }

  async finish(url, signed) {
    this.fetched = url;
    this.close();
    this.waiting = false;
    this.parts.track.hidden = true;
    const answer = await fetch(url);
    if (this.fetched !== url) return;
    if (!answer.ok) {
      this.parts.state.textContent = "The map could not be read. Reload the page.";
      return;
    }
    const { values } = read(await answer.arrayBuffer());
    this.parts.state.textContent = "";
    this.final = true;
    this.explain(values, signed);
    this.view.compare();
  }

  explain({ shape, values }, signed) {
    this.map = { shape, values, signed };
    this.view.draw();
  }

  paint(limits, colours) {
    this.face.explain({ ...this.map, limits, colours });
    this.root.dataset.limits = limits.join(" ");
  }

  unit(shown) {
    const [low, high] = limits(this.map.values, this.map.signed);
    this.parts.own.textContent = shown ? `${this.data.unit}; strongest ${text(Math.max(Math.abs(low), high)).replace("+", "")}` : "";
  }

  say(reading) {
    this.parts.output.textContent = reading ? [reading.called, reading.text].filter(Boolean).join(" ") : "";
    if (this.face && !this.view.painting) this.view.readAt(this, this.face.at);
  }

  close() {
    this.stop();
    this.stop = () => {};
    this.following = false;
  }
}

function letter(i) {
  return "ABCDEF"[i];
}

function cell(kind, words) {
  const part = document.createElement(kind);
  part.textContent = words;
  return part;
}

function scoped(words, scope) {
  const head = cell("th", words);
  head.scope = scope;
  return head;
}

function row(cells) {
  const line = document.createElement("tr");
  line.append(...cells);
  return line;
}

function ramp(colours, [low, high], signed, both) {
  const part = document.createElement("div");
  const canvas = document.createElement("canvas");
  canvas.width = 256;
  canvas.height = 1;
  canvas.setAttribute("aria-hidden", "true");
  const pixels = new Uint8ClampedArray(256 * 4).fill(255);
  for (let i = 0; i < 256; i++) pixels.set(colours.subarray(3 * i, 3 * i + 3), 4 * i);
  canvas.getContext("2d").putImageData(new ImageData(pixels, 256, 1), 0, 0);
  const ends = document.createElement("div");
  ends.className = "ends";
  ends.append(cell("span", `${text(low)}${signed ? " against" : ""}`), cell("span", signed ? "0" : ""), cell("span", `${signed ? "for " : ""}${text(high)}`));
  part.append(canvas, ends);
  if (both) part.prepend(cell("small", signed ? "maps with signs" : "maps without signs"));
  return part;
}

export default mounting(Comparison);
