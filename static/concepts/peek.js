// The whole picture behind a crop, with how much of the concept there is at each of its places.

import { element } from "../whylens.map/element.js";
import { picture } from "../whylens.map/picture.js";
import { limits, table } from "../whylens.map/scale.js";
import { Stage } from "../whylens.map/stage.js";
import { row, tensor } from "./findings.js";

export class Peek {
  constructor(root) {
    this.root = root;
    this.canvas = element("canvas", { width: 2, height: 2 });
    this.caption = element("figcaption");
    this.figure = element("figure", { class: "peek", hidden: "" }, this.canvas, this.caption);
    root.append(this.figure);
    this.stage = new Stage(this.canvas, { onRead: () => {} });
    this.wanted = 0;
  }

  hide() {
    this.wanted += 1;
    this.figure.hidden = true;
  }

  // beside: what is pointed at; words: what is said below
  async show(beside, { url, codes, stops, image, concept, strength }, words) {
    const mine = ++this.wanted;
    const [drawn, all] = await Promise.all([picture(url), tensor(codes, "codes")]);
    if (mine !== this.wanted) return;
    this.caption.replaceChildren(...words.map((text, i) => element(i ? "span" : "strong", { text })));
    this.stage.show(drawn);
    const heat = all.shape.length === 4 ? alone(row(all, image), concept) : null;
    const signed = heat !== null && heat.values.some((value) => value < 0);
    const reach = signed ? limits(heat.values, true) : [0, strength]; // the strongest place of the concept is the end
    this.stage.explain(heat && { ...heat, signed, limits: reach, colours: table(signed ? stops.signed : stops.unsigned) });
    this.figure.hidden = false;
    this.place(beside);
  }

  // Beside the crop where there is room, and never outside the component.
  place(beside) {
    const frame = this.root.getBoundingClientRect();
    const at = beside.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.figure;
    const right = at.right - frame.left + 8;
    const left = right + width <= frame.width ? right : at.left - frame.left - width - 8;
    const below = at.bottom - frame.top + 8;
    const fits = left >= 0;
    this.figure.style.left = `${fits ? left : Math.max(0, Math.min(at.left - frame.left, frame.width - width))}px`;
    const top = fits ? at.top - frame.top - height / 2 + at.height / 2 : below;
    this.figure.style.top = `${Math.max(8 - frame.top, Math.min(top, frame.height - height))}px`;
  }
}

function alone({ shape: [, h, w], values }, k) {
  return { shape: [h, w], values: values.subarray(k * h * w, (k + 1) * h * w) };
}
