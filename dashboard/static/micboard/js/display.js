/** What is on the screen: header, strip and tiles, redrawn from the board when it changes and as it ages. */

import { age, freshness } from "./age.js";
import { endOf, isOwn, told } from "./ends.js";
import { face, stateNow } from "./face.js";
import { Header } from "./header.js";
import { arrangement, counts, firstPage, nextPage, ordered, pages } from "./order.js";
import { Pager } from "./pager.js";
import { lastSeen } from "./store.js";
import { Strip } from "./strip.js";
import { Tiles } from "./tiles.js";

// Room for whole pages of tiles, which turn. What is narrower or lower scrolls: as in strip.css.
const ROOMY = matchMedia("(width >= 700px) and (height >= 600px)");
const IS_KIOSK = document.documentElement.hasAttribute("data-kiosk");

export class Display {
  #header = new Header();
  #wall = document.querySelector(".wall");
  #tiles = new Tiles(document.querySelector(".tiles"), document.querySelector("#tile-template"));
  #strip = new Strip((hash) => this.#pointAt(hash));
  #empty = document.querySelector(".empty");
  #pager;
  #pages = [];
  #end = null;
  #states = new Map();
  #stateOf = (channel) => this.#states.get(channel.device_id);

  /** `now()` is the server's time in ms; `places` and `until` are as in ends.js. */
  constructor(board, now, { places = {}, until = "" } = {}) {
    this.board = board;
    this.now = now;
    this.places = places;
    this.until = until;
    this.#pager = new Pager({
      next: (page) => nextPage(this.#pages, page, this.#stateOf),
      moved: () => this.place(),
    });
    addEventListener("resize", () => this.place());
    this.changed(board.channels.keys());
    this.#pager.show(firstPage(this.#pages, this.#stateOf));
    this.#pointAt(location.hash);
  }

  /** Draw these channels anew, and whatever depends on them. */
  changed(ids) {
    this.place();
    for (const id of ids) this.#draw(id);
  }

  /** Let a second pass. */
  tick() {
    if (this.#age()) this.#arrange();
    else this.#drawShown();
    const nowMs = this.now();
    this.#header.tick(nowMs, this.#oldestFresh(), this.#end && told(this.#end, nowMs));
  }

  /** Let locations be as these are. */
  know(places) {
    this.places = places;
    this.tick();
  }

  /** Put everything in its place, as of this moment: a channel that has just come has a state only then. */
  place() {
    this.#age();
    this.#arrange();
  }

  #arrange() {
    const { group, sort } = this.#wall.dataset;
    const channels = ordered(
      this.board.channels.values(),
      { group, sort: sort || (ROOMY.matches ? "slot" : "state") },
      this.#stateOf,
    );
    this.#header.count(counts(channels, this.#stateOf));
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const room = { width: innerWidth / rem, height: (innerHeight - this.#header.height) / rem };
    const { columns, rows, perPage } = arrangement(channels.length, room);
    this.#pages = ROOMY.matches ? pages(channels, perPage) : [channels];
    this.#pager.count(this.#pages.length);
    const shown = new Set(this.#pages[this.#pager.page]);
    this.#tiles.place(ids(channels), (id) => shown.has(this.board.channels.get(id)));
    this.#tiles.container.style.setProperty("--columns", columns);
    this.#tiles.container.style.setProperty("--rows", rows);
    document.body.toggleAttribute("data-arranged", ROOMY.matches);
    this.#empty.hidden = channels.length > 0;
    this.#strip.place(channels, this.#stateOf);
    this.#drawShown();
  }

  #drawShown() {
    this.#end = endOf(this.#pages.flat(), this.places, this.now(), this.until);
    for (const { device_id } of this.#pages[this.#pager.page] ?? []) this.#draw(device_id);
    for (const id of this.#strip.ids) this.#draw(id);
  }

  #draw(id) {
    const channel = this.board.channels.get(id);
    if (channel === undefined) return;
    const drawn = face(channel, {
      seen: lastSeen(this.board, channel),
      nowMs: this.now(),
      alerts: this.board.alerts.values(),
      endsMs: isOwn(this.#end) ? this.#end.ms : null,
    });
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

  /** Show the tile that this fragment names, and stay with it. A kiosk has nobody to let the pages turn again. */
  #pointAt(hash) {
    const isMeant = ({ device_id }) => hash === `#device-${encodeURIComponent(device_id)}`;
    const page = this.#pages.findIndex((channels) => channels.some(isMeant));
    if (page < 0) return;
    if (IS_KIOSK) this.#pager.show(page);
    else this.#pager.hold(page);
    this.#tiles.point(this.#pages[page].find(isMeant).device_id);
  }
}

const ids = (channels) => channels.map(({ device_id }) => device_id);
