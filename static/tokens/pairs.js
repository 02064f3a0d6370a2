// Which other words a word works with, asked for one word at a time.

import { ask, Refusal } from "../whylens.map/ask.js"; // components are served beside each other
import { partners, rows, strongest } from "./phrases.js";
import { called } from "./pieces.js";

export const MARKUP = `
<section class="pairs phrases" aria-label="What a word says together with others" hidden>
  <div class="head"><strong></strong><button type="button" class="close">Close</button></div>
  <p></p>
  <ol></ol>
</section>
`;

export class Pairs {
  // tell(sentence) says it aloud
  constructor(root, sheet, tell) {
    this.part = root.querySelector(".pairs");
    this.sheet = sheet;
    this.tell = tell;
    this.part.querySelector(".close").addEventListener("click", () => {
      this.close();
      this.sheet.units[this.sheet.at]?.part.focus();
    });
  }

  close() {
    this.asking?.abort();
    this.part.hidden = true;
    delete this.part.dataset.word;
  }

  async show(url, word) {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    const name = this.name(word);
    this.part.hidden = false;
    delete this.part.dataset.word;
    this.say(`${name} together with other words`, "Reading texts with and without each of the other words\u2026");
    try {
      this.answered(name, word, await ask(`${url}?word=${word}`, { signal }));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.say("", error.message);
    }
  }

  answered(name, word, told) {
    const found = partners(told);
    const entries = strongest(found).map((entry) => ({
      ...entry,
      name: this.name(entry.word),
      ranges: [[word, word], [entry.word, entry.word]],
    }));
    const more = found.length > entries.length ? ` The strongest ${entries.length} of ${found.length} are shown.` : "";
    const note = entries.length
      ? `How much more ${name} says where the other word is there as well (Banzhaf interaction, from ${told.forwards.toLocaleString("en")} forwards).${more}`
      : `No other word changes what ${name} says by more than two standard errors.`;
    this.say(`${name} together with other words`, note, rows(entries, this.sheet));
    this.part.dataset.word = String(word);
    const [first] = entries;
    this.tell(first ? `${note} Most with ${first.name}.` : note);
  }

  say(head, note, listed = []) {
    this.part.querySelector("strong").textContent = head;
    this.part.querySelector("p").textContent = note;
    this.part.querySelector("ol").replaceChildren(...listed);
  }

  name(word) {
    return called(this.sheet.words[word].text);
  }
}
