// What has been changed in a text, word by word, and the questions that this raises.

import { called } from "./pieces.js";

const NAMED = 3; // words told by name

export class Edits {
  // `words`: their texts
  constructor(words) {
    this.words = words;
    this.clear();
  }

  clear() {
    this.off = new Set();
    this.replaced = new Map();
  }

  get count() {
    return this.off.size + this.replaced.size;
  }

  has(i) {
    return this.off.has(i) || this.replaced.has(i);
  }

  text(i) {
    return this.replaced.get(i) ?? this.words[i];
  }

  // Off; or, where all of them are, on again as they were.
  toggle(numbers) {
    if (numbers.every((i) => this.off.has(i))) this.restore(numbers);
    else this.drop(numbers);
  }

  drop(numbers) {
    for (const i of numbers) {
      this.replaced.delete(i);
      this.off.add(i);
    }
  }

  restore(numbers) {
    for (const i of numbers) {
      this.replaced.delete(i);
      this.off.delete(i);
    }
  }

  // By nothing: off. By itself: as it was.
  replace(i, text) {
    if (!text.trim()) return this.drop([i]);
    this.restore([i]);
    if (text !== this.words[i]) this.replaced.set(i, text);
  }

  body() {
    return { off: [...this.off].sort((a, b) => a - b), replace: Object.fromEntries(this.replaced) };
  }

  // “Without “good” and with “bad” for “fine””
  said() {
    const off = [...this.off].sort((a, b) => a - b).map((i) => called(this.words[i]));
    const replaced = [...this.replaced].sort(([a], [b]) => a - b).map(([i, text]) => `${called(text)} for ${called(this.words[i])}`);
    const parts = [];
    if (off.length) parts.push(`without ${listed(off)}`);
    if (replaced.length) parts.push(`with ${listed(replaced)}`);
    return parts.join(", ").replace(/^./, (c) => c.toUpperCase());
  }
}

function listed(names) {
  if (names.length > NAMED) return `${names.length} words`;
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
