/** A slider through time, with marks of what happened. */

import { shownAround } from "./past.js";

const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", hourCycle: "h23" });
export const written = (at) => `${day.format(at)}, ${time.format(at)}`;

export class Scrubber {
  #element = document.querySelector(".scrubber");
  #slider = document.querySelector(".scrubber .time");
  #marks = document.querySelector(".scrubber .marks");
  #under = document.querySelector(".replay .under");
  #moments = [];
  from = 0;
  to = 0;

  /** `moved(ms)` is told where somebody puts the slider. */
  constructor(moved) {
    this.#slider.addEventListener("input", () => moved(Number(this.#slider.value)));
    this.#element.hidden = false;
  }

  /** Show the part of the past around a moment. */
  around(at, aroundMs, retained) {
    [this.from, this.to] = shownAround(at, aroundMs, retained);
    this.#slider.min = this.from;
    this.#slider.max = this.to;
    this.#slider.step = 1000;
    this.#element.querySelector(".from").textContent = written(this.from);
    this.#element.querySelector(".to").textContent = written(this.to);
    this.point(at);
  }

  /** Mark alerts, and when nobody polled. */
  mark({ moments, absences }) {
    this.#moments = moments;
    this.#marks.replaceChildren(
      ...absences.map(({ from, to }) => {
        const [start, end] = [Date.parse(from), to === null ? this.to : Date.parse(to)];
        const mark = this.#mark(Math.max(start, this.from), "away");
        mark.style.right = `${100 - this.#percent(Math.min(end, this.to))}%`;
        return mark;
      }),
      ...moments.map(({ at, state }) => this.#mark(Date.parse(at), state)),
    );
  }

  #mark(at, state) {
    const mark = document.createElement("i");
    mark.dataset.state = state;
    mark.style.left = `${this.#percent(at)}%`;
    return mark;
  }

  #percent(at) {
    return (100 * (at - this.from)) / (this.to - this.from);
  }

  point(at) {
    this.#slider.value = at;
    this.#slider.setAttribute("aria-valuetext", written(at));
    this.#under.textContent = this.#lastBefore(at)?.text ?? "";
  }

  // What happened last, as long as it is news: a sixtieth of what is shown.
  #lastBefore(at) {
    const news = (this.to - this.from) / 60;
    return this.#moments.find((one) => Date.parse(one.at) <= at && at - Date.parse(one.at) < news);
  }
}
