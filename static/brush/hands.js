// Pen, finger, mouse and keyboard as one: strokes that begin, go on and end at pixels of the picture.

const STEP = 4; // pixels of the picture by an arrow key; with Shift four times that

export class Hands {
  // board: where places are found; on: {begin(place, share), go(place, share), end(), drop(), hover(place), pinch}
  constructor(canvas, board, on) {
    [this.canvas, this.board, this.on] = [canvas, board, on];
    this.down = new Map(); // pointers that touch, by their id
    this.cursor = board.size.map((side) => side / 2);
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.lift(event));
    canvas.addEventListener("pointerleave", () => this.down.size || on.hover(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  press(event) {
    this.canvas.focus({ preventScroll: true });
    if (this.pen !== undefined && event.pointerType === "touch") return event.preventDefault(); // the hand that holds it
    this.canvas.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, [event.clientX, event.clientY]);
    if (event.pointerType === "pen") this.pen = event.pointerId;
    if (event.button === 1) event.preventDefault();
    if (this.down.size === 2) {
      this.on.drop(); // a second finger: they pinch, and the first did not mean to paint
      this.stroking = false;
    } else if (this.down.size === 1 && event.button !== 1) {
      this.stroking = true;
      this.on.begin(this.board.at(event), pressure(event));
    }
    event.preventDefault();
  }

  move(event) {
    if (!this.down.has(event.pointerId)) {
      if (event.pointerType !== "touch") this.on.hover(this.board.at(event)); // a resting hand points at nothing
      return;
    }
    const before = this.down.get(event.pointerId);
    if (this.stroking) {
      const between = event.getCoalescedEvents?.() ?? [];
      for (const each of between.length ? between : [event]) this.on.go(this.board.at(each), pressure(each));
    } else if (this.down.size === 2) {
      this.pinch(event, before);
    } else if (this.down.size === 1) {
      this.drag(event, before);
    }
    this.down.set(event.pointerId, [event.clientX, event.clientY]);
  }

  lift(event) {
    if (!this.down.delete(event.pointerId)) return;
    if (event.pointerId === this.pen) this.pen = undefined;
    if (this.stroking) this.on.end();
    this.stroking = false;
  }

  drag(event, [x, y]) {
    const perPixel = this.board.size[0] / this.board.zoom / this.canvas.getBoundingClientRect().width;
    this.board.move((x - event.clientX) * perPixel, (y - event.clientY) * perPixel);
  }

  // What lay in the middle of the two fingers goes on lying there, and what lay under either stays under it.
  pinch(event, before) {
    const [other] = [...this.down].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    const now = [event.clientX, event.clientY];
    const distance = (place) => Math.max(Math.hypot(place[0] - other[0], place[1] - other[1]), 1);
    const middle = (place) => place.map((side, i) => (side + other[i]) / 2);
    const [clientX, clientY] = middle(before);
    this.board.closer(distance(now) / distance(before), this.board.at({ clientX, clientY }));
    const [x, y] = middle(now);
    this.drag({ clientX: x, clientY: y }, [clientX, clientY]);
    this.on.hover(null);
  }

  wheel(event) {
    if (!event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    this.board.closer(Math.exp(-event.deltaY / 200), this.board.at(event));
  }

  // Whether the key moved the cursor.
  arrow({ key, shiftKey }, step = STEP) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!(key in ways)) return false;
    const by = shiftKey ? 4 * step : step;
    this.cursor = this.cursor.map((side, i) => Math.min(Math.max(side + by * ways[key][i], 0), this.board.size[i] - 1));
    return true;
  }
}

// A pen that is pressed lightly paints with a smaller brush.
function pressure(event) {
  return event.pointerType === "pen" ? 0.3 + 0.7 * event.pressure : 1;
}
