/** What is on the screen: header, strip and tiles, redrawn from the board when it changes and as it ages. */

import { age, freshness } from "./age.js";
import { face, stateNow } from "./face.js";
import { Header } from "./header.js";
import { arrangement, counts, firstPage, nextPage, ordered, pages, strip } from "./order.js";
import { Pager } from "./pager.js";
import { lastSeen } from "./store.js";
import { Tiles } from "./tiles.js";

// The same query as in layout.css: what is narrower or lower scrolls, and never turns pages.
const ROOMY = matchMedia("(min-width: 700px) and (min-height: 600px)");
const STRIP_ENTRY_REM = 16;
const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

export class Display {
  #header = new Header();
  #wall = document.querySelector(".wall");
  #tiles = new Tiles(document.querySelector(".tiles"), document.querySelector("#tile-template"));
  #strip = new Tiles(document.querySelector(".strip"), document.querySelector("#trouble-template"));
  #more = document.querySelector(".more");
  #empty = document.querySelector(".empty");
  #pager;
  #pages = [];
  #risen = [];
  #states = new Map();
  #stateOf = (channel) => this.#states.get(channel.device_id);

  /** `now()` is the server's time in ms. */
  constructor(board, now) {
    this.board = board;
    this.now = now;
    this.#pager = new Pager({
      next: (page) => nextPage(this.#pages, page, this.#stateOf),
      moved: () => this.place(),
    });
    addEventListener("resize", () => this.place());
    addEventListener("hashchange", () => this.#turnTo(location.hash));
    this.changed(board.channels.keys());
    this.#pager.show(firstPage(this.#pages, this.#stateOf));
  }

  /** Draw these channels anew, and whatever depends on them. */
  changed(ids) {
    this.#age();
    this.place();
    for (const id of ids) this.#draw(id);
  }

  /** Let a second pass. */
  tick() {
    if (this.#age()) this.place();
    else this.#drawShown();
    this.#header.tick(this.now(), this.#oldestFresh());
  }

  place() {
    const { group, sort } = this.#wall.dataset;
    const channels = ordered(
      this.board.channels.values(),
      { group, sort: sort || (ROOMY.matches ? "slot" : "state") },
      this.#stateOf,
    );
    this.#header.count(counts(channels, this.#stateOf));
    const room = { width: innerWidth, height: innerHeight - this.#header.height };
    const { columns, perPage } = arrangement(channels.length, room);
    this.#pages = ROOMY.matches ? pages(channels, perPage) : [channels];
    this.#pager.count(this.#pages.length);
    const shown = new Set(this.#pages[this.#pager.page]);
    this.#tiles.place(ids(channels), (id) => shown.has(this.board.channels.get(id)));
    this.#tiles.container.style.setProperty("--columns", ROOMY.matches ? columns : "");
    this.#empty.hidden = channels.length > 0;
    this.#rise(channels, Math.max(1, Math.floor(room.width / (STRIP_ENTRY_REM * rem()))));
    this.#drawShown();
  }

  #rise(channels, most) {
    const { first, more } = strip(channels, most, this.#stateOf);
    this.#strip.place(ids(first));
    this.#risen = ids(first);
    this.#strip.container.hidden = first.length === 0;
    this.#more.hidden = more === 0;
    this.#more.textContent = `+${more} more`;
  }

  #drawShown() {
    for (const { device_id } of this.#pages[this.#pager.page] ?? []) this.#draw(device_id);
    for (const id of this.#risen) this.#draw(id);
  }

  #draw(id) {
    const channel = this.board.channels.get(id);
    if (channel === undefined) return;
    const drawn = face(channel, { seen: lastSeen(this.board, channel), nowMs: this.now() });
    this.#tiles.draw(id, drawn);
    this.#strip.draw(id, drawn);
  }

  /** Decide every channel's state for this moment. Returns whether any is another than before. */
  #age() {
    const nowMs = this.now();
    const before = this.#states;
    this.#states = new Map();
    let moved = false;
    for (const [id, channel] of this.board.channels) {
      const state = stateNow(channel, lastSeen(this.board, channel), nowMs);
      this.#states.set(id, state);
      moved ||= before.get(id) !== state;
    }
    return moved;
  }

  #oldestFresh() {
    let oldest = null;
    for (const channel of this.#pages.flat()) {
      const { at, interval_s } = lastSeen(this.board, channel);
      const seconds = age(at, this.now());
      if (this.#stateOf(channel) === "offline" || freshness(seconds, interval_s) !== "fresh") continue;
      if (oldest === null || seconds > oldest) oldest = seconds;
    }
    return oldest;
  }

  #turnTo(hash) {
    const page = this.#pages.findIndex((channels) =>
      channels.some(({ device_id }) => hash === `#device-${encodeURIComponent(device_id)}`),
    );
    if (page >= 0) this.#pager.show(page);
  }
}

const ids = (channels) => channels.map(({ device_id }) => device_id);
