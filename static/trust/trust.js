// Whether the map can be trusted: one verdict, the sentence that says why, and every check beside its control.

import { follow } from "../whylens.map/follow.js"; // components are served beside each other under their full names
import { mounting } from "../whylens.map/mount.js";

const MARKUP = `
<section aria-label="Can this map be trusted?">
  <div class="verdict" role="status"><span class="badge"></span><span class="why"></span></div>
  <div class="track" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-label="Checks" hidden><div class="fill"></div></div>
  <button type="button" class="again" hidden>Try again</button>
  <details hidden>
    <summary></summary>
    <ul></ul>
    <p class="budget"></p>
  </details>
</section>`;

const BADGES = { "holds up": ["\u2713", "Holds up"], mixed: ["\u25d0", "Mixed"], fails: ["\u2715", "Fails"] };
const MARKS = { passed: "\u2713", doubtful: "\u25d0", failed: "\u2715", "not possible": "\u2013" };

class Panel {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.innerHTML = MARKUP;
    parent.append(this.root);
    this.parts = Object.fromEntries(
      ["verdict", "badge", "why", "track", "fill", "again", "budget"].map((name) => [name, this.root.querySelector(`.${name}`)]),
    );
    this.details = this.root.querySelector("details");
    this.stop = () => {};
    this.parts.again.addEventListener("click", async () => {
      const asked = this.data;
      const answer = await fetch(asked.url, { method: "POST" });
      const judgement = answer.ok ? await answer.json() : null;
      if (judgement && this.about(asked)) this.show(judgement);
    });
  }

  close() {
    this.stop();
  }

  update(data) {
    const same = this.about(data);
    this.data = data;
    // the same judgement may be handed over again with an older state than the stream has told since
    if (same && this.following) return;
    if (data.judgement) this.show(data.judgement);
    else {
      this.rest();
      this.waiting("Checked when the map is done.");
    }
  }

  about({ url, target }) {
    return this.data?.url === url && this.data?.target === target;
  }

  // Another map's stream may not speak for this one.
  rest() {
    this.stop();
    this.stop = () => {};
    this.following = false;
  }

  show({ report, progress }) {
    this.rest();
    this.parts.again.hidden = true;
    if (progress.state === "queued" || progress.state === "running") {
      this.following = true;
      this.running(report, progress);
      this.stop = follow(
        { events: this.data.events, preview: this.data.url, decode: (answer) => answer.json() },
        {
          onProgress: (now) => this.fill(now.total ? now.done / now.total : 0),
          onPreview: (judgement) => this.running(judgement.report),
          onEnd: () => this.end(),
        },
      );
    } else if (progress.state === "done") {
      this.parts.track.hidden = true;
      this.final(report);
    } else {
      this.waiting(progress.state === "failed" ? progress.error : "The checks were stopped.");
      this.parts.again.hidden = false;
    }
  }

  async end() {
    const asked = this.data;
    this.following = false;
    const answer = await fetch(asked.url);
    const judgement = answer.ok ? await answer.json() : null;
    if (judgement && this.about(asked) && judgement.target === asked.target) this.show(judgement);
  }

  waiting(text) {
    this.root.dataset.verdict = "none";
    delete this.root.dataset.judged;
    this.parts.badge.textContent = "";
    this.parts.why.textContent = text;
    this.parts.track.hidden = true;
    this.details.hidden = true;
  }

  running(report, progress) {
    this.waiting("Checking whether this map can be trusted\u2026");
    this.parts.track.hidden = false;
    if (progress) this.fill(progress.total ? progress.done / progress.total : 0);
    if (report?.checks.length) this.list(report, `Checks so far: ${report.checks.length}`);
  }

  final(report) {
    const [mark, word] = BADGES[report.verdict];
    this.root.dataset.verdict = report.verdict;
    this.root.dataset.judged = this.data.target;
    this.parts.badge.textContent = `${mark} ${word}`;
    this.parts.why.textContent = report.sentence.replace(/^(Holds up|Mixed|Fails)[:,]? */, "").replace(/^./, (c) => c.toUpperCase());
    this.list(report, `All ${report.checks.length} checks, each beside its control`);
  }

  list(report, summary) {
    this.details.hidden = false;
    this.details.querySelector("summary").textContent = summary;
    this.details.querySelector("ul").replaceChildren(...report.checks.map(row));
    this.parts.budget.textContent = report.forwards ? `The checks took ${report.forwards.toLocaleString("en")} forwards.` : "";
  }

  fill(share) {
    this.parts.fill.style.width = `${100 * share}%`;
    this.parts.track.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  }
}

function row({ name, status, finding }) {
  const item = document.createElement("li");
  item.dataset.status = status;
  const mark = document.createElement("span");
  mark.className = "mark";
  mark.textContent = MARKS[status];
  mark.setAttribute("aria-hidden", "true");
  const words = document.createElement("div");
  const head = document.createElement("strong");
  head.textContent = `${name[0].toUpperCase()}${name.slice(1)}: ${status}`;
  const text = document.createElement("span");
  text.textContent = finding; // names of classes are anybody's: never markup
  words.append(head, text);
  item.append(mark, words);
  return item;
}

export default mounting(Panel);
