// Painting on an explained picture and its map: strokes become questions, answers move while one paints.

import { element } from "../whylens.map/element.js";
import { Answer, MARKUP as ANSWER } from "./answer.js";
import { Board } from "./board.js";
import { blank } from "./effects.js";
import { Hands } from "./hands.js";
import { Keyboard } from "./keyboard.js";
import { sheet } from "./keys.js";
import { MARKUP as PAST, Past } from "./past.js";
import { Patches } from "./patches.js";
import { MARKUP as REVISIONS, Revisions } from "./revisions.js";
import { MARKUP as SCORE, Score } from "./score.js";
import { Stroke } from "./stroke.js";
import { change, Strokes } from "./strokes.js";
import { CHOICES, MARKUP as KIT, Tools } from "./tools.js";

const ANCESTORS = 5; // revisions that can be undone one by one after a reload
const HINTS = {
  remove: "Paint over a part of the picture: the answer moves while you paint.",
  keep: "Paint what the model may still see: everything else goes.",
};

export class Brush {
  // view: {here, picture, look, map, target, exports}; map as the stage has it, exports: [[ending, what is in it]]
  constructor(view) {
    this.view = view;
    this.head = element("div", { class: "painting" });
    this.head.innerHTML = `${KIT}<div class="easel"><canvas class="board" tabindex="0" role="application"></canvas><canvas class="over" aria-hidden="true"></canvas></div>`;
    this.tail = element("div", { class: "painted" });
    this.tail.innerHTML = `${ANSWER}${CHOICES}${SCORE}${PAST}${REVISIONS}<div class="told" role="status"></div>`;
    this.keys = sheet();
    this.head.append(this.keys);
    const canvas = this.head.querySelector(".board");
    canvas.setAttribute("aria-label", "The picture to paint on. Arrow keys move the brush, Space dabs, ? tells every key.");
    this.canvas = canvas;
    this.board = new Board(canvas, this.head.querySelector(".over"), view.picture, view.look);
    this.size = this.board.size;
    this.planes = blank(this.size);
    this.strokes = new Strokes(this.size[0]);
    this.patches = new Patches();
    const tell = (words) => this.tell(words);
    this.answer = new Answer(this.tail, view.here, tell);
    this.score = new Score(this.tail, view.here, tell);
    this.past = new Past(this.tail, (count) => this.travel(() => this.strokes.go(count, this.planes)));
    this.tools = new Tools({ querySelector: (s) => this.head.querySelector(s) ?? this.tail.querySelector(s), querySelectorAll: (s) => [...this.head.querySelectorAll(s), ...this.tail.querySelectorAll(s)] }, { changed: (news) => this.changed(news), act: (name) => this.act(name) });
    this.revisions = new Revisions(this.tail, view.here, {
      exports: view.exports,
      content: () => this.content(),
      open: (revision, planes) => this.load(revision, planes),
      kept: () => this.redraw(),
      tell,
    });
    this.hands = new Hands(canvas, this.board, {
      begin: (place, share) => this.begin(place, share),
      go: (place, share) => this.go(place, share),
      end: () => this.end(),
      drop: () => this.drop(),
      hover: (place) => this.hover(place),
    });
    this.keyboard = new Keyboard(this, [this.head, this.tail]);
    this.explain(view.map, view.target);
    this.opening = this.revisions.trying(() => this.open());
  }

  // The newest revision is where one left off; those that led to it can be undone.
  async open() {
    for (const { revision, planes } of await this.revisions.chain(ANCESTORS)) this.load(revision, planes);
    this.head.dataset.opened = String(this.strokes.done.length);
    this.ask(true);
  }

  // Another class, or another map of this picture.
  explain(map, target) {
    const other = this.map && this.map.values !== map.values;
    [this.map, this.target] = [map, target];
    if (other) {
      this.planes.added = blank(this.size).added; // what was added is in units of a map that is gone
      this.strokes.clear();
      this.score.clear();
    }
    this.board.show(map, this.planes, this.tools.state.mode);
    this.machine = map.values.map((value) => value / this.board.reach);
    this.answer.about(target);
    this.redraw();
  }

  close() {
    this.answer.stop();
    this.score.clear();
    this.head.remove();
    this.tail.remove();
  }

  content() {
    const { mode, fill } = this.tools.state;
    const planes = new Uint8Array(2 * this.planes.amount.length);
    planes.set(this.planes.amount);
    planes.set(this.planes.added, this.planes.amount.length);
    return { planes, target: this.target, mode, fill };
  }

  load(revision, planes) {
    const n = this.planes.amount.length;
    const there = { amount: planes.slice(0, n), added: revision.target === this.target ? planes.slice(n) : blank(this.size).added };
    this.tools.set({ mode: revision.mode, fill: revision.fill });
    this.replace(there, `Revision ${revision.number}`);
  }

  // One step to other planes altogether.
  replace(there, told) {
    const whole = this.board.whole;
    const changes = Object.keys(there).map((name) => change(name, this.size[0], whole, this.planes[name], there[name]));
    for (const name of Object.keys(there)) this.planes[name].set(there[name]);
    this.board.refresh();
    this.strokes.add({ told, changes, thumbnail: this.board.thumbnail() });
    this.redraw();
    this.ask(true);
  }

  begin(place, share) {
    const { layer, shape } = this.tools.state;
    this.hands.cursor = place;
    if (layer === "cells") return this.patch(place);
    if (shape === "hand") return (this.grabbed = place);
    const { plane, effect } = this.tools;
    this.stroke = new Stroke({ plane, bytes: this.planes[plane], size: this.size, effect, machine: this.machine, place });
    this.lay(place, share);
  }

  go(place, share) {
    this.hands.cursor = place;
    if (this.tools.state.layer === "cells") this.patch(place, true);
    else if (this.grabbed) this.board.move(this.grabbed[0] - place[0], this.grabbed[1] - place[1]);
    else if (this.stroke) {
      this.lay(place, share);
      this.hover(place);
    }
  }

  lay(place, share) {
    const { shape, size, hardness } = this.tools.state;
    if (shape === "brush") this.laid(this.stroke.brush(place, (share * size) / 2, hardness));
    else if (shape === "region" && this.regions) this.laid(this.stroke.region(place, this.regions));
    else if (shape === "lasso") this.stroke.line.push(place);
  }

  laid(rect) {
    if (!rect) return;
    this.board.touch(rect, this.stroke.plane);
    this.ask();
  }

  end() {
    this.grabbed = undefined;
    if (this.tools.state.layer === "cells") {
      this.switching = undefined;
      return this.answer.settle();
    }
    if (!this.stroke) return;
    if (this.tools.state.shape === "lasso") this.laid(this.stroke.close());
    const { stroke } = this;
    this.stroke = undefined;
    if (!stroke.rect) return;
    this.strokes.add({ told: stroke.effect.told, changes: [stroke.change], thumbnail: this.board.thumbnail() });
    this.redraw();
    this.answer.settle();
  }

  // The stroke was not meant.
  drop() {
    if (this.stroke?.rect) {
      this.stroke.revert();
      this.board.touch(this.stroke.rect, this.stroke.plane);
      this.ask(true);
    }
    this.stroke = this.grabbed = undefined;
    this.keyboard.corners = [];
    this.hover(null);
  }

  patch(place, dragging = false) {
    if (!this.patches.known) return;
    const cell = this.patches.of(place, this.size);
    if (!dragging) this.switching = !this.patches.off.has(cell);
    this.patches.at = cell;
    this.turn(cell, this.switching);
  }

  turn(cell, off) {
    if (this.patches.off.has(cell) !== off && !this.patches.set(cell, off)) this.tell("The last cell stays on.");
    this.hover(null);
    this.ask();
  }

  // A question about what there is now.
  ask(rests = false) {
    const { layer, mode, fill } = this.tools.state;
    if (layer === "map") this.score.clear();
    if (layer === "cells") this.answer.put(this.patches.question);
    else if (layer === "picture") this.answer.put({ amount: this.planes.amount.slice(), mode, fill, hint: HINTS[mode] });
    if (rests) this.answer.settle();
  }

  async changed(news) {
    const { layer, shape, mode } = this.tools.state;
    if ("mode" in news) {
      this.board.mode = mode;
      this.board.refresh();
    }
    if ("layer" in news) {
      this.tail.dataset.layer = layer;
      if (layer === "cells" && !this.patches.known) await this.layPatches();
    }
    if (shape === "region" && !this.regions) await this.divide();
    if ("layer" in news || "mode" in news || "fill" in news) this.ask(true);
    this.hover(this.hands.cursor);
  }

  async layPatches() {
    const told = await this.answer.asked("cells", { off: [] }, new AbortController().signal);
    if (told) this.patches.lay(told);
  }

  async divide() {
    const answer = await fetch(`${this.view.here}/paint/regions`);
    if (answer.ok) this.regions = new Uint16Array(await answer.arrayBuffer());
    else this.tell((await answer.json()).error.message);
  }

  act(name) {
    const acts = {
      undo: () => this.travel(() => this.strokes.undo(this.planes)),
      redo: () => this.travel(() => this.strokes.redo(this.planes)),
      reset: () => this.reset(),
      closer: () => this.look(() => this.board.closer(1.5, this.hands.cursor)),
      farther: () => this.look(() => this.board.closer(1 / 1.5, this.hands.cursor)),
      fit: () => this.look(() => this.board.closer(0)),
      keys: () => this.keys.showModal(),
      judge: () => this.score.judge(this.planes.added.slice(), this.target),
      close: () => this.keyboard.close(),
      drop: () => this.drop(),
    };
    acts[name]();
  }

  look(act) {
    act();
    this.hover(this.hands.cursor);
  }

  travel(act) {
    this.drop();
    if (act() === undefined && !this.strokes.all.length) return;
    this.board.touch(this.board.whole);
    this.redraw();
    this.ask(true);
    this.tell(this.strokes.done.length ? `${this.strokes.done.length} strokes` : "Nothing is painted.");
  }

  reset() {
    if (this.tools.state.layer === "cells") {
      this.patches.off.clear();
      this.hover(null);
      return this.ask();
    }
    this.replace(blank(this.size), "Reset");
  }

  hover(place) {
    const { layer, shape, size } = this.tools.state;
    if (layer === "cells") return this.board.mark(this.patches.known ? { cells: this.patches.marks } : {});
    const ring = place ? { at: place, radius: shape === "brush" ? size / 2 : 2 } : undefined;
    const { corners } = this.keyboard;
    const line = corners.length ? [...corners, this.hands.cursor] : shape === "lasso" ? this.stroke?.line : undefined;
    this.board.mark({ ring, line });
  }

  redraw() {
    this.past.draw(this.strokes);
    this.tools.acts.undo.disabled = !this.strokes.done.length;
    this.tools.acts.redo.disabled = !this.strokes.undone.length;
  }

  tell(words) {
    this.tail.querySelector(".told").textContent = words;
  }
}
