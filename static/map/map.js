// The explanation as one sees it: picture and map, legend with numbers and unit, value under the pointer, progress.

import { follow } from "./follow.js";
import { read } from "./safetensors.js";
import { table, text } from "./scale.js";
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
</div>
<div class="frame">
  <canvas tabindex="0" role="img"></canvas>
  <div class="waiting" hidden></div>
</div>
<div class="scale">
  <canvas class="ramp" width="256" height="1" aria-hidden="true"></canvas>
  <div class="marker" hidden></div>
  <div class="ends"><span class="low"></span><span class="zero">0</span><span class="high"></span></div>
  <div class="meaning"><span class="against"></span><span class="unit"></span><span class="towards"></span></div>
</div>
<div class="reading" aria-live="polite"></div>
<div class="job" hidden>
  <div class="track" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-label="Explanation"><div class="fill"></div></div>
  <span class="said"></span>
  <button type="button" class="cancel">Cancel</button>
  <button type="button" class="again" hidden>Try again</button>
</div>
`;

const mounted = new WeakMap();

export default function (component) {
  let view = mounted.get(component.parentElement);
  if (!view) {
    view = new View(component.parentElement);
    mounted.set(component.parentElement, view);
  }
  view.update(component.data, component.setTriggerValue);
  return () => {
    view.stop();
    view.root.remove(); // the same place may be mounted again
    mounted.delete(component.parentElement);
  };
}

class View {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "view";
    this.root.innerHTML = MARKUP;
    parent.append(this.root);
    const find = (selector) => this.root.querySelector(selector);
    this.parts = Object.fromEntries(
      ["low", "high", "zero", "unit", "against", "towards", "marker", "reading", "job", "track", "fill", "said",
        "cancel", "again", "waiting", "ramp", "certain"].map((name) => [name, find(`.${name}`)]),
    );
    this.stage = new Stage(find(".frame canvas"), { onRead: (reading) => this.say(reading) });
    this.tools(find);
    this.stop = () => {};
    this.wanted = 0; // number of the newest thing asked for; answers to older questions are dropped
  }

  tools(find) {
    const views = [...this.root.querySelectorAll("[data-view]")];
    const press = () => views.forEach((b) => b.setAttribute("aria-pressed", b.dataset.view === this.stage.look.view));
    views.forEach((button) => button.addEventListener("click", () => {
      this.stage.change({ view: button.dataset.view });
      press();
    }));
    press();
    const opacity = find(".opacity input");
    opacity.value = this.stage.look.opacity;
    opacity.addEventListener("input", () => this.stage.change({ opacity: Number(opacity.value) }));
    for (const name of ["smooth", "clear"]) {
      const box = find(`.${name}`);
      box.checked = this.stage.look[name];
      box.addEventListener("change", () => this.stage.change({ [name]: box.checked }));
    }
    this.parts.cancel.addEventListener("click", async () => {
      this.parts.cancel.disabled = true;
      this.parts.said.textContent = "Stopping\u2026";
      await fetch(this.data.cancel, { method: "POST" });
    });
    this.parts.again.addEventListener("click", () => this.trigger("again", this.data.id));
  }

  async update(data, trigger) {
    this.trigger = trigger;
    const before = this.data;
    this.data = data;
    this.stage.canvas.setAttribute("aria-label", data.alt);
    this.parts.unit.textContent = data.unit;
    this.parts.against.textContent = data.signed ? "\u2190 against" : "";
    this.parts.towards.textContent = data.signed ? "for \u2192" : "";
    const colours = table(data.stops);
    this.colours = colours;
    this.parts.ramp.getContext("2d").putImageData(ramp(colours), 0, 0);
    if (before?.input !== data.input) {
      this.stage.explain(null);
      this.stage.show(await picture(data.input));
    }
    if (this.data !== data) return; // a newer one came while the picture was on its way
    if (data.map) {
      this.quiet();
      if (before?.map !== data.map) await this.final(data);
    } else if (before?.id !== data.id || before?.state !== data.state) {
      this.stage.explain(null);
      this.legend();
      this.run(data);
    } else if (before.target !== data.target) {
      this.coarse();
    }
  }

  async final(data) {
    const mine = ++this.wanted;
    const answer = await fetch(data.map);
    if (!answer.ok) {
      this.parts.waiting.hidden = false;
      this.parts.waiting.textContent = "The map could not be read. Reload the page.";
      return;
    }
    const { values, stderr } = read(await answer.arrayBuffer());
    if (mine !== this.wanted) return;
    this.explain(values, stderr);
    this.root.dataset.drawn = data.map;
  }

  run(data) {
    this.quiet();
    this.previews = null;
    delete this.root.dataset.drawn;
    this.parts.job.hidden = false;
    this.parts.cancel.disabled = false;
    if (data.state === "queued" || data.state === "running") {
      this.parts.cancel.hidden = false;
      this.parts.again.hidden = true;
      this.parts.said.textContent = "Starting\u2026";
      this.fill(0);
      this.stop = follow({ ...data, decode: async (answer) => read(await answer.arrayBuffer()) }, {
        onProgress: (progress) => this.progress(progress),
        onPreview: (tensors) => {
          this.previews = tensors;
          this.coarse();
        },
        onEnd: (progress) => (progress.state === "done" ? this.trigger("finished", data.id) : this.ended(progress)),
      });
    } else {
      this.ended({ state: data.state, error: data.error });
    }
  }

  quiet() {
    this.stop();
    this.stop = () => {};
    this.parts.job.hidden = true;
    this.parts.waiting.hidden = true;
  }

  progress({ state, done, total, seconds_left, position }) {
    if (this.parts.cancel.disabled) return;
    const share = total ? done / total : 0;
    this.fill(share);
    if (state === "queued") {
      this.parts.said.textContent = position ? `Waiting: ${position} before this` : "Waiting for a worker\u2026";
    } else if (!done) {
      this.parts.said.textContent = "Starting\u2026";
    } else {
      const left = seconds_left === null ? "" : ` \u00b7 ${Math.max(1, Math.round(seconds_left))} s left`;
      this.parts.said.textContent = `${Math.floor(100 * share)} % \u00b7 ${done} of ${total} forwards${left}`;
    }
  }

  ended({ state, error }) {
    this.parts.cancel.hidden = true;
    this.parts.again.hidden = false;
    this.parts.said.textContent = state === "failed" ? error : "Cancelled.";
    this.root.dataset.ended = state;
  }

  coarse() {
    const tensor = this.previews?.[String(this.data.target)];
    if (!tensor) return;
    this.explain(tensor);
    this.root.dataset.previewed = String(Number(this.root.dataset.previewed ?? 0) + 1);
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
    const ends = this.stage.map?.limits;
    this.parts.certain.hidden = !this.stage.map?.stderr; // a method without chance has no doubt to show
    this.parts.low.textContent = ends ? text(ends[0]) : "";
    this.parts.high.textContent = ends ? text(ends[1]) : "";
    this.parts.zero.hidden = !ends || !this.data.signed;
    this.parts.marker.hidden = true;
  }

  fill(share) {
    this.parts.fill.style.width = `${100 * share}%`;
    this.parts.track.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  }

  say(reading) {
    this.parts.marker.hidden = !reading;
    if (!reading) {
      this.parts.reading.textContent = this.stage.map ? "Point at the map, or focus it and use the arrow keys; hold O for the picture alone." : "";
      return;
    }
    const [low, high] = this.stage.map.limits;
    this.parts.marker.style.left = `${(100 * (reading.value - low)) / (high - low)}%`;
    const error = reading.stderr === undefined ? "" : ` \u00b1 ${reading.stderr.toPrecision(2)}`;
    this.parts.reading.textContent = `${reading.text}${error} at row ${reading.row}, column ${reading.column}`;
  }
}

function picture(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("the picture could not be read"));
    image.src = url;
  });
}

function ramp(colours) {
  const pixels = new Uint8ClampedArray(256 * 4).fill(255);
  for (let i = 0; i < 256; i++) pixels.set(colours.subarray(3 * i, 3 * i + 3), 4 * i);
  return new ImageData(pixels, 256, 1);
}
