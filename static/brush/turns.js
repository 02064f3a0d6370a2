// One question at a time: while one is being answered the latest waits, and those before it are dropped.
//
// Unlike `Latest`, a question that is overtaken is still answered: somebody who paints without a pause must see the
// answers move, and they come as fast as the server gives them.
export class Turns {
  // ask(question, signal) → promise; idle() is called when the latest has been answered
  constructor(ask, idle = () => {}) {
    this.ask = ask;
    this.idle = idle;
  }

  get busy() {
    return Boolean(this.running);
  }

  put(question) {
    this.waiting = { question };
    if (!this.busy) this.next();
  }

  async next() {
    const { question } = this.waiting;
    this.waiting = undefined;
    const mine = (this.running = new AbortController());
    try {
      await this.ask(question, mine.signal);
    } finally {
      if (this.running === mine) {
        this.running = undefined;
        if (this.waiting) this.next();
        else this.idle();
      }
    }
  }

  stop() {
    this.waiting = undefined;
    this.running?.abort();
    this.running = undefined;
  }
}
