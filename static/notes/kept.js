// Notes as the server keeps them, each with its number and the place that it is about.

import { ask } from "../whylens.map/ask.js"; // components are served beside each other under their full names

export class Kept {
  constructor(changed) {
    this.changed = changed;
    this.all = [];
  }

  // url: where they are kept; without one they are only read
  read(all, url) {
    const told = JSON.stringify([all, url]);
    if (told === this.told) return; // what has been written since is here already
    this.told = told;
    this.all = all;
    this.url = url;
    this.changed();
  }

  on(kind, number) {
    return this.all.filter(({ place }) => place.kind === kind && place.number === number);
  }

  async add(place, text) {
    this.all = [...this.all, await ask(this.url, { method: "POST", body: { place, text } })];
    this.changed();
  }

  async remove({ id }) {
    await ask(`${this.url}/${id}`, { method: "DELETE" });
    this.all = this.all.filter((note) => note.id !== id);
    this.changed();
  }
}
