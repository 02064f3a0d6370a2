// The strategic cluster graph as one moves in it: wheel, pinch, buttons or keys to come closer, a click or a line around
// pictures to choose them.

import { element } from "../whylens.map/element.js";
import { icon } from "../whylens.concepts/marks.js";
import { draw, inks, side } from "./draw.js";
import { framing, held, level, middle, nodes, pictures, projected, zoomed } from "./layout.js";
import { caught, nearest, towards } from "./lasso.js";
import { style } from "./sprite.js";

const CLICK = 5; // pixels a pointer may move in one
const GLIDE = 260; // milliseconds
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ALL = { zoom: 1, x: 0, y: 0 };

export class Graph {
  // owner: {images, groups, edges, sprite, naming, chosen, group, choose(), told()}
  constructor(root, owner) {
    this.owner = owner;
    this.root = root;
    this.canvas = element("canvas", { tabindex: 0, role: "application", "aria-roledescription": "graph", "aria-label": "Pictures placed by the concepts that decide them. Arrow keys go from picture to picture, Enter chooses one, plus and minus zoom, 0 shows everything. The table below says the same." });
    this.labels = element("div", { class: "labels" });
    this.tip = element("div", { class: "tip", hidden: "", "aria-hidden": "true" });
    root.append(this.canvas, this.labels, this.tip);
    this.context = this.canvas.getContext("2d");
    this.view = { ...ALL };
    this.lassoing = false;
    this.at = null; // the picture pointed at, or under the keyboard's cursor
    this.line = null;
    this.pointers = new Map();
    for (const [name, listener] of Object.entries({ pointerdown: this.press, pointermove: this.move, pointerup: this.release, pointercancel: this.release, pointerleave: this.leave, wheel: this.wheel, keydown: this.key, dblclick: this.closer, blur: this.leave })) {
      this.canvas.addEventListener(name, listener.bind(this), name === "wheel" ? { passive: false } : undefined);
    }
    root.addEventListener("transitionend", (event) => event.target === root && this.paint()); // its colour follows the scheme
    this.watching = new ResizeObserver(() => this.fit());
    this.watching.observe(root);
  }

  close() {
    this.watching.disconnect();
    cancelAnimationFrame(this.frame);
  }

  // The words of the groups: buttons, so that all can be reached without a pointer.
  build() {
    this.buttons = this.owner.groups.map((group, c) => {
      const button = element("button", { type: "button", class: "label" });
      button.addEventListener("click", () => this.owner.choose(group.members, c));
      button.addEventListener("dblclick", () => this.show("points"));
      return button;
    });
    this.labels.replaceChildren(...this.buttons);
    this.fit();
  }

  fit() {
    const { clientWidth: w, clientHeight: h } = this.root;
    if (!w || !h || !this.buttons) return;
    const moved = this.view.x / (this.w || w);
    [this.w, this.h] = [w, h];
    const sharp = window.devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [Math.round(w * sharp), Math.round(h * sharp)];
    this.view = held({ ...this.view, x: moved * w }, w, h);
    const places = ({ members }) => members.map((i) => [this.owner.images[i].x, this.owner.images[i].y]);
    const placed = nodes(this.owner.groups.map((group) => ({ places: places(group), prevalence: group.prevalence })), w, h);
    placed.forEach((node, c) => (this.owner.groups[c].node = node));
    this.paint();
  }

  paint() {
    if (!this.w) return;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.drawn());
  }

  drawn() {
    const sharp = this.canvas.width / this.w;
    this.context.setTransform(sharp, 0, 0, sharp, 0, 0);
    this.level = level(this.view.zoom, this.owner.images.length, this.w, this.h);
    const { images, groups, edges, sprite, chosen, group } = this.owner;
    this.scene = { images, groups, edges, sprite, chosen, group, view: this.view, w: this.w, h: this.h, level: this.level, at: this.at, lasso: this.line };
    this.places = draw(this.context, this.scene, inks(this.root));
    this.canvas.classList.toggle("close", this.view.zoom > 1);
    this.canvas.classList.toggle("lassoing", this.lassoing);
    this.root.dataset.level = this.level;
    this.root.dataset.zoom = this.view.zoom.toFixed(2);
    this.said();
    this.owner.zoomed(this.level);
  }

  said() {
    const { groups, naming, group: chosen } = this.owner;
    groups.forEach((group, c) => {
      const button = this.buttons[c];
      const far = this.level === "groups";
      const [x, y] = far ? [this.view.x + this.view.zoom * group.node.x, this.view.y + this.view.zoom * (group.node.y + group.node.r) + (group.suspicious ? 14 : 8)] : this.above(group);
      button.hidden = this.level === "pictures" || x < 0 || x > this.w || y < -20 || y > this.h;
      button.classList.toggle("short", !far);
      button.style.left = `${x}px`;
      button.style.top = `${y}px`;
      button.setAttribute("aria-pressed", String(chosen === c));
      const name = element("strong", { text: naming.name("strategy", group.index, c) });
      const parts = far ? [name, element("span", { text: group.told }), ...(group.fares ? [element("span", { text: group.fares })] : [])] : [icon(group.mark, 14), name];
      if (group.suspicious) parts.push(element("em", { text: "\u2691 suspicious" }));
      button.replaceChildren(...parts);
    });
  }

  above({ members }) {
    const places = members.map((i) => this.places[i]);
    return [middle(places)[0], Math.max(Math.min(...places.map(([, y]) => y)) - 40, 6)];
  }

  // "groups", "points" or "pictures": of the chosen, where there are any.
  show(wanted) {
    const { images, chosen } = this.owner;
    const among = chosen.size ? [...chosen] : [...images.keys()];
    const near = pictures(images.length, this.w, this.h);
    const limits = { groups: [1, 1], points: [1.15, near / 1.2], pictures: [1.15 * near, undefined] }[wanted];
    this.glide(framing(among.map((i) => [images[i].x, images[i].y]), this.w, this.h, ...limits));
  }

  by(factor, [x, y] = [this.w / 2, this.h / 2]) {
    this.view = zoomed(this.view, factor, x, y, this.w, this.h);
    this.paint();
  }

  glide(to) {
    const from = { ...this.view };
    const begun = performance.now();
    const quick = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = (now) => {
      const t = quick ? 1 : Math.min(Math.max((now - begun) / GLIDE, 0), 1);
      const s = t * t * (3 - 2 * t);
      const zoom = from.zoom * (to.zoom / from.zoom) ** s;
      const share = to.zoom === from.zoom ? s : (zoom - from.zoom) / (to.zoom - from.zoom); // so that the goal moves straight
      this.view = held({ zoom, x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }, this.w, this.h);
      this.drawn();
      if (t < 1) this.gliding = requestAnimationFrame(step);
    };
    cancelAnimationFrame(this.gliding);
    this.gliding = requestAnimationFrame(step);
  }

  // -- pointer

  spot(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    if (event.button) return;
    cancelAnimationFrame(this.gliding);
    this.canvas.setPointerCapture(event.pointerId);
    const spot = this.spot(event);
    this.pointers.set(event.pointerId, spot);
    this.began = spot;
    this.dragged = false;
    this.line = (this.lassoing || event.shiftKey) && this.pointers.size === 1 ? [spot] : null;
  }

  move(event) {
    const spot = this.spot(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.point(this.hit(spot), spot);
    this.dragged ||= Math.hypot(spot[0] - this.began[0], spot[1] - this.began[1]) > CLICK;
    if (this.pointers.size === 2) this.pinch(event.pointerId, spot);
    else if (this.line) this.line.push(spot);
    else if (this.dragged) this.view = held({ ...this.view, x: this.view.x + spot[0] - before[0], y: this.view.y + spot[1] - before[1] }, this.w, this.h);
    this.pointers.set(event.pointerId, spot);
    this.paint();
  }

  pinch(id, spot) {
    this.line = null;
    const [, other] = [...this.pointers].find(([key]) => key !== id);
    const before = this.pointers.get(id);
    const far = ([x, y]) => Math.max(Math.hypot(x - other[0], y - other[1]), 1);
    this.view = zoomed(this.view, far(spot) / far(before), (spot[0] + other[0]) / 2, (spot[1] + other[1]) / 2, this.w, this.h);
  }

  release(event) {
    const spot = this.pointers.get(event.pointerId);
    if (!this.pointers.delete(event.pointerId) || this.pointers.size) return;
    const line = this.line;
    this.line = null;
    if (line && this.dragged) this.owner.choose(caught(this.places, line), null);
    else if (!this.dragged && event.type === "pointerup") this.click(spot);
    this.paint();
  }

  click(spot) {
    const hit = this.hit(spot);
    if (hit === null) return this.owner.choose([], null);
    if (hit.group !== undefined) return this.owner.choose(this.owner.groups[hit.group].members, hit.group);
    this.owner.choose([hit.image], null);
  }

  // What lies there: {group} or {image}, or null.
  hit(spot) {
    if (!this.places) return null;
    if (this.level === "groups") {
      const c = this.owner.groups.findIndex(({ node }) => Math.hypot(this.view.x + this.view.zoom * node.x - spot[0], this.view.y + this.view.zoom * node.y - spot[1]) <= node.r);
      if (c >= 0) return { group: c };
    }
    const reach = this.level === "pictures" ? side(this.scene) / 2 : 14;
    const i = nearest(this.places, spot, reach);
    return i < 0 ? null : { image: i };
  }

  point(hit) {
    const image = hit?.image ?? null;
    this.canvas.classList.toggle("over", hit !== null);
    if (image === this.at) return;
    this.at = image;
    this.hint();
    this.paint();
  }

  leave() {
    this.at = null;
    this.hint();
    this.paint();
  }

  hint() {
    this.tip.hidden = this.at === null;
    if (this.at === null) return;
    const { images, spriteUrl } = this.owner;
    const thumb = element("span", { class: "thumb" });
    Object.assign(thumb.style, style(spriteUrl, this.at, images.length, 96));
    this.tip.replaceChildren(thumb, ...this.owner.told(this.at).map((text, i) => element(i ? "span" : "strong", { text })));
    const [x, y] = this.places[this.at];
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const away = this.level === "pictures" ? side(this.scene) / 2 + 10 : 18;
    this.tip.style.left = `${Math.min(Math.max(x + away + width <= this.w ? x + away : x - away - width, 4), Math.max(this.w - width - 4, 4))}px`;
    this.tip.style.top = `${Math.min(Math.max(y - height / 2, 4), Math.max(this.h - height - 4, 4))}px`;
  }

  wheel(event) {
    if (this.view.zoom <= 1 && event.deltaY > 0) return; // the page scrolls on
    event.preventDefault();
    this.by(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0022)), this.spot(event));
  }

  closer(event) {
    this.by(2, this.spot(event));
  }

  // -- keyboard

  key(event) {
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) this.view = held({ ...this.view, x: this.view.x - 60 * arrow[0], y: this.view.y - 60 * arrow[1] }, this.w, this.h);
    else if (arrow) this.step(arrow);
    else if (event.key === "+" || event.key === "=") this.by(1.4, this.places[this.at]);
    else if (event.key === "-") this.by(1 / 1.4, this.places[this.at]);
    else if (event.key === "0") this.glide(ALL);
    else if ((event.key === "Enter" || event.key === " ") && this.at !== null) this.owner.choose([this.at], null);
    else if (event.key === "Escape") this.owner.choose([], null);
    else return;
    event.preventDefault();
    this.paint();
  }

  step(arrow) {
    const from = this.at ?? nearest(this.places, [this.w / 2, this.h / 2], Infinity);
    const next = this.at === null ? from : towards(this.places, from, arrow);
    if (next < 0) return;
    this.at = next;
    const [x, y] = this.places[next];
    const outside = x < 20 || y < 20 || x > this.w - 20 || y > this.h - 20;
    if (outside) this.view = held({ ...this.view, x: this.view.x + this.w / 2 - x, y: this.view.y + this.h / 2 - y }, this.w, this.h);
    this.places = this.owner.images.map((image) => projected(this.view, [image.x, image.y], this.w, this.h));
    this.hint();
    this.owner.say(this.owner.told(next).join(", "));
  }
}
