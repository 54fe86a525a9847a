/** A WebSocket that never gives up, and notices silence. */

import { afterClose } from "./protocol.js";

const DELAYS_S = [1, 2, 4, 8, 15];
const BACKOFF_FROM = 3;
const JITTER = 0.2;

/** Milliseconds to wait before try `attempt` (from 0); `chance` is in 0…1, so that clients do not come in step. */
export function retryDelay(attempt, chance) {
  const seconds = DELAYS_S[Math.min(attempt, DELAYS_S.length - 1)];
  return seconds * 1000 * (1 + JITTER * (2 * chance - 1));
}

/**
 * Options: `address()` returns the URL for the next try (so that it can resume), `heard(text)` receives each
 * message, `moved(socket)` is told when `open`, `retryAt` or `ended` changed, `silence` is how long (ms) a server may
 * say nothing. `wakes` are [target, event] pairs on which a waiting socket tries at once.
 */
export class ReconnectingWebSocket {
  open = false;
  heardAt = performance.now();
  /** Since when it has not been open, or null while it is. */
  lostAt = this.heardAt;
  retryAt = null;
  /** Why there will be no further try: { act, why } of protocol.js, or null. */
  ended = null;

  #attempt = 0;
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
      wakes: [],
      ...options,
    };
    for (const [target, event] of this.options.wakes) {
      target.addEventListener(event, () => this.#wake(), { signal: this.#stopped.signal });
    }
    this.#connect();
  }

  /** Try now, without waiting for the next turn. */
  retry() {
    if (this.#socket === null && this.ended === null) this.#connect();
  }

  /** Hang up and ask again from the address, because a window was missed. */
  resume() {
    this.#closed(1012);
  }

  close() {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    this.#drop();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.retryAt = null;
    const socket = new this.options.WebSocket(this.options.address());
    this.#socket = socket;
    const ours = (act) => (event) => {
      if (socket === this.#socket) act(event);
    };
    socket.addEventListener(
      "message",
      ours(({ data }) => this.#heard(data)),
    );
    socket.addEventListener(
      "close",
      ours(({ code }) => this.#closed(code)),
    );
    this.#watch();
    this.options.moved(this);
  }

  #heard(text) {
    this.heardAt = performance.now();
    this.#attempt = 0;
    this.#watch();
    if (!this.open) {
      this.open = true;
      this.lostAt = null;
      this.options.moved(this);
    }
    this.options.heard(text);
  }

  #closed(code) {
    this.#drop();
    const { act, why } = afterClose(code);
    if (act === "stop" || act === "sign-in") {
      this.ended = { act, why };
    } else {
      if (act === "backoff") this.#attempt = Math.max(this.#attempt, BACKOFF_FROM);
      const wait = this.options.delay(this.#attempt, Math.random());
      this.#attempt += 1;
      this.retryAt = performance.now() + wait;
      this.#timer = setTimeout(() => this.#connect(), wait);
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
    if (this.#socket !== null && performance.now() - this.heardAt > this.options.silence) this.#silent();
    this.retry();
  }

  #drop() {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = null;
    this.lostAt ??= performance.now();
    this.open = false;
    socket?.close();
  }
}
