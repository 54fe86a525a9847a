/** The sparklines of the list: asked for once, then carried on from the feed. */

import { ask } from "./ask.js";
import { advanced, noted, path, told } from "./sparkline.js";

const MINUTE_MS = 60_000;
const QUIET = new Set(["offline", "stale"]);

const present = (channel) => (QUIET.has(channel.state) ? null : (channel.rf_signal ?? null));

export class RfHistory {
  #levels = new Map();

  /** `channels()` is the board's Map as it is now; `changed()` is told that lines are others. */
  constructor(address, channels, changed) {
    this.address = address;
    this.channels = channels;
    this.changed = changed;
    setInterval(() => this.#advance(), MINUTE_MS);
  }

  async load() {
    const answer = await ask(this.address).catch(() => null); // the banner says that the server is away
    if (!answer?.ok) return;
    const { channels } = await answer.json();
    this.#levels = new Map(Object.entries(channels));
    this.changed();
  }

  note(ids) {
    for (const id of ids) {
      const channel = this.channels().get(id);
      const levels = this.#levels.get(id);
      if (channel && levels) this.#levels.set(id, noted(levels, present(channel)));
    }
  }

  draw(id, svg) {
    const levels = this.#levels.get(id);
    if (levels === undefined) return;
    const line = path(levels);
    const drawn = svg.firstElementChild;
    if (drawn.getAttribute("d") === line) return;
    drawn.setAttribute("d", line);
    svg.setAttribute("aria-label", told(levels));
  }

  #advance() {
    for (const [id, levels] of this.#levels) {
      const channel = this.channels().get(id);
      if (channel) this.#levels.set(id, advanced(levels, present(channel)));
    }
    this.changed();
  }
}
