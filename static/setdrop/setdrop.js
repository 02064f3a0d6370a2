// An own set of pictures: files, a folder or a zip, dropped or chosen. The API says what is wrong with them.

import { element } from "../whylens.map/element.js"; // components are served beside each other under their full names
import { mounting } from "../whylens.map/mount.js";
import { bytes, gathered, named, picked } from "./gathered.js";

const MARKUP = `
<input type="file" class="files" multiple accept="image/png,image/jpeg,image/webp,.zip,application/zip" aria-label="Choose pictures or a zip" tabindex="-1">
<input type="file" class="folder" webkitdirectory aria-label="Choose a folder" tabindex="-1">
<div class="zone"><strong>Your own pictures</strong><span>Drop pictures, a folder or a zip here. Folders inside are labels.</span>
<div class="acts"><button type="button" data-pick="files" aria-label="Choose files">Files\u2026</button><button type="button" data-pick="folder" aria-label="Choose a folder">Folder\u2026</button></div></div>
<div class="job" hidden><div class="track" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-label="Upload"><div class="fill"></div></div><span class="said"></span><button type="button" class="cancel">Cancel</button></div>
<p class="fault" role="alert"></p>
<p class="kept" role="status"></p>
<details hidden><summary></summary><ul></ul></details>`;

class Zone {
  constructor(parent) {
    this.root = element("div", { class: "drop" });
    this.root.innerHTML = MARKUP;
    parent.append(this.root);
    const find = (selector) => this.root.querySelector(selector);
    this.parts = { job: find(".job"), track: find(".track"), fill: find(".fill"), said: find(".said"), fault: find(".fault"), kept: find(".kept"), skipped: find("details") };
    for (const button of this.root.querySelectorAll("[data-pick]")) {
      const input = find(`input.${button.dataset.pick}`);
      button.addEventListener("click", () => input.click());
      input.addEventListener("change", () => {
        this.send(picked(input.files));
        input.value = "";
      });
    }
    find(".cancel").addEventListener("click", () => this.request?.abort());
    this.listeners = {
      dragover: (event) => {
        event.preventDefault();
        this.root.classList.add("over");
      },
      dragleave: (event) => event.relatedTarget === null && this.root.classList.remove("over"),
      drop: async (event) => {
        event.preventDefault(); // anywhere on the page: pictures that miss the box must not replace the page
        this.root.classList.remove("over");
        this.send(await gathered([...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean)));
      },
    };
    for (const [name, listener] of Object.entries(this.listeners)) window.addEventListener(name, listener);
  }

  update(data, trigger) {
    this.data = data;
    this.trigger = trigger;
  }

  close() {
    this.request?.abort();
    for (const [name, listener] of Object.entries(this.listeners)) window.removeEventListener(name, listener);
  }

  send(files) {
    if (!files.length || this.request) return;
    this.told({});
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    if (size > this.data.max_bytes) {
      this.parts.fault.textContent = `The files have ${bytes(size)} together; the limit is ${bytes(this.data.max_bytes)}.`;
      return;
    }
    const form = new FormData();
    for (const { file, path } of files) form.append("files", file, path);
    const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
    this.request = request;
    request.upload.addEventListener("progress", ({ loaded, total }) => this.sent(loaded, total));
    request.addEventListener("loadend", () => {
      this.request = null;
      this.parts.job.hidden = true;
    });
    request.addEventListener("load", () => this.answered(request));
    request.addEventListener("error", () => (this.parts.fault.textContent = "The pictures could not be sent. Is the server still running?"));
    request.addEventListener("abort", () => (this.parts.kept.textContent = "Stopped; nothing was kept."));
    request.open("POST", `${this.data.sets}?name=${encodeURIComponent(named(files))}`);
    this.sent(0, size);
    this.parts.job.hidden = false;
    request.send(form);
  }

  sent(loaded, total) {
    const share = total ? loaded / total : 1;
    this.parts.fill.style.width = `${100 * share}%`;
    this.parts.track.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    this.parts.said.textContent = share < 1 ? `${Math.floor(100 * share)} % of ${bytes(total)} sent` : "Sent; the server is reading the pictures\u2026";
  }

  answered(request) {
    let body;
    try {
      body = JSON.parse(request.responseText);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.parts.fault.textContent = "The server did not answer as expected. Is it still running?";
      return;
    }
    if (request.status !== 201) {
      this.parts.fault.textContent = body.error.message;
      return;
    }
    this.told(body);
    this.trigger("set", body.id);
  }

  // name, images, skipped of a set; nothing clears what was said before
  told({ name, images, skipped = [] }) {
    this.parts.fault.textContent = "";
    this.parts.kept.textContent = images ? `${images.toLocaleString()} pictures kept as ${name}.` : "";
    this.parts.skipped.hidden = !skipped.length;
    this.parts.skipped.querySelector("summary").textContent = `${skipped.length} left out`;
    this.parts.skipped.querySelector("ul").replaceChildren(...skipped.map((entry) => element("li", {}, element("strong", { text: entry.name }), element("span", { text: entry.reason }))));
  }
}

export default mounting(Zone);
