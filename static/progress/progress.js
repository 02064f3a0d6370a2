// A run that is under way, or how it ended otherwise than well: percent, what is being done, time left, Cancel.

import { element } from "../whylens.map/element.js"; // components are served beside each other under their full names
import { Job, MARKUP, differ } from "../whylens.map/job.js";
import { mounting } from "../whylens.map/mount.js";

class View {
  constructor(parent) {
    this.root = element("div", { class: "view" });
    this.root.innerHTML = MARKUP;
    parent.append(this.root);
    this.job = new Job(this.root, {
      onPreview: () => {},
      onDone: (id) => this.trigger("finished", id),
      onAgain: (id) => this.trigger("again", id),
    });
  }

  update(data, trigger) {
    this.trigger = trigger;
    this.root.querySelector(".track").setAttribute("aria-label", data.noun);
    if (differ(this.data, data)) this.job.run(data);
    this.data = data;
  }

  close() {
    this.job.quiet();
  }
}

export default mounting(View);
