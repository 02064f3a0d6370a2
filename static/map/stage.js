// The picture with its map: three ways to see it, a value under the pointer, a crosshair for the keyboard.

import { limits, paint, text } from "./scale.js";

export class Stage {
  constructor(canvas, { onRead }) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.onRead = onRead;
    this.look = { view: "overlay", smooth: true, opacity: 0.85, clear: false };
    this.picture = null;
    this.map = null;
    this.at = null; // the place read, in fractions of width and height
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      this.read((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    canvas.addEventListener("pointerleave", () => this.read(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("keyup", (event) => event.key === "o" && this.change({ view: this.held ?? this.look.view }));
    canvas.addEventListener("blur", () => this.read(null));
  }

  change(look) {
    Object.assign(this.look, look);
    this.held = undefined;
    this.draw();
  }

  // The picture decides the size of the canvas; twice its pixels, so that smoothing has something to smooth into.
  show(picture) {
    this.picture = picture;
    this.canvas.width = picture.naturalWidth * 2;
    this.canvas.height = picture.naturalHeight * 2;
    this.draw();
  }

  // map: {shape, values, stderr?, signed, colours, limits?}; without limits given, its own.
  explain(map) {
    this.map = map && { limits: limits(map.values, map.signed), ...map };
    this.draw();
    this.read(this.at?.[0] ?? null, this.at?.[1]);
  }

  draw() {
    const { context, canvas, map, look } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (this.picture && look.view !== "map") {
      context.imageSmoothingEnabled = look.smooth;
      context.filter = map && look.view === "overlay" ? "grayscale(1)" : "none"; // colour means evidence, and only that
      context.drawImage(this.picture, 0, 0, canvas.width, canvas.height);
      context.filter = "none";
    }
    if (map && look.view !== "picture") {
      const [h, w] = map.shape;
      const solid = look.view === "map";
      const pixels = paint(map, map.limits, map.colours, { ...look, opacity: solid ? 1 : look.opacity, solid });
      const layer = new OffscreenCanvas(w, h);
      layer.getContext("2d").putImageData(new ImageData(pixels, w, h), 0, 0);
      context.imageSmoothingEnabled = look.smooth;
      context.imageSmoothingQuality = "high";
      context.drawImage(layer, 0, 0, canvas.width, canvas.height);
    }
    if (this.at && this.crosshair) {
      const [x, y] = [this.at[0] * canvas.width, this.at[1] * canvas.height];
      for (const [colour, width] of [["#000", 5], ["#fff", 2]]) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.beginPath();
        context.arc(x, y, 10, 0, 2 * Math.PI);
        context.stroke();
      }
    }
  }

  // Value and standard error at a place, or null when the pointer has left.
  read(x, y) {
    const had = this.crosshair;
    this.at = x === null ? null : [Math.min(Math.max(x, 0), 1), Math.min(Math.max(y, 0), 1)];
    if (!this.at) this.crosshair = false;
    if (had && !this.crosshair) this.draw();
    if (!this.at || !this.map) return this.onRead(null);
    const [h, w] = this.map.shape;
    const column = Math.min(Math.floor(this.at[0] * w), w - 1);
    const row = Math.min(Math.floor(this.at[1] * h), h - 1);
    const i = row * w + column;
    this.onRead({ row, column, value: this.map.values[i], stderr: this.map.stderr?.[i], text: text(this.map.values[i]) });
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in steps) {
      const [x, y] = this.at ?? [0.5, 0.5];
      const step = event.shiftKey ? 1 / 8 : 1 / 56;
      this.crosshair = true;
      this.read(x + step * steps[event.key][0], y + step * steps[event.key][1]);
      this.draw();
      event.preventDefault();
    } else if (event.key === "o" && !event.repeat && this.look.view !== "picture") {
      const view = this.look.view;
      this.change({ view: "picture" });
      this.held = view; // until the key is let go
    }
  }
}
