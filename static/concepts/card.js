// One concept: its key and name, its share, the crops that show it best, and how much of it is left in.

import { element } from "../whylens.map/element.js";
import { Line } from "../whylens.notes/line.js";
import { icon } from "./marks.js";
import { label, usual } from "./naming.js";
import { signed } from "./shares.js";

const STEP = 0.05;

export class Card {
  // view: what the card is part of, which is told of crops looked at, pictures chosen and amounts changed
  constructor(view, concept, rank, mark) {
    this.view = view;
    this.concept = concept;
    this.rank = rank;
    this.label = label(view.naming, { kind: "concept", index: concept.index, rank });
    this.notes = new Line(view.notes, { kind: "concept", number: concept.index }, () => this.name);
    this.root = element("div", { class: "card", role: "listitem", "data-concept": concept.index });
    const told = concept.dead
      ? "In none of the pictures"
      : `${signed(concept.share)} of the logit${concept.stderr === null ? "" : ` (\u00b1 ${(100 * Math.abs(concept.stderr / (concept.importance || 1) * concept.share)).toFixed(1)})`}`;
    this.root.append(
      element("header", {}, icon(mark, 22), this.label.field),
      this.share(concept, mark),
      element("p", { class: "share", text: told }),
      this.crops(),
      ...(view.probe ? [this.amount()] : []),
      element("footer", {}, this.label.flag, ...(view.probe && !concept.dead ? [this.apart()] : [])),
      this.label.fault,
      this.notes.root,
    );
    if (view.probe) this.set(1);
    else this.scale = 1;
  }

  get name() {
    return this.view.naming.name("concept", this.concept.index, this.rank);
  }

  share({ share }, { colour }) {
    const [low, high] = this.view.reach;
    const track = element("span", { class: "stack", "aria-hidden": "true" }, element("i", { class: "piece" }), element("i", { class: "zero" }));
    const [piece, zero] = track.children;
    const place = (value) => `${(100 * (value - low)) / (high - low)}%`;
    piece.style.setProperty("--colour", `rgb(${colour.join(" ")})`);
    piece.style.left = place(Math.min(share, 0));
    piece.style.width = `${(100 * Math.abs(share)) / (high - low)}%`;
    zero.style.left = place(0);
    return track;
  }

  crops() {
    const { images, size } = this.view.result;
    const tiles = this.concept.crops.map((crop, i) => {
      const { name, predicted } = images[crop.image];
      const button = element("button", { type: "button", class: "crop", "aria-label": `Crop ${i + 1}, of ${name}, taken for ${predicted}. Strength ${crop.strength.toPrecision(3)}` }, part(this.view.picture(crop.image), crop.box, size));
      for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => this.view.peek(button, this, crop));
      for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => this.view.peek(null));
      button.addEventListener("click", () => this.view.choose(crop.image, this.concept.index));
      return button;
    });
    if (!tiles.length) return element("p", { class: "share", text: "No picture shows it." });
    const grid = element("div", { class: "crops", role: "group", "aria-label": `Where ${usual("concept", this.rank).toLowerCase()} is strongest` }, ...tiles);
    grid.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 3, ArrowUp: -3 }[event.key];
      if (!step) return;
      event.preventDefault();
      tiles[tiles.indexOf(event.target) + step]?.focus();
    });
    tiles.forEach((tile, i) => tile.setAttribute("tabindex", i ? "-1" : "0")); // arrows go on from the first
    return grid;
  }

  apart() {
    const button = element("button", { type: "button", class: "apart", text: "Take apart" });
    button.title = "Study the crops that show it, at an earlier layer";
    button.addEventListener("click", () => {
      button.disabled = true; // the page goes on from here
      this.view.trigger("apart", this.concept.index);
    });
    this.apartness = button;
    return button;
  }

  amount() {
    this.off = element("button", { type: "button", class: "off", text: "Off" });
    this.slider = element("input", { type: "range", min: 0, max: 2, step: STEP });
    this.output = element("output");
    this.off.addEventListener("click", () => this.view.scale(this, this.scale === 0 ? 1 : 0));
    this.slider.addEventListener("input", () => this.view.scale(this, Number(this.slider.value)));
    return element("div", { class: "amount" }, this.off, this.slider, this.output);
  }

  set(scale) {
    this.scale = scale;
    this.slider.value = scale;
    this.off.setAttribute("aria-pressed", String(scale === 0));
    this.root.classList.toggle("gone", scale === 0);
    this.output.textContent = scale === 0 ? "off" : `${Math.round(100 * scale)} %`;
    this.slider.setAttribute("aria-valuetext", this.output.textContent);
  }

  show() {
    this.label.show();
    this.notes.show();
    this.root.setAttribute("aria-label", this.name);
    this.root.classList.toggle("suspicious", this.view.naming.suspicious("concept", this.concept.index));
    if (this.apartness) {
      this.apartness.disabled = false;
      this.apartness.setAttribute("aria-label", `Take ${this.name} apart`);
    }
    if (!this.slider) return;
    this.slider.setAttribute("aria-label", `Amount of ${this.name}`);
    this.off.setAttribute("aria-label", `Switch ${this.name} off`);
  }
}

// A box [left, top, right, bottom] of a picture of size [height, width], filling the square it is put in.
export function part(url, [left, top, right, bottom], [height, width]) {
  const image = element("img", { src: url, alt: "", loading: "lazy", draggable: "false" });
  const percent = (share) => `${100 * share}%`;
  image.style.width = percent(width / (right - left));
  image.style.height = percent(height / (bottom - top));
  image.style.left = percent(-left / (right - left));
  image.style.top = percent(-top / (bottom - top));
  return image;
}
