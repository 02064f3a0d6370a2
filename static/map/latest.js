// Asks at most once in `pause` milliseconds. The latest question wins: the one before it is dropped, or aborted.
export class Latest {
  // ask(question, signal) → promise
  constructor(ask, pause) {
    this.ask = ask;
    this.pause = pause;
    this.last = -Infinity;
  }

  put(question) {
    this.stop();
    this.timer = setTimeout(() => {
      this.last = Date.now();
      this.running = new AbortController();
      this.ask(question, this.running.signal);
    }, Math.max(0, this.last + this.pause - Date.now()));
  }

  stop() {
    clearTimeout(this.timer);
    this.running?.abort();
  }
}
