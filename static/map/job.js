// A run as its user sees it: how far it has come, Cancel, and what became of it.

import { follow } from "./follow.js";
import { read } from "./safetensors.js";

export const MARKUP = `
<div class="job" hidden>
  <div class="track" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-label="Explanation"><div class="fill"></div></div>
  <span class="said"></span>
  <button type="button" class="cancel">Cancel</button>
  <button type="button" class="again" hidden>Try again</button>
</div>`;

// Whether a run is another, in another state, or asked for again: the same, told once more, is followed already.
export const differ = (before, data) => ["id", "state", "asked"].some((name) => before?.[name] !== data[name]);

export class Job {
  // `root` holds the markup; `onPreview` is given tensors, `onDone` and `onAgain` the explanation's id.
  constructor(root, { onPreview, onDone, onAgain }) {
    this.root = root;
    this.onPreview = onPreview;
    this.onDone = onDone;
    this.parts = Object.fromEntries(
      ["job", "track", "fill", "said", "cancel", "again"].map((name) => [name, root.querySelector(`.${name}`)]),
    );
    this.stop = () => {};
    this.parts.cancel.addEventListener("click", async () => {
      this.parts.cancel.disabled = true;
      this.parts.said.textContent = "Stopping\u2026";
      await fetch(this.data.cancel, { method: "POST" });
    });
    this.parts.again.addEventListener("click", () => onAgain(this.data.id));
  }

  run(data) {
    this.quiet();
    this.data = data;
    this.parts.job.hidden = false;
    this.parts.cancel.disabled = false;
    if (data.state !== "queued" && data.state !== "running") {
      this.ended({ state: data.state, error: data.error });
      return;
    }
    this.parts.cancel.hidden = false;
    this.parts.again.hidden = true;
    this.parts.said.textContent = "Starting\u2026";
    this.fill(0);
    this.stop = follow({ ...data, decode: async (answer) => read(await answer.arrayBuffer()) }, {
      onProgress: (progress) => this.progress(progress),
      onPreview: this.onPreview,
      onEnd: (progress) => (progress.state === "done" ? this.onDone(data.id) : this.ended(progress)),
    });
  }

  quiet() {
    this.stop();
    this.stop = () => {};
    this.parts.job.hidden = true;
  }

  progress({ state, done, total, seconds_left, position, stage }) {
    if (this.parts.cancel.disabled) return;
    const share = total ? done / total : 0;
    this.fill(share);
    if (state === "queued") {
      this.parts.said.textContent = position ? `Waiting: ${position} before this` : "Waiting for a worker\u2026";
    } else if (!done && !stage) {
      this.parts.said.textContent = "Starting\u2026";
    } else {
      const left = seconds_left === null ? "" : ` \u00b7 ${Math.max(1, Math.round(seconds_left))} s left`;
      this.parts.said.textContent = `${Math.floor(100 * share)} % \u00b7 ${stage ?? `${done} of ${total} forwards`}${left}`;
    }
  }

  ended({ state, error }) {
    this.parts.cancel.hidden = true;
    this.parts.again.hidden = false;
    this.parts.said.textContent = error ?? "Cancelled.";
    this.root.dataset.ended = state;
  }

  fill(share) {
    this.parts.fill.style.width = `${100 * share}%`;
    this.parts.track.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  }
}
