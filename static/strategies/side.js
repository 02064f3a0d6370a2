// The chosen pictures beside the graph: what decided each of them, and the way to its full explanation.

import { element } from "../whylens.map/element.js";
import { percent } from "../whylens.map/scale.js";
import { icon } from "../whylens.concepts/marks.js";
import { label } from "../whylens.concepts/naming.js";
import { bar, leading } from "../whylens.concepts/shares.js";
import { Line } from "../whylens.notes/line.js";
import { style } from "./sprite.js";

const SHOWN = 24; // pictures; more are a click away
const THUMB = 56; // pixels

export class Side {
  // owner: {result, images, groups, naming, notes, marks, concept(k), shares(i), axis, spriteUrl, explains, explain(i)}
  constructor(owner) {
    this.owner = owner;
    this.root = element("section", { class: "side", "aria-label": "Chosen pictures" });
  }

  // members: numbers of pictures; group: the strategy they are, or null
  show(members, group) {
    this.members = members;
    this.group = group;
    this.limit = SHOWN;
    this.draw();
  }

  draw() {
    const { members, group } = this;
    this.label = this.notes = null;
    if (!members.length) {
      this.root.replaceChildren(
        element("h3", { text: "Which pictures?" }),
        element("p", { text: "Click a group to see its pictures, come closer to choose single ones, or draw a line around some with the lasso." }),
      );
      return;
    }
    const list = element("ol", { class: "chosen" }, ...members.slice(0, this.limit).map((i) => this.item(i)));
    this.root.replaceChildren(...(group === null ? this.several() : this.strategy(this.owner.groups[group])), list);
    if (members.length > this.limit) {
      const more = element("button", { type: "button", class: "more", text: `Show ${Math.min(SHOWN, members.length - this.limit)} more of ${members.length}` });
      more.addEventListener("click", () => {
        const first = this.limit;
        this.limit += SHOWN;
        this.draw();
        (this.root.querySelectorAll(".explain")[first] ?? this.root.querySelector(".more"))?.focus();
      });
      this.root.append(more);
    }
    this.root.dataset.chosen = String(members.length);
  }

  renamed() {
    this.label?.show();
    this.notes?.show();
  }

  strategy(group) {
    const { naming, groups } = this.owner;
    this.label = label(naming, { kind: "strategy", index: group.index, rank: groups.indexOf(group) });
    const called = () => naming.name("strategy", group.index, groups.indexOf(group));
    this.notes = new Line(this.owner.notes, { kind: "strategy", number: group.index }, called);
    const facts = element("p", { class: "facts", text: [`${group.members.length} pictures`, group.told, group.fares].filter(Boolean).join(" \u00b7 ") });
    return [
      element("header", {}, icon(group.mark, 22), this.label.field),
      facts,
      bar(group.importance, this.owner.axis, this.owner.marks),
      leading(group.importance, this.owner.marks, (k) => this.owner.concept(k)),
      element("div", {}, this.label.flag),
      this.label.fault,
      this.notes.root,
    ];
  }

  several() {
    const known = this.members.filter((i) => this.owner.images[i].right !== null);
    const right = known.filter((i) => this.owner.images[i].right).length;
    const many = this.members.length;
    const facts = known.length ? `${right} of ${known.length} answered right` : "";
    return [element("h3", { text: many === 1 ? "One picture" : `${many} pictures` }), element("p", { class: "facts", text: facts })];
  }

  item(i) {
    const { images, spriteUrl, axis, marks } = this.owner;
    const { name, label: truth, predicted, probability, right } = images[i];
    const shares = this.owner.shares(i);
    const thumb = element("span", { class: "thumb" });
    Object.assign(thumb.style, style(spriteUrl, i, images.length, THUMB));
    const said = `${predicted} ${percent(probability)}`;
    const explain = element("button", { type: "button", class: "explain", text: "Explain this picture", "aria-label": `Explain this picture: ${name}` });
    explain.addEventListener("click", () => {
      explain.disabled = true;
      explain.textContent = "Opening\u2026";
      this.owner.explain(i);
    });
    return element("li", { "data-image": i },
      thumb,
      element("div", { class: "words" },
        element("strong", { class: "file", text: name, title: name }),
        element("span", { class: right === false ? "wrong" : "right", text: right === false ? `\u2715 ${said}, labelled ${truth}` : right ? `\u2713 ${said}` : said }),
        bar(shares, axis, marks),
        leading(shares, marks, (k) => this.owner.concept(k)),
        ...(this.owner.explains ? [explain] : []),
      ),
    );
  }
}
