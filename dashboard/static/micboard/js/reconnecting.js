/** A WebSocket that never gives up, and notices silence. */

import { Patience, retryDelay } from "./patience.js";

/**
 * Options: `address()` returns the URL for the next try (so that it can resume), or a promise of it; `heard(text)`
 * receives each message, and returns false for one that is no sign of being served; `moved(socket)` is told when
 * `open`, `retryAt` or `ended` changed; `silence` is how long (ms) a server may say nothing. `wakes` are [target,
 * event] pairs on which a waiting socket tries at once. `renews` says that each address brings a new way in, so that
 * one that the server refuses is no end. `init` is the WebSocket's second argument.
 */
export class ReconnectingWebSocket {
  open = false;
  heardAt = performance.now();
  /** Since when it has not been open, or null while it is. */
  lostAt = this.heardAt;
  retryAt = null;
  /** Why there will be no further try: { act, code, why }, as in protocol.js, or null. */
  ended = null;
  /** Why the last try could not even begin, or null. */
  failure = null;

  #patience;
  /** The try that is under way: what others still have to say is not heard. */
  #turn = null;
  #socket = null;
  #timer = null;
  #watchdog = null;
  #stopped = new AbortController();

  constructor(url, options = {}) {
    this.options = {
      address: () => url,
      heard: () => {},
      moved: () => {},
      silence: 12_000,
      delay: retryDelay,
      WebSocket: globalThis.WebSocket,
      init: undefined,
      wakes: [],
      renews: false,
      ...options,
    };
    this.#patience = new Patience(this.options.delay, this.options.renews);
    for (const [target, event] of this.options.wakes) {
      target.addEventListener(event, () => this.#wake(), { signal: this.#stopped.signal });
    }
    this.#connect();
  }

  /** Try now, without waiting for the next turn. */
  retry() {
    if (this.#turn === null && this.ended === null) this.#connect();
  }

  /** Hang up and ask again from the address, because a window was missed. */
  resume() {
    if (this.#patience.mayResume(performance.now())) {
      this.#drop();
      this.#connect();
    } else {
      this.#closed(1012);
    }
  }

  close() {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    this.#drop();
    this.retryAt = null;
    this.ended = { act: "stop", code: null, why: "This page has closed it." };
    this.options.moved(this);
  }

  async #connect() {
    clearTimeout(this.#timer);
    this.retryAt = null;
    this.failure = null;
    const turn = {};
    this.#turn = turn;
    this.#watch();
    this.options.moved(this);
    const ours = (act) => (event) => {
      if (turn === this.#turn) act(event);
    };
    try {
      const address = await this.options.address();
      if (turn !== this.#turn) return;
      this.#socket = new this.options.WebSocket(address, this.options.init);
    } catch (error) {
      ours(() => this.#failed(error))();
      return;
    }
    const listen = (kind, act) => this.#socket.addEventListener(kind, ours(act));
    listen("message", ({ data }) => this.#heard(data));
    listen("close", ({ code }) => this.#closed(code));
    listen("error", () => {}); // a close follows; the package `ws` throws where nobody listens
  }

  #heard(text) {
    const turn = this.#turn;
    this.heardAt = performance.now();
    this.#watch();
    const served = this.options.heard(text) !== false;
    if (!served || turn !== this.#turn) return;
    this.#patience.served();
    if (!this.open) {
      this.open = true;
      this.lostAt = null;
      this.options.moved(this);
    }
  }

  #failed(error) {
    this.failure = error.message;
    this.#closed(1006);
  }

  #closed(code) {
    this.#drop();
    const { ended = null, waitMs } = this.#patience.after(code, Math.random());
    this.ended = ended;
    if (ended === null) {
      this.retryAt = performance.now() + waitMs;
      this.#timer = setTimeout(() => this.#connect(), waitMs);
    }
    this.options.moved(this);
  }

  // A half-open connection looks alive for minutes; only silence gives it away.
  #watch() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#silent(), this.options.silence);
  }

  #silent() {
    this.lostAt ??= this.heardAt;
    this.#closed(1006);
  }

  #wake() {
    if (this.#turn !== null && performance.now() - this.heardAt > this.options.silence) this.#silent();
    this.retry();
  }

  #drop() {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#turn = null;
    this.#socket = null;
    this.lostAt ??= performance.now();
    this.open = false;
    socket?.close();
  }
}
