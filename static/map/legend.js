// What the colours stand for: the scale with its numbers and unit, and where on it the value lies that is read.

import { text } from "./scale.js";

export const MARKUP = `
<div class="scale">
  <canvas class="ramp" width="256" height="1" aria-hidden="true"></canvas>
  <div class="marker" hidden></div>
  <div class="ends"><span class="low"></span><span class="zero">0</span><span class="high"></span></div>
  <div class="meaning"><span class="against"></span><span class="unit"></span><span class="towards"></span></div>
</div>`;

export class Legend {
  // `root` holds the markup.
  constructor(root) {
    this.parts = Object.fromEntries(
      ["ramp", "marker", "low", "zero", "high", "against", "unit", "towards"].map((name) => [name, root.querySelector(`.${name}`)]),
    );
    this.limits = null;
  }

  // colours: 256 entries; the unit may name a class, which is anybody's: never markup
  say({ unit, signed }, colours) {
    this.signed = signed;
    this.parts.unit.textContent = unit;
    this.parts.against.textContent = signed ? "\u2190 against" : "";
    this.parts.towards.textContent = signed ? "for \u2192" : "";
    const pixels = new Uint8ClampedArray(256 * 4).fill(255);
    for (let i = 0; i < 256; i++) pixels.set(colours.subarray(3 * i, 3 * i + 3), 4 * i);
    this.parts.ramp.getContext("2d").putImageData(new ImageData(pixels, 256, 1), 0, 0);
  }

  // The numbers at the ends; null while there is no map.
  show(limits) {
    this.limits = limits;
    this.parts.low.textContent = limits ? text(limits[0]) : "";
    this.parts.high.textContent = limits ? text(limits[1]) : "";
    this.parts.zero.hidden = !limits || !this.signed;
    this.mark(null);
  }

  mark(value) {
    this.parts.marker.hidden = value === null || !this.limits;
    if (this.parts.marker.hidden) return;
    const [low, high] = this.limits;
    this.parts.marker.style.left = `${(100 * (value - low)) / (high - low)}%`;
  }
}
