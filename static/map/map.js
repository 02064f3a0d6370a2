// The explanation as one sees it: picture and map, legend with numbers and unit, value under the pointer, progress.

import { MARKUP as JOB } from "./job.js";
import { Legend, MARKUP as LEGEND } from "./legend.js";
import { mounting } from "./mount.js";
import { picture } from "./picture.js";
import { Notes } from "../whylens.notes/notes.js"; // components are served beside each other under their full names
import { Pins } from "../whylens.notes/pins.js";
import { table } from "./scale.js";
import { Showing } from "./showing.js";
import { Stage } from "./stage.js";

const MARKUP = `
<div class="tools" role="toolbar" aria-label="How the map is drawn">
  <div class="views" role="group" aria-label="What is drawn">
    <button type="button" data-view="overlay">Overlay</button>
    <button type="button" data-view="map">Map</button>
    <button type="button" data-view="picture">Picture</button>
  </div>
  <label class="opacity">Opacity <input type="range" min="0" max="1" step="0.05"></label>
  <label><input type="checkbox" class="smooth"> Smooth</label>
  <label class="certain" title="Hide what is within two standard errors of zero"><input type="checkbox" class="clear"> Certain only</label>
  <span class="does"><button type="button" class="remark" aria-pressed="false" hidden>Note</button> <button type="button" class="edit" aria-pressed="false" hidden>Edit</button></span>
</div>
<div class="frame">
  <canvas tabindex="0" role="img"></canvas>
  <div class="waiting" hidden></div>
</div>
${LEGEND}
<div class="reading" aria-live="polite"></div>
${JOB}
`;

class View {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "view";
    this.root.innerHTML = MARKUP;
    parent.append(this.root);
    const find = (selector) => this.root.querySelector(selector);
    this.parts = Object.fromEntries(["frame", "reading", "certain", "edit", "remark"].map((name) => [name, find(`.${name}`)]));
    this.scale = new Legend(this.root);
    this.showing = new Showing(this);
    this.stage = new Stage(find(".frame canvas"), { onRead: (reading) => this.say(reading) });
    this.noting(find(".frame canvas"));
    this.tools(find);
    this.parts.edit.addEventListener("click", () => (this.brush ? this.leave() : this.edit()));
  }

  tools(find) {
    const views = [...this.root.querySelectorAll("[data-view]")];
    const press = () => views.forEach((b) => b.setAttribute("aria-pressed", b.dataset.view === this.stage.look.view));
    views.forEach((button) => button.addEventListener("click", () => {
      this.look({ view: button.dataset.view });
      press();
    }));
    press();
    const opacity = find(".opacity input");
    opacity.value = this.stage.look.opacity;
    opacity.addEventListener("input", () => this.look({ opacity: Number(opacity.value) }));
    for (const name of ["smooth", "clear"]) {
      const box = find(`.${name}`);
      box.checked = this.stage.look[name];
      box.addEventListener("change", () => this.look({ [name]: box.checked }));
    }
  }

  // Say something about a place: press Note, choose it, write.
  noting(canvas) {
    this.notes = new Notes({
      called: ({ kind }) => (kind === "rectangle" ? "a rectangle" : "a point"),
      changed: (notes) => this.pins.show(notes),
      left: () => this.place(false),
    });
    this.pins = new Pins(canvas, {
      placed: (place) => {
        this.pins.show(this.notes.all, place);
        this.notes.write(place);
      },
      reached: (number) => this.notes.reach(number),
      at: () => this.stage.at,
    });
    canvas.after(this.pins.root);
    this.parts.reading.after(this.notes.root);
    this.parts.remark.addEventListener("click", () => this.place(!this.pins.placing));
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && this.pins.placing && this.place(false));
  }

  place(on) {
    this.pins.place(on);
    this.parts.remark.setAttribute("aria-pressed", String(on));
    this.pins.show(this.notes.all);
    if (on) this.stage.canvas.focus({ preventScroll: true });
    else {
      this.notes.close();
      if (this.root.getRootNode().activeElement === null) this.parts.remark.focus({ preventScroll: true });
    }
    this.say(null);
  }

  look(news) {
    this.stage.change(news);
    this.brush?.board.refresh();
  }

  // The picture makes room for one that can be painted on.
  async edit() {
    this.parts.edit.disabled = true;
    const { Brush } = await import("../whylens.brush/brush.js");
    this.parts.edit.disabled = false;
    if (!this.stage.map || this.brush) return; // another explanation came meanwhile
    const { picture, look, map } = this.stage;
    const { here, target, exports } = this.data;
    this.brush = new Brush({ here, target, exports, picture, look, map });
    this.parts.frame.after(this.brush.head);
    this.root.append(this.brush.tail);
    if (this.pins.placing) this.place(false);
    this.parts.frame.hidden = this.parts.reading.hidden = this.parts.remark.hidden = true;
    this.parts.edit.setAttribute("aria-pressed", "true");
    this.legend();
    this.brush.canvas.focus({ preventScroll: true });
    this.brush.head.scrollIntoView({ block: "start" }); // picture and answer together
  }

  leave() {
    this.brush?.close();
    this.brush = undefined;
    this.parts.frame.hidden = this.parts.reading.hidden = false;
    this.parts.remark.hidden = !this.data?.noting || !this.stage.map;
    this.parts.edit.setAttribute("aria-pressed", "false");
    this.legend();
  }

  async update(data, trigger) {
    this.trigger = trigger;
    this.data = data;
    this.stage.canvas.setAttribute("aria-label", data.alt);
    this.colours = table(data.stops);
    this.scale.say(data, this.colours);
    if (!(await this.showing.opened(data))) return;
    this.notes.read(data.notes, data.noting);
    await this.showing.mapped(data);
  }

  async open(data) {
    let image;
    try {
      image = await picture(data.input);
    } catch {
      this.showing.failed("The picture could not be read. Reload the page.");
      return false;
    }
    if (this.data.input !== data.input) return false;
    this.stage.show(image);
    this.pins.fit(image.naturalWidth, image.naturalHeight);
    return true;
  }

  clear() {
    this.stage.explain(null);
    this.leave();
    this.parts.edit.hidden = true;
    if (this.pins.placing) this.place(false);
  }

  async finish() {
    const { data } = this;
    this.parts.edit.hidden = !data.probe;
    this.parts.remark.hidden = !data.noting || Boolean(this.brush);
    this.brush?.explain(this.stage.map, data.target);
    if (data.edits) await this.keep(data);
  }

  // What its owner has kept, where one may only look.
  async keep({ edits, target }) {
    const { Kept } = await import("../whylens.brush/kept.js");
    const { picture, look, map } = this.stage;
    this.kept?.root.remove();
    this.kept = new Kept({ edits, picture, look, map, target });
    this.root.append(this.kept.root);
  }

  close() {
    this.showing.quiet();
    this.leave();
  }

  explain(values, stderr) {
    this.stage.explain({
      shape: values.shape,
      values: values.values,
      stderr: stderr?.values,
      signed: this.data.signed,
      colours: this.colours,
    });
    this.legend();
  }

  legend() {
    this.parts.certain.hidden = !this.stage.map?.stderr || Boolean(this.brush); // a method without chance has no doubt to show, an edited map has none of its own
    this.scale.show(this.stage.map?.limits ?? null);
  }

  say(reading) {
    this.scale.mark(reading && reading.value);
    if (!reading) {
      if (this.pins.placing) {
        this.parts.reading.textContent = "Click a place, or draw a rectangle. By keyboard: arrow keys, then Enter; Escape leaves.";
        return;
      }
      this.parts.reading.textContent = this.stage.map ? "Point at the map, or focus it and use the arrow keys; hold O for the picture alone." : "";
      return;
    }
    const error = reading.stderr === undefined ? "" : ` \u00b1 ${reading.stderr.toPrecision(2)}`;
    this.parts.reading.textContent = `${reading.text}${error} at row ${reading.row}, column ${reading.column}`;
  }
}

export default mounting(View);
