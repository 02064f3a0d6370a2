// What the model sees: a card for each concept, the most important first, and what becomes of its answers without them.

import { Refusal } from "../whylens.map/ask.js"; // components are served beside each other under their full names
import { element } from "../whylens.map/element.js";
import { mounting } from "../whylens.map/mount.js";
import { Kept } from "../whylens.notes/kept.js";
import { Card } from "./card.js";
import { Effect } from "./effect.js";
import { findings } from "./findings.js";
import { conceptMark } from "./marks.js";
import { Naming } from "./naming.js";
import { Peek } from "./peek.js";
import { Where } from "./where.js";

class View {
  constructor(parent) {
    this.root = element("div", { class: "root" });
    parent.append(this.root);
    this.naming = new Naming(() => this.show());
    this.notes = new Kept(() => this.show());
  }

  async update(data, trigger) {
    this.data = data;
    this.trigger = trigger;
    this.naming.read(data.naming, data.view);
    this.notes.read(data.notes ?? [], data.noting);
    if (this.here === data.here) return this.show();
    this.here = data.here;
    this.root.inert = true; // what is still seen is of the study before
    try {
      const found = await findings(data.here, data.root);
      if (this.data.here === data.here) this.build(found);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.here = null;
      this.root.replaceChildren(element("p", { class: "fault", role: "alert", text: error.message }));
    } finally {
      if (this.data.here === data.here) this.root.inert = false;
    }
  }

  close() {
    this.effect?.close();
    this.where?.close();
  }

  build({ result, blobs, pictures }) {
    this.close();
    Object.assign(this, { result, blobs, pictures });
    const shares = result.concepts.map(({ share }) => share);
    this.reach = [Math.min(0, ...shares), Math.max(0.01, ...shares)];
    this.effect = new Effect(this);
    this.cards = result.concepts.map((concept, rank) => new Card(this, concept, rank, conceptMark(rank, this.data.keys)));
    const cards = element("div", { class: "cards", role: "list", "aria-label": "Concepts, the most important first" }, ...this.cards.map((card) => card.root));
    this.where = this.data.maps ? new Where(this) : null;
    const layout = element("div", { class: "layout" }, cards, element("aside", {}, this.effect.root, ...(this.where ? [this.where.root] : [])));
    this.root.replaceChildren(layout);
    this.peeking = new Peek(this.root);
    this.show();
    this.choose(result.concepts[0]?.crops[0]?.image ?? 0);
    this.root.dataset.concepts = String(result.concepts.length);
  }

  show() {
    if (!this.cards) return;
    for (const card of this.cards) card.show();
    this.where?.show();
    if (this.changed().length) this.effect.ask(this.changed());
  }

  picture(i) {
    return this.pictures[i];
  }

  peek(beside, card, crop) {
    if (!beside) return this.peeking.hide();
    const { name, predicted } = this.result.images[crop.image];
    this.peeking.show(
      beside,
      { url: this.picture(crop.image), codes: this.blobs.codes, stops: this.data.stops, image: crop.image, concept: card.concept.index, strength: card.concept.crops[0].strength },
      [`${card.name}: ${crop.strength.toPrecision(3)} at its strongest place`, `${name}, taken for ${predicted}`],
    );
  }

  // A picture, perhaps for the sake of a concept.
  choose(image, concept) {
    this.where?.choose(image, concept);
    this.effect.choose(image);
    this.effect.ask(this.changed());
  }

  scale(card, scale) {
    card.set(scale);
    this.effect.ask(this.changed());
  }

  reset() {
    for (const card of this.cards) card.set(1);
    this.effect.ask([]);
  }

  named() {
    return this.cards.map((card) => [card.concept.index, card.name]);
  }

  // Where to ask what becomes of the answers; nowhere for whoever may only look.
  get probe() {
    return this.data.probe;
  }

  changed() {
    return this.cards.filter(({ scale }) => scale !== 1).map(({ concept, name, scale }) => ({ index: concept.index, name, scale }));
  }
}

export default mounting(View);
