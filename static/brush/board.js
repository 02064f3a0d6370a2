// The picture that is painted on: picture, edited map and veil as layers, of which only what has changed is redrawn.

import { paint } from "../whylens.map/scale.js";
import { edited } from "./effects.js";

const VEIL = 0.9; // opacity over what the model does not see
const DENSE = 2; // pixels of the canvas for each of the picture, before zooming
const FARTHEST = 8;

export class Board {
  // canvas and the one above it, for what moves; picture: an image; look: as the map's stage has it
  constructor(canvas, over, picture, look) {
    [this.canvas, this.over, this.picture, this.look] = [canvas, over, picture, look];
    this.size = [picture.naturalWidth, picture.naturalHeight];
    const [w, h] = this.size;
    for (const each of [canvas, over]) [each.width, each.height] = [w * DENSE, h * DENSE];
    this.context = canvas.getContext("2d");
    this.above = over.getContext("2d");
    [this.colours, this.veil] = [new OffscreenCanvas(w, h), new OffscreenCanvas(w, h)];
    this.base = new OffscreenCanvas(w, h);
    this.planes = null;
    this.map = null;
    this.mode = "remove";
    this.zoom = 1;
    this.corner = [0, 0]; // the pixel at the top left
  }

  get whole() {
    return [0, 0, ...this.size];
  }

  // map: {shape, values, stderr?, signed, colours, limits}
  show(map, planes, mode) {
    [this.map, this.planes, this.mode] = [map, planes, mode];
    this.reach = map.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    this.refresh();
  }

  // Everything, after the look, the map or the mode has changed.
  refresh() {
    if (!this.map) return;
    const context = this.base.getContext("2d");
    context.clearRect(0, 0, ...this.size);
    context.filter = this.look.view === "overlay" ? "grayscale(1)" : "none"; // colour means evidence, and only that
    context.drawImage(this.picture, 0, 0, ...this.size);
    this.touch(this.whole);
  }

  // A plane has changed inside a rectangle; without its name, both have.
  touch(rect, plane) {
    const [left, top, right, bottom] = rect;
    const put = (layer, pixels) => layer.getContext("2d").putImageData(new ImageData(pixels, right - left, bottom - top), left, top);
    if (plane !== "amount") put(this.colours, this.coloured(rect));
    if (plane !== "added") put(this.veil, this.veiled(rect));
    this.draw(rect);
  }

  coloured(rect) {
    const values = edited(this.map, this.planes.added, this.reach, rect, this.size[0]);
    const solid = this.look.view === "map";
    const shown = { ...this.look, opacity: solid ? 1 : this.look.opacity, solid, clear: false };
    return paint({ values }, this.map.limits, this.map.colours, shown);
  }

  // Hatched, so that it is told from a grey picture.
  veiled([left, top, right, bottom]) {
    const pixels = new Uint8ClampedArray(4 * (right - left) * (bottom - top));
    const [w] = this.size;
    let k = 0;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++, k += 4) {
        const amount = this.planes.amount[row * w + column];
        pixels[k] = pixels[k + 1] = pixels[k + 2] = (row + column) % 8 < 4 ? 118 : 138;
        pixels[k + 3] = VEIL * (this.mode === "remove" ? amount : 255 - amount);
      }
    }
    return pixels;
  }

  draw(rect = this.whole) {
    const { context, canvas, look } = this;
    const [w, h] = this.size;
    const scale = DENSE * this.zoom;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.save();
    context.setTransform(scale, 0, 0, scale, -scale * this.corner[0], -scale * this.corner[1]);
    context.beginPath();
    const [left, top, right, bottom] = rect;
    context.rect(left - 2, top - 2, right - left + 4, bottom - top + 4); // smoothing reaches over the border
    context.clip();
    context.clearRect(0, 0, w, h);
    context.imageSmoothingEnabled = look.smooth;
    context.imageSmoothingQuality = "high";
    if (look.view !== "map") context.drawImage(this.base, 0, 0);
    if (look.view !== "picture") context.drawImage(this.colours, 0, 0);
    context.drawImage(this.veil, 0, 0);
    context.restore();
    canvas.dataset.drawn = rect.join(" ");
  }

  // A place on the screen as a pixel of the picture, in fractions.
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      this.corner[0] + ((event.clientX - box.left) / box.width) * (this.size[0] / this.zoom),
      this.corner[1] + ((event.clientY - box.top) / box.height) * (this.size[1] / this.zoom),
    ];
  }

  // Zoom by a factor, so that the given pixel stays where it is.
  closer(factor, [x, y] = [this.corner[0] + this.size[0] / this.zoom / 2, this.corner[1] + this.size[1] / this.zoom / 2]) {
    const zoom = Math.min(Math.max(this.zoom * factor, 1), FARTHEST);
    const kept = this.zoom / zoom;
    this.zoom = zoom;
    this.move(x - (x - this.corner[0]) * kept - this.corner[0], y - (y - this.corner[1]) * kept - this.corner[1]);
  }

  // Look further right and down by so many pixels of the picture.
  move(across, down) {
    this.corner = [across, down].map((by, i) => Math.min(Math.max(this.corner[i] + by, 0), this.size[i] * (1 - 1 / this.zoom)));
    this.draw();
  }

  // What moves above: the ring of the brush, the line of a lasso, the cells. marks: {ring?, line?, cells?}
  mark({ ring, line, cells }) {
    const context = this.above;
    const scale = DENSE * this.zoom;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.over.width, this.over.height);
    context.setTransform(scale, 0, 0, scale, -scale * this.corner[0], -scale * this.corner[1]);
    if (cells) this.grid(cells, scale);
    for (const [colour, width] of [["#000", 4], ["#fff", 1.6]]) {
      context.strokeStyle = colour;
      context.lineWidth = width / scale;
      context.beginPath();
      if (ring) context.arc(...ring.at, Math.max(ring.radius, 1), 0, 2 * Math.PI);
      context.stroke();
      context.beginPath();
      line?.forEach((place, i) => (i ? context.lineTo(...place) : context.moveTo(...place)));
      context.stroke();
    }
  }

  // cells: {rows, columns, off, at?}
  grid({ rows, columns, off, at }, scale) {
    const context = this.above;
    const [cw, ch] = [this.size[0] / columns, this.size[1] / rows];
    const box = (cell) => [(cell % columns) * cw, Math.floor(cell / columns) * ch, cw, ch];
    context.fillStyle = "rgba(128, 128, 128, 0.88)";
    for (const cell of off) context.fillRect(...box(cell));
    for (const [colour, width] of [["rgba(0, 0, 0, 0.55)", 3], ["rgba(255, 255, 255, 0.8)", 1.2]]) {
      context.strokeStyle = colour;
      context.lineWidth = width / scale;
      context.beginPath();
      for (let k = 1; k < columns; k++) context.moveTo(k * cw, 0), context.lineTo(k * cw, this.size[1]);
      for (let k = 1; k < rows; k++) context.moveTo(0, k * ch), context.lineTo(this.size[0], k * ch);
      context.stroke();
    }
    if (at === undefined) return;
    for (const [colour, width] of [["#000", 7], ["#fff", 3]]) {
      context.strokeStyle = colour;
      context.lineWidth = width / scale;
      context.strokeRect(...box(at).map((side, i) => side + (i < 2 ? 2 : -4) / this.zoom));
    }
  }

  // A small picture of what there is now.
  thumbnail(side = 56) {
    const made = document.createElement("canvas");
    made.width = made.height = 2 * side;
    const context = made.getContext("2d");
    for (const layer of [this.base, this.colours, this.veil]) context.drawImage(layer, 0, 0, made.width, made.height);
    return made;
  }
}
