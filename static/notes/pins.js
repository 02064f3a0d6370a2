// Notes on a picture, as numbered pins and rectangles over it; and where the next one shall be.

import { element } from "../whylens.map/element.js";

const DRAWN = 0.02; // of a side: a shorter way is a click

export class Pins {
  // placed(place) when one was chosen; reached(number) when a pin was pressed; at() → [x, y] of the crosshair or null
  constructor(canvas, { placed, reached, at }) {
    [this.canvas, this.placed, this.reached, this.at] = [canvas, placed, reached, at];
    this.root = element("div", { class: "pins" });
    this.placing = false;
    this.root.addEventListener("pointerdown", (event) => this.begin(event));
    this.root.addEventListener("pointermove", (event) => this.draw(event));
    this.root.addEventListener("pointerup", (event) => this.end(event));
    this.root.addEventListener("pointercancel", () => this.drop());
    canvas.addEventListener("keydown", (event) => {
      if (!this.placing || event.key !== "Enter") return;
      event.preventDefault();
      const [x, y] = this.at() ?? [0.5, 0.5];
      this.placed({ kind: "point", x, y });
    });
  }

  // The picture lies in the middle of its frame, as large as it fits.
  fit(width, height) {
    const [wide, high] = width > height ? [1, height / width] : [width / height, 1];
    for (const [side, share] of [["left", (1 - wide) / 2], ["top", (1 - high) / 2], ["width", wide], ["height", high]]) {
      this.root.style[side] = `${100 * share}%`;
    }
  }

  place(on) {
    this.placing = on;
    this.root.classList.toggle("placing", on);
    this.drop();
  }

  show(notes, pending) {
    const marks = notes.flatMap((note) => this.marks(note.place, note.number, note.text));
    if (pending) marks.push(...this.marks(pending, "", ""));
    this.root.replaceChildren(...marks);
  }

  marks(place, number, text) {
    const boxed = place.kind === "rectangle";
    const [x, y] = boxed ? [place.left, place.top] : [place.x, place.y];
    const pin = number === "" ? element("span", { class: "pin" }) : element("button", { type: "button", class: "pin", text: number, "aria-label": `Note ${number}: ${text}` });
    put(pin, { left: x, top: y });
    pin.addEventListener("click", () => this.reached(number));
    return boxed ? [box(place), pin] : [pin];
  }

  spot(event) {
    const { left, top, width, height } = this.root.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height].map((share) => Math.min(Math.max(share, 0), 1));
  }

  begin(event) {
    if (!this.placing || event.button || event.target !== this.root) return;
    this.from = this.spot(event);
    this.root.setPointerCapture(event.pointerId);
    event.preventDefault(); // the focus stays where it is
  }

  draw(event) {
    if (!this.from) return;
    this.outline?.remove();
    this.outline = box(between(this.from, this.spot(event)));
    this.root.append(this.outline);
  }

  end(event) {
    if (!this.from) return;
    const place = between(this.from, this.spot(event));
    const [x, y] = this.from;
    this.drop();
    const drawn = place.right - place.left >= DRAWN && place.bottom - place.top >= DRAWN;
    this.placed(drawn ? place : { kind: "point", x, y });
  }

  drop() {
    this.from = null;
    this.outline?.remove();
    this.outline = null;
  }
}

export function between([a, b], [c, d]) {
  return { kind: "rectangle", left: Math.min(a, c), top: Math.min(b, d), right: Math.max(a, c), bottom: Math.max(b, d) };
}

function box({ left, top, right, bottom }) {
  return put(element("span", { class: "box" }), { left, top, width: right - left, height: bottom - top });
}

function put(part, place) {
  for (const [side, share] of Object.entries(place)) part.style[side] = `${100 * share}%`;
  return part;
}
