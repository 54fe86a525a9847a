/** A board that is kept as the server's is: what is told goes into the store, what is missed is asked for again. */

import { ServerClock } from "./age.js";
import { Changes } from "./changes.js";
import { feedUrl, parse, resumeUrl } from "./protocol.js";
import { ReconnectingWebSocket } from "./reconnecting.js";
import { emptyBoard, isReplay, lastSeen } from "./store.js";

/**
 * Events, each with what it tells as its `detail`:
 * `snapshot` { ids }: the board was replaced, and these channels are or were on it;
 * `change` { changed, added, removed, alerts, fields }: as in changes.js;
 * `seen` { seen, live }: which receivers answered when, and whether the poller is alive;
 * `status` { state, … }: "connecting", "live", "reconnecting" with `inMs` and `why`, "stopped" with `code` and `why`;
 * `gap` { seq, epoch }: a window was missed after this one, and is being asked for.
 */
export class MicboardFeed extends EventTarget {
  board = emptyBoard();
  status = { state: "connecting" };

  #clock = new ServerClock();
  #changes;
  #link;
  #said = null;

  /**
   * `ticket` is one, or a function that gets a new one for each connection; `token` is for programs that are no
   * pages. `scope` narrows the board: "group:stage-left", or several. `snapshot` is an `initial_data` to begin with,
   * `throttle` the least time (ms) between two `change`s. The rest goes to reconnecting.js.
   */
  constructor(url, { ticket, token, scope = [], snapshot, throttle = 0, ...options } = {}) {
    super();
    if (token && globalThis.document) throw new TypeError("A page cannot send a token: give it a ticket.");
    this.#changes = new Changes(this.board, throttle, (told) => this.#tell("change", told));
    if (snapshot) this.#take(snapshot);
    const address = feedUrl(url, [scope].flat());
    this.#link = new ReconnectingWebSocket(address, {
      address: async () =>
        resumeUrl(address, this.board, typeof ticket === "function" ? await ticket() : ticket),
      renews: typeof ticket === "function",
      init: token ? { headers: { Authorization: `Bearer ${token}` } } : undefined,
      wakes: globalThis.document
        ? [
            [globalThis, "online"],
            [document, "visibilitychange"],
          ]
        : [],
      ...options,
      heard: (text) => this.#heard(text),
      moved: (link) => this.#moved(link),
    });
  }

  /** Have `act` called with each detail of these events. Returns a function that ends it. */
  on(kind, act) {
    const listener = ({ detail }) => act(detail);
    this.addEventListener(kind, listener);
    return () => this.removeEventListener(kind, listener);
  }

  /** Every channel's row by its id. */
  get channels() {
    return this.board.channels;
  }

  /** Every open alert by its id. */
  get alerts() {
    return this.board.alerts;
  }

  /** The socket, for who shows how it is: `open`, `heardAt`, `lostAt`, `retryAt`, `ended`. */
  get connection() {
    return this.#link;
  }

  /** The server's time, in ms: what ages are counted by. */
  now() {
    return this.board.epoch === null ? Date.now() : this.#clock.now(performance.now());
  }

  /** When a channel's receiver last answered (`at`), and the interval that held then (`interval_s`). */
  lastSeen(channel) {
    return lastSeen(this.board, channel);
  }

  /** Try now, without waiting for the next turn. */
  retry() {
    this.#link.retry();
  }

  close() {
    this.#changes.flush();
    this.#link.close();
  }

  #heard(text) {
    const frame = parse(text);
    if (frame?.type === "error") this.#said = frame.message;
    else if (frame !== null) this.#take(frame);
    return frame?.type !== "error"; // which precedes a close, and is no sign of being served
  }

  #take(frame) {
    if (frame.timestamp && !isReplay(this.board, frame)) this.#clock.hear(frame.timestamp, performance.now());
    const ids = this.#changes.apply(frame);
    if (ids === null) {
      this.#tell("gap", { seq: this.board.seq, epoch: this.board.epoch });
      this.#link.resume();
      return;
    }
    if (frame.type === "initial_data") this.#tell("snapshot", { ids });
    if (frame.seen) this.#tell("seen", { seen: frame.seen, live: this.board.live });
  }

  #moved(link) {
    const why = this.#said ?? link.failure;
    if (link.ended) this.#become({ state: "stopped", code: link.ended.code, why: why ?? link.ended.why });
    else if (link.open) this.#become({ state: "live" });
    else if (link.retryAt === null) this.#become({ state: "connecting" });
    else this.#become({ state: "reconnecting", inMs: Math.round(link.retryAt - performance.now()), why });
    this.#said = null;
  }

  #become(status) {
    this.status = status;
    this.#tell("status", status);
  }

  #tell(kind, detail) {
    this.dispatchEvent(Object.assign(new Event(kind), { detail })); // Node 18 has no CustomEvent
  }
}
