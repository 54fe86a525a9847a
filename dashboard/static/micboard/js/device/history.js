/** The plots of a channel's page: the past of one range, which goes on with what the feed tells. */

import { Plot } from "./plot.js";
import { Readout } from "./readout.js";
import { Ribbon } from "./ribbon.js";
import { append, trim, valuesOf } from "./series.js";
import { pastOf, put } from "./server.js";
import { localise } from "./times.js";

const NAMES = Object.keys;

export class History {
  range;
  #past;
  #length;
  #readout = new Readout();
  #pointedAt = null;
  #ribbon = new Ribbon(document.querySelector(".ribbon"));
  #plots;

  /** `now()` is the server's time in ms. */
  constructor(past, now) {
    this.now = now;
    const figures = [...document.querySelectorAll(".plot")];
    this.#plots = figures.map(
      (figure, index) =>
        new Plot(figure, {
          isLast: index === figures.length - 1,
          pointed: (at) => this.#point(at),
        }),
    );
    this.#take(past);
  }

  /** Let a channel's row hold from now on. */
  hear(row) {
    append(
      this.#past.series,
      this.now(),
      valuesOf(
        row,
        NAMES(this.#past.series).filter((name) => name !== "state"),
      ),
    );
  }

  /** Let time pass. */
  tick() {
    this.#past.until = Math.max(this.#past.until, this.now());
    this.#past.since = this.#past.until - this.#length;
    trim(this.#past.series, this.#past.since);
    this.#draw();
  }

  /** Show the past of a range as it is kept, with what it says in words. */
  async show(range) {
    const past = await pastOf(range);
    for (const [plot, html] of Object.entries(past.words))
      put(document.querySelector(`#words-${plot} .table`), html);
    if (!document.querySelector(".log").dataset.older) put(document.querySelector(".log .pages"), past.log);
    this.#take(past);
    localise(document, this.now());
  }

  /** How long the kept past may be behind before it is worth to ask for it again. */
  get worthAsking() {
    return Math.max(10_000, this.#length / 2000);
  }

  repaint() {
    for (const plot of this.#plots) plot.repaint();
    this.#ribbon.draw();
  }

  #take(past) {
    this.range = past.range;
    this.#past = past;
    this.#length = past.until - past.since;
    this.#draw();
  }

  #draw() {
    for (const plot of this.#plots) plot.show(this.#past);
    this.#ribbon.show(this.#past);
    this.#readout.say(this.#past, this.#pointedAt);
  }

  #point(at) {
    if (at === this.#pointedAt) return;
    this.#pointedAt = at;
    this.#readout.say(this.#past, at);
  }
}
