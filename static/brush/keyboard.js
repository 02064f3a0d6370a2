// The brush by keyboard: arrows move it, Space dabs, every tool has its key.

import { meaning } from "./keys.js";

export class Keyboard {
  // brush: what the keys are about; parts: where they are heard
  constructor(brush, parts) {
    this.brush = brush;
    this.corners = []; // of a lasso that is not closed yet
    for (const part of parts) part.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const { canvas, keys, tools } = this.brush;
    if (keys.open || event.target.matches("input[type=text], select")) return;
    if (event.target === canvas && this.worked(event)) return this.taken(event);
    const asked = meaning(event, tools.state);
    if (!asked || (event.key === "Enter" && !this.corners.length)) return; // Enter presses buttons
    if (asked[0] === "set") tools.set(asked[1]);
    else this.brush.act(asked[1]);
    this.taken(event);
  }

  taken(event) {
    event.preventDefault();
    event.stopPropagation(); // the page has keys of its own
  }

  // Whether the board has made something of it.
  worked(event) {
    const { hands, patches, tools } = this.brush;
    const cells = tools.state.layer === "cells" && patches.known;
    if (event.key === " ") this.space(cells);
    else if (cells && patches.step(event.key)) {
      this.brush.tell(`Cell ${patches.at + 1} of ${patches.count}, ${patches.off.has(patches.at) ? "off" : "on"}`);
    } else if (!cells && hands.arrow(event)) {
      const [column, row] = hands.cursor.map(Math.floor);
      this.brush.tell(`Row ${row}, column ${column}`);
    } else return false;
    this.brush.hover(hands.cursor);
    return true;
  }

  space(cells) {
    const { answer, hands, patches, tools } = this.brush;
    if (cells) {
      this.brush.turn(patches.at, !patches.off.has(patches.at));
      answer.settle();
    } else if (tools.state.shape === "lasso") this.corners.push(hands.cursor);
    else {
      this.brush.begin(hands.cursor, 1);
      this.brush.end();
    }
  }

  // The corners become a lasso.
  close() {
    if (!this.corners.length) return;
    const { brush, corners } = this;
    this.corners = [];
    brush.begin(corners[0], 1);
    brush.stroke?.line.push(...corners.slice(1));
    brush.end();
    brush.hover(brush.hands.cursor);
  }
}
