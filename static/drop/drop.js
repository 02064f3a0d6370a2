// An own picture: dropped, pasted or chosen. The bytes go straight to the API, which says what is wrong with them.

import { mounting } from "../whylens.map/mount.js"; // components are served beside each other under their full names

class Zone {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "drop";
    this.root.innerHTML = `
      <input type="file" accept="image/png,image/jpeg,image/webp" aria-label="Choose a picture" tabindex="-1">
      <button type="button"><strong>Your own picture</strong><span>Drop it here, paste it, or choose a file</span></button>
      <p role="alert"></p>`;
    parent.append(this.root);
    this.input = this.root.querySelector("input");
    this.button = this.root.querySelector("button");
    this.alert = this.root.querySelector("p");
    this.button.addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => this.send(this.input.files[0]));
    this.listeners = {
      paste: (event) => {
        const file = [...(event.clipboardData?.files ?? [])][0];
        if (file) this.send(file);
      },
      dragover: (event) => {
        event.preventDefault();
        this.root.classList.add("over");
      },
      dragleave: (event) => event.relatedTarget === null && this.root.classList.remove("over"),
      drop: (event) => {
        event.preventDefault(); // anywhere on the page: a picture that misses the box must not replace the page
        this.root.classList.remove("over");
        this.send(event.dataTransfer.files[0]);
      },
    };
    for (const [name, listener] of Object.entries(this.listeners)) window.addEventListener(name, listener);
  }

  update(data, trigger) {
    this.data = data;
    this.trigger = trigger;
  }

  close() {
    for (const [name, listener] of Object.entries(this.listeners)) window.removeEventListener(name, listener);
  }

  async send(file) {
    if (!file) return;
    this.alert.textContent = "";
    if (file.size > this.data.max_bytes) {
      this.alert.textContent = `The file has ${file.size.toLocaleString()} bytes; the limit is ${this.data.max_bytes.toLocaleString()}.`;
      return;
    }
    this.root.classList.add("busy");
    try {
      const answer = await fetch(`${this.data.assets}?name=${encodeURIComponent(file.name.slice(0, 200) || "picture")}`, { method: "POST", body: file });
      const body = await answer.json();
      if (answer.ok) this.trigger("asset", body.id);
      else this.alert.textContent = body.error.message;
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      this.alert.textContent = "The picture could not be sent. Is the server still running?";
    } finally {
      this.root.classList.remove("busy");
      this.input.value = "";
    }
  }
}

export default mounting(Zone);
