// How a view comes to what it shows: what is explained is opened, coarse maps come while the run goes on, then the final
// one. What comes late, of what was shown before, is dropped.

import { Job, differ } from "./job.js";
import { read } from "./safetensors.js";

export class Showing {
  // view: {root, data, trigger(name, id), open(data), clear(), explain(values, stderr), finish()}. `open` promises whether
  // what is explained is there to be seen, `clear` is called when no map is known, `finish` once the final one is drawn.
  constructor(view) {
    this.view = view;
    this.waiting = view.root.querySelector(".waiting");
    this.job = new Job(view.root, {
      onPreview: (tensors) => {
        this.previews = tensors;
        this.coarse();
      },
      onDone: (id) => view.trigger("finished", id),
      onAgain: (id) => view.trigger("again", id),
    });
  }

  // Whether what is explained is there to be seen, and nothing newer has come meanwhile.
  async opened(data) {
    if (this.input !== data.input) {
      this.input = data.input;
      this.forget();
      this.opening = this.view.open(data);
    }
    return (await this.opening) && this.view.data === data;
  }

  async mapped(data) {
    const before = this.seen;
    this.seen = data;
    if (data.map) {
      this.quiet();
      if (this.map !== data.map) await this.final(data.map);
    } else if (differ(before, data)) {
      this.quiet();
      this.forget();
      this.previews = null;
      this.job.run(data);
    } else if (before.target !== data.target) {
      this.coarse();
    }
  }

  // No map is known, and one that is still on its way is of something else.
  forget() {
    this.map = null;
    delete this.view.root.dataset.drawn;
    this.view.clear();
  }

  coarse() {
    const tensor = this.previews?.[String(this.view.data.target)];
    if (!tensor) return;
    this.view.explain(tensor);
    const { dataset } = this.view.root;
    dataset.previewed = String(Number(dataset.previewed ?? 0) + 1);
  }

  async final(map) {
    this.map = map;
    const answer = await fetch(map);
    const tensors = answer.ok ? read(await answer.arrayBuffer()) : null;
    if (this.map !== map) return;
    if (!tensors) {
      this.map = null;
      this.failed("The map could not be read. Reload the page.");
      return;
    }
    this.view.explain(tensors.values, tensors.stderr);
    await this.view.finish();
    if (this.map !== map) return;
    const { dataset } = this.view.root;
    delete dataset.previewed;
    dataset.drawn = map;
  }

  failed(why) {
    this.waiting.hidden = false;
    this.waiting.textContent = why;
  }

  quiet() {
    this.job.quiet();
    this.waiting.hidden = true;
  }
}
