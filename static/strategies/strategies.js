// The strategies: groups of pictures that are decided by the same concepts, as a graph, as pictures and as a table.

import { Refusal } from "../whylens.map/ask.js"; // components are served beside each other under their full names
import { element } from "../whylens.map/element.js";
import { mounting } from "../whylens.map/mount.js";
import { picture } from "../whylens.map/picture.js";
import { percent } from "../whylens.map/scale.js";
import { findings, row, tensor } from "../whylens.concepts/findings.js";
import { conceptMark, strategyMark } from "../whylens.concepts/marks.js";
import { Naming } from "../whylens.concepts/naming.js";
import { Kept } from "../whylens.notes/kept.js";
import { span } from "../whylens.concepts/shares.js";
import { Graph } from "./graph.js";
import { Side } from "./side.js";
import { Twin } from "./twin.js";

const MARKUP = `
<div class="tools" role="toolbar" aria-label="How the graph is seen">
  <div class="views" role="group" aria-label="What is drawn">
    <button type="button" data-level="groups">Groups</button>
    <button type="button" data-level="points">Points</button>
    <button type="button" data-level="pictures">Pictures</button>
  </div>
  <div class="views" role="group" aria-label="Zoom">
    <button type="button" data-by="0.6" aria-label="Zoom out">\u2212</button>
    <button type="button" data-by="1.6667" aria-label="Zoom in">+</button>
  </div>
  <div class="views"><button type="button" class="lasso" aria-pressed="false">Lasso</button></div>
</div>
<div class="layout"><div class="left"><div class="stage"></div><p class="key"></p></div></div>
<div class="told" role="status"></div>`;

class View {
  constructor(parent) {
    this.root = element("div", { class: "root" });
    parent.append(this.root);
    this.naming = new Naming(() => this.renamed());
    this.notes = new Kept(() => this.side?.renamed());
  }

  async update(data, trigger) {
    this.trigger = trigger;
    this.data = data;
    this.naming.read(data.naming, data.view);
    this.notes.read(data.notes ?? [], data.noting);
    if (this.here === data.here) return this.renamed();
    this.here = data.here;
    this.close();
    this.root.inert = true; // what is still seen is of the study before
    try {
      const { result, blobs } = await findings(data.here, data.root);
      const [shares, sprite] = result.images.length ? await Promise.all([tensor(blobs.shares, "shares"), picture(blobs.sprite)]) : [];
      if (this.data.here === data.here) this.build(result, blobs, shares, sprite);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.here = null;
      this.root.replaceChildren(element("p", { class: "fault", role: "alert", text: error.message }));
    } finally {
      if (this.data.here === data.here) this.root.inert = false;
    }
  }

  close() {
    this.graph?.close();
    this.graph = null;
  }

  build(result, blobs, shares, sprite) {
    Object.assign(this, { result, images: result.images, edges: result.edges, sprite, spriteUrl: blobs.sprite });
    this.allShares = shares;
    this.marks = Object.fromEntries(result.concepts.map(({ index }, rank) => [index, conceptMark(rank, this.data.keys)]));
    this.ranks = Object.fromEntries(result.concepts.map(({ index }, rank) => [index, rank]));
    this.axis = span(this.images.map((_, i) => this.shares(i)));
    this.groups = result.clusters.map((cluster, c) => ({
      ...cluster,
      mark: strategyMark(c, this.data.keys),
      told: `${(100 * cluster.prevalence).toFixed(0)} % of pictures`,
      fares: cluster.reliability && fared(cluster.reliability),
    }));
    this.chosen = new Set();
    this.group = null;
    this.root.innerHTML = MARKUP;
    const find = (selector) => this.root.querySelector(selector);
    this.said = find(".told");
    this.side = new Side(this);
    this.twin = new Twin(this);
    find(".layout").append(this.side.root);
    find(".layout").after(...(result.note ? [element("p", { class: "note", text: result.note })] : []), this.twin.root);
    find(".key").replaceChildren(...this.key());
    this.graph = new Graph(find(".stage"), this);
    this.tools(find);
    this.mark();
    this.graph.build();
    this.choose([], null);
    this.twin.root.hidden = !this.groups.length;
    this.root.dataset.strategies = String(this.groups.length);
  }

  key() {
    const known = this.images.some(({ right }) => right !== null);
    return [
      "Colour and shape: strategy",
      ...(known ? ["hollow: answered wrong"] : ["no labels, so nobody knows what is right"]),
      ...(this.images.some(({ cluster }) => cluster < 0) ? ["grey: in no strategy"] : []),
      ...(this.edges.length ? ["line: more neighbours than chance has"] : []),
    ].map((text) => element("span", { text }));
  }

  tools(find) {
    for (const button of this.root.querySelectorAll("button[data-level]")) button.addEventListener("click", () => this.graph.show(button.dataset.level));
    for (const button of this.root.querySelectorAll("[data-by]")) button.addEventListener("click", () => this.graph.by(Number(button.dataset.by)));
    const lasso = find(".lasso");
    lasso.addEventListener("click", () => {
      this.graph.lassoing = !this.graph.lassoing;
      lasso.setAttribute("aria-pressed", String(this.graph.lassoing));
      this.graph.paint();
    });
  }

  // The graph tells how close it is.
  zoomed(level) {
    for (const button of this.root.querySelectorAll("button[data-level]")) button.setAttribute("aria-pressed", String(button.dataset.level === level));
  }

  mark() {
    this.groups.forEach((group) => (group.suspicious = this.naming.suspicious("strategy", group.index)));
  }

  renamed() {
    if (!this.graph) return;
    this.mark();
    this.graph.paint();
    this.side.renamed();
    this.twin.draw();
  }

  concept(k) {
    return this.naming.name("concept", k, this.ranks[k]);
  }

  shares(i) {
    return row(this.allShares, i).values;
  }

  told(i) {
    const { name, predicted, probability, right, label, cluster } = this.images[i];
    const place = cluster < 0 ? "in no strategy" : this.naming.name("strategy", this.groups[cluster].index, cluster);
    return [name, `${predicted} ${percent(probability)}${right === false ? `, labelled ${label}` : ""}`, place];
  }

  say(text) {
    this.said.textContent = text;
  }

  choose(members, group) {
    this.chosen = new Set(members);
    this.group = group;
    this.side.show([...members], group);
    this.twin.draw();
    this.graph.paint();
    if (members.length) this.say(`${members.length === 1 ? "One picture" : `${members.length} pictures`} chosen.`);
  }

  // Whether a picture can be explained in full from here.
  get explains() {
    return Boolean(this.data.explain);
  }

  explain(i) {
    this.trigger("explain", i);
  }
}

// "97 % right (93–99)"
function fared([share, low, high]) {
  const whole = (value) => Math.round(100 * value);
  return `${whole(share)} % right (${whole(low)}\u2013${whole(high)})`;
}

export default mounting(View);
