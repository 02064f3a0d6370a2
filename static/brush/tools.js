// Which tool is in hand: what is edited, with what shape, to what effect, how large and how hard.

import { element } from "../whylens.map/element.js";
import { EFFECTS } from "./effects.js";
import { FILLS } from "./sentences.js";

export const LAYERS = { picture: ["Picture", "1", "amount"], map: ["Map", "2", "added"], cells: ["Cells", "3", null] };
export const SHAPES = { brush: ["Brush", "b"], region: ["Region", "g"], lasso: ["Lasso", "l"], hand: ["Move", "h"] };
export const MODES = { remove: "goes", keep: "stays, all else goes" };
const SIZES = [2, 120]; // pixels of the picture across

export const MARKUP = `
<div class="kit" role="toolbar" aria-label="Brush">
  <div class="views layers" role="group" aria-label="What is edited"></div>
  <div class="views shapes" role="group" aria-label="Shape"></div>
  <div class="views effects" role="group" aria-label="Effect"></div>
  <label class="size">Size <input type="range" min="${SIZES[0]}" max="${SIZES[1]}" step="1"></label>
  <label class="hardness">Hardness <input type="range" min="0" max="1" step="0.1"></label>
  <div class="views past" role="group" aria-label="History">
    <button type="button" data-act="undo" title="Undo (Ctrl+Z)">Undo</button>
    <button type="button" data-act="redo" title="Redo (Ctrl+Shift+Z)">Redo</button>
    <button type="button" data-act="reset" title="Reset (Backspace)">Reset</button>
  </div>
  <div class="views sight" role="group" aria-label="Zoom">
    <button type="button" data-act="farther" title="Zoom out (Shift+Z)" aria-label="Zoom out">\u2212</button>
    <button type="button" data-act="closer" title="Zoom in (Z)" aria-label="Zoom in">+</button>
    <button type="button" data-act="keys" title="Keys (?)" aria-label="Keys">?</button>
  </div>
</div>`;

export const CHOICES = `
<div class="choices">
  <label>What is painted <select class="mode">${Object.entries(MODES).map(([mode, name]) => `<option value="${mode}">${name}</option>`).join("")}</select></label>
  <label>Filled with <select class="fill-in">${Object.entries(FILLS).map(([fill, name]) => `<option value="${fill}">${name}</option>`).join("")}</select></label>
  <button type="button" class="judge" data-act="judge">Judge the edited map</button>
</div>`;

export class Tools {
  // root holds both markups; changed(what) is told, act(name) is asked for
  constructor(root, { changed, act }) {
    this.state = { layer: "picture", shape: "brush", effect: "paint", size: 28, hardness: 0.7, mode: "remove", fill: "blur" };
    this.changed = changed;
    const find = (selector) => root.querySelector(selector);
    this.groups = { layer: find(".layers"), shape: find(".shapes"), effect: find(".effects") };
    this.parts = { size: find(".size"), hardness: find(".hardness"), mode: find(".mode"), fill: find(".fill-in"), judge: find(".judge") };
    this.acts = Object.fromEntries([...root.querySelectorAll("[data-act]")].map((button) => [button.dataset.act, button]));
    for (const [name, button] of Object.entries(this.acts)) button.addEventListener("click", () => act(name));
    for (const name of ["size", "hardness"]) this.parts[name].querySelector("input").addEventListener("input", (event) => this.set({ [name]: Number(event.target.value) }));
    for (const name of ["mode", "fill"]) this.parts[name].addEventListener("change", (event) => this.set({ [name]: event.target.value }));
    this.fill("layer", Object.entries(LAYERS).map(([name, [label, key]]) => [name, label, key]));
    this.fill("shape", Object.entries(SHAPES).map(([name, [label, key]]) => [name, label, key.toUpperCase()]));
    this.draw();
  }

  get plane() {
    return LAYERS[this.state.layer][2];
  }

  get effect() {
    return EFFECTS[this.state.effect];
  }

  set(news) {
    const before = this.state.layer;
    Object.assign(this.state, news);
    if (this.state.layer !== before) this.state.effect = this.effects()[0] ?? this.state.effect;
    this.state.size = Math.min(Math.max(this.state.size, SIZES[0]), SIZES[1]);
    this.state.hardness = Math.min(Math.max(this.state.hardness, 0), 1);
    this.draw();
    this.changed(news);
  }

  effects() {
    return Object.keys(EFFECTS).filter((name) => EFFECTS[name].plane === this.plane);
  }

  fill(group, entries) {
    this.groups[group].replaceChildren(...entries.map(([name, label, key]) => {
      const button = element("button", { type: "button", "data-name": name, title: `${label} (${key})`, text: label });
      button.addEventListener("click", () => this.set({ [group]: name }));
      return button;
    }));
  }

  draw() {
    const { layer, size, hardness, mode, fill } = this.state;
    if (this.filled !== layer) {
      this.filled = layer;
      this.fill("effect", this.effects().map((name) => [name, EFFECTS[name].name, EFFECTS[name].key.toUpperCase()]));
    }
    for (const [group, part] of Object.entries(this.groups)) {
      for (const button of part.children) button.setAttribute("aria-pressed", String(button.dataset.name === this.state[group]));
    }
    const painting = layer !== "cells";
    for (const part of [this.groups.shape, this.groups.effect, this.parts.size, this.parts.hardness]) part.hidden = !painting;
    for (const part of [this.parts.mode, this.parts.fill]) part.parentElement.hidden = layer !== "picture";
    this.parts.judge.hidden = layer !== "map";
    this.parts.size.querySelector("input").value = size;
    this.parts.hardness.querySelector("input").value = hardness;
    [this.parts.mode.value, this.parts.fill.value] = [mode, fill];
  }
}
