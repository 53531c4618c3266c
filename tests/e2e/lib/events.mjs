// What has happened, in order, and waiting for what will.

export class Events {
  /** `who`: whose events these are, for messages. */
  constructor(who) {
    this.who = who;
    this.all = [];
    this.waiting = new Set();
  }

  get length() {
    return this.all.length;
  }

  push(event) {
    this.all.push(event);
    for (const look of [...this.waiting]) look();
  }

  /** No more will come; whoever waits is told why. */
  end(reason) {
    this.over ??= reason;
    for (const look of [...this.waiting]) look();
  }

  /** The first event from `from` on that fits. `timeout` in ms. */
  wait(what, fits, { from = this.length, timeout = 15000 } = {}) {
    const found = new Promise((resolve, reject) => {
      let at = from;
      const done = (act, value) => {
        clearTimeout(timer);
        this.waiting.delete(look);
        act(value);
      };
      const look = () => {
        for (; at < this.all.length; at++) {
          if (fits(this.all[at])) return done(resolve, this.all[at]);
        }
        if (this.over) done(reject, new Error(`${this.who} ended (${this.over}) while waiting for ${what}`));
      };
      const timer = setTimeout(() => {
        const last = this.all.slice(-8).map((e) => JSON.stringify(e).slice(0, 240)).join('\n');
        done(reject, new Error(`${this.who} waited ${timeout} ms for ${what}; last:\n${last}`));
      }, timeout);
      this.waiting.add(look);
      look();
    });
    // One that was begun early may fail while the check is busy elsewhere; whoever awaits
    // it is still told.
    found.catch(() => {});
    return found;
  }
}
