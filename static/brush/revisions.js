// What has been kept of the painting on an explanation: the list, a note for the next one, and what if another was faster.

import { ask, Refusal } from "../whylens.map/ask.js";
import { element } from "../whylens.map/element.js";

export const MARKUP = `
<section class="revisions" aria-label="Revisions">
  <form class="commit">
    <input type="text" class="remark" maxlength="200" placeholder="What did you find?" aria-label="Note">
    <button type="submit" class="keep">Keep revision</button>
  </form>
  <div class="conflict" role="alert" hidden><p></p><div><button type="button" class="theirs">Open theirs</button><button type="button" class="mine">Save mine as a branch</button></div></div>
  <p class="note trouble" role="alert" hidden></p>
  <ol class="kept" aria-label="Revisions, the newest first"></ol>
</section>`;

export class Revisions {
  // content() → {planes, target, mode, fill}; open(revision, planes) puts one on the board; kept(revision) has been saved;
  // exports: [[ending, what is in it]] of the files that one can be taken along as
  constructor(root, here, { content, open, kept, tell, exports = [] }) {
    Object.assign(this, { here: `${here}/revisions`, content, open, kept, tell, exports });
    this.parts = Object.fromEntries(["commit", "remark", "keep", "conflict", "trouble", "kept", "theirs", "mine"].map((name) => [name, root.querySelector(`.${name}`)]));
    this.all = [];
    this.base = null; // what is on the board was made from it
    this.parts.commit.addEventListener("submit", (event) => {
      event.preventDefault();
      this.keep();
    });
    this.parts.mine.addEventListener("click", () => this.keep(true));
    this.parts.theirs.addEventListener("click", () => this.trying(async () => {
      await this.list();
      await this.bring(this.all[0]);
      this.parts.conflict.hidden = true;
    }));
  }

  // The revisions that led to the newest, oldest first, with their planes; at most `most` of them.
  async chain(most) {
    await this.list();
    const found = [];
    for (let each = this.all[0]; each && found.length < most; each = this.all.find(({ id }) => id === each.parent)) {
      found.unshift({ revision: each, planes: await this.planes(each) });
    }
    this.stands(this.all[0] ?? null);
    return found;
  }

  async list() {
    this.all = await ask(this.here);
    this.draw();
  }

  async planes({ id }) {
    const answer = await fetch(`${this.here}/${id}/mask`);
    if (!answer.ok) throw new Refusal("The revision could not be read. Reload the page.");
    return new Uint8Array(await answer.arrayBuffer());
  }

  async bring(revision) {
    this.open(revision, await this.planes(revision));
    this.stands(revision);
    this.tell(`${named(revision)} is open.`);
  }

  stands(revision) {
    this.base = revision;
    this.draw();
  }

  keep(branch = false) {
    return this.trying(async () => {
      const { planes, target, mode, fill } = this.content();
      const asked = new URLSearchParams({ target, mode, fill, note: this.parts.remark.value });
      if (this.base) asked.set("parent", this.base.id);
      if (branch) asked.set("branch", "true");
      const revision = await ask(`${this.here}?${asked}`, { method: "POST", bytes: planes });
      this.parts.remark.value = "";
      this.parts.conflict.hidden = true;
      await this.list(); // a branch stands beside what others have kept meanwhile
      this.stands(revision);
      this.kept(revision);
      this.tell(`${named(revision)} is kept.`);
    });
  }

  async trying(act) {
    this.parts.trouble.hidden = true;
    this.parts.keep.disabled = true;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const place = error.status === 409 ? this.parts.conflict : this.parts.trouble;
      place.hidden = false;
      (place.querySelector("p") ?? place).textContent = error.message;
    } finally {
      this.parts.keep.disabled = false;
    }
  }

  draw() {
    const newest = this.all[0]?.id;
    this.parts.kept.replaceChildren(...this.all.map((revision) => {
      const more = [this.branched(revision) ? "branch" : "", revision.id === newest ? "newest" : ""];
      const open = entry(revision, revision.id === this.base?.id, more.filter(Boolean));
      open.addEventListener("click", () => this.trying(() => this.bring(revision)));
      const menu = revision.id === this.base?.id && this.exports.length ? [files(`${this.here}/${revision.id}/exports`, revision, this.exports)] : [];
      return element("li", {}, open, ...menu);
    }));
  }

  // Whether its parent was not the newest when it was kept.
  branched({ number, parent }) {
    const before = this.all.find((each) => each.number === number - 1);
    return Boolean(before) && before.id !== parent;
  }
}

// A revision as a button; `here`: whether it is the one that is seen; `more`: what else is to be said of it.
export function entry(revision, here, more = []) {
  return element(
    "button",
    { type: "button", "aria-pressed": String(here) },
    element("strong", { text: named(revision) }),
    element("span", { class: "remarked", dir: "auto", text: revision.note || "no note" }),
    element("span", { class: "when", text: [`${(100 * revision.area).toFixed(1)} % painted`, when(revision.created), ...more].join(" \u00b7 ") }),
  );
}

// What a revision can be taken along as; in a tab of its own, so that a refusal is read there and the painting stays.
function files(here, revision, exports) {
  const links = exports.map(([suffix, about]) =>
    element("a", { href: `${here}/${suffix}`, target: "_blank", rel: "noopener" }, element("strong", { text: suffix.toUpperCase() }), element("span", { text: about })),
  );
  return element("details", { class: "files" }, element("summary", { text: `Export ${named(revision).toLowerCase()}` }), ...links);
}

const named = ({ number }) => `Revision ${number}`;
const when = (seconds) => new Date(1000 * seconds).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
