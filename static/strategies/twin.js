// The graph as a table: every strategy by any of its columns.

import { element } from "../whylens.map/element.js";
import { icon } from "../whylens.concepts/marks.js";
import { leading } from "../whylens.concepts/shares.js";

const COLUMNS = [
  { key: "name", title: "Strategy", of: ({ name }) => name.toLowerCase() },
  { key: "many", title: "Pictures", of: ({ members }) => members.length },
  { key: "prevalence", title: "Prevalence", of: ({ prevalence }) => prevalence },
  { key: "reliability", title: "Answered right", of: ({ reliability }) => reliability?.[0] ?? -1 },
  { key: "leading", title: "Leading concepts" },
  { key: "marks", title: "Mark", of: ({ suspicious }) => (suspicious ? 0 : 1) },
];

export class Twin {
  constructor(owner) {
    this.owner = owner;
    this.by = "many";
    this.rising = false;
    this.table = element("table");
    this.root = element("div", { class: "scroll", role: "group", tabindex: 0, "aria-label": "Table of strategies" }, this.table);
    this.heads = COLUMNS.map(({ key, title, of }) => {
      const head = element("th", { scope: "col" });
      if (!of) head.textContent = title;
      else {
        const button = element("button", { type: "button", text: title });
        button.addEventListener("click", () => {
          this.rising = this.by === key ? !this.rising : key === "name" || key === "marks";
          this.by = key;
          this.draw();
        });
        head.append(button);
      }
      return head;
    });
    this.body = element("tbody");
    this.table.append(element("caption", { text: "The strategies, as a table" }), element("thead", {}, element("tr", {}, ...this.heads)), this.body);
  }

  draw() {
    const { groups, naming, group: chosen } = this.owner;
    COLUMNS.forEach(({ key, of }, i) => of && this.heads[i].setAttribute("aria-sort", key !== this.by ? "none" : this.rising ? "ascending" : "descending"));
    const rows = groups.map((group, c) => ({ ...group, c, name: naming.name("strategy", group.index, c) }));
    const focused = this.root.getRootNode().activeElement?.dataset?.strategy;
    this.body.replaceChildren(...sorted(rows, COLUMNS.find(({ key }) => key === this.by).of, this.rising).map((row) => this.row(row, row.c === chosen)));
    if (focused !== undefined) this.body.querySelector(`[data-strategy="${focused}"]`)?.focus();
  }

  row({ c, name, mark, members, prevalence, fares, importance, suspicious }, chosen) {
    const button = element("button", { type: "button", "data-strategy": c, "aria-pressed": chosen }, icon(mark, 14), element("span", { text: name }));
    button.addEventListener("click", () => this.owner.choose(members, c));
    return element("tr", {},
      element("th", { scope: "row" }, button),
      element("td", { text: members.length }),
      element("td", { text: `${(100 * prevalence).toFixed(0)} %` }),
      element("td", { text: fares?.replace(" right", "") ?? "no labels" }),
      element("td", { class: "words" }, leading(importance, this.owner.marks, (k) => this.owner.concept(k))),
      element("td", { class: "words" }, ...(suspicious ? [element("em", { text: "\u2691 suspicious" })] : [])),
    );
  }
}

export function sorted(rows, of, rising) {
  const order = (a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0);
  return [...rows].sort((a, b) => (rising ? order(a, b) : order(b, a)));
}
