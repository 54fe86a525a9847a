/** The wall's header: who is counted, the clock, how old what looks fresh may be; also title and favicon. */

import { span } from "./format.js";
import { WORST_FIRST } from "./order.js";

const clockTime = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", hourCycle: "h23" });

/** How the page is called, so that a background tab tells how many need a hand: "(2!) Wall". */
export function title(found) {
  const urgent = found.critical + found.offline;
  if (urgent) return `(${urgent}!) Wall`;
  return found.warning ? `(${found.warning}) Wall` : "Wall";
}

/** The worst state that anybody is in; "off" when there is nobody. */
export function worst(found) {
  return WORST_FIRST.find((state) => found[state] > 0) ?? "off";
}

/** How old what looks fresh may be: `oldestS` is the oldest such value's age, null where there is none. */
export function bound(oldestS, total) {
  if (total === 0) return "";
  return oldestS === null ? "no fresh data" : `data ≤ ${span(Math.ceil(oldestS))}`;
}

export class Header {
  #number = 0;
  #element = document.querySelector(".head");
  #replay = document.querySelector(".replay"); // stands below it where the wall is of the past
  #total = document.querySelector(".total");
  #clock = document.querySelector(".clock");
  #bound = document.querySelector(".bound");
  #until = document.querySelector(".head .until");
  #icon = document.querySelector("link[rel=icon]");
  #counts = new Map([...document.querySelectorAll(".count")].map((count) => [count.dataset.state, count]));

  get height() {
    return this.#element.offsetHeight + (this.#replay?.offsetHeight ?? 0);
  }

  count(found) {
    this.#number = Object.values(found).reduce((sum, number) => sum + number, 0);
    put(this.#total, this.#number === 1 ? "1 channel" : `${this.#number} channels`);
    for (const [state, element] of this.#counts) {
      element.hidden = found[state] === 0;
      put(element.querySelector(".number"), String(found[state]));
    }
    document.title = title(found);
    const icon = this.#icon.dataset[worst(found)];
    if (this.#icon.getAttribute("href") !== icon) this.#icon.setAttribute("href", icon);
  }

  /** `end` is what there is to say of it, as ends.js tells; null: nothing. */
  tick(nowMs, oldestS, end = null) {
    put(this.#clock, clockTime.format(nowMs));
    put(this.#bound, bound(oldestS, this.#number));
    if (this.#until.hidden !== (end === null)) this.#until.hidden = end === null;
    for (const [part, text] of Object.entries(end ?? {})) put(this.#until.querySelector(`.${part}`), text);
  }
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
