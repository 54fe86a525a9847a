/** The strip of channels in trouble above the tiles. Each entry leads to its tile. */

import { strip } from "./order.js";
import { Tiles } from "./tiles.js";

// The same query as in strip.css: what is narrower has its entries one below the other.
const NARROW = matchMedia("(width < 700px)");
const ROWS = { most: 3, crowded: 3 };
const ENTRY_EM = 19;
const MORE_EM = 7;

export class Strip {
  /** Who stands in it. */
  ids = [];
  #entries = new Tiles(document.querySelector(".strip"), document.querySelector("#trouble-template"));
  #more = document.querySelector(".more");

  /** `followed(hash)` is told to which fragment somebody wants to go. */
  constructor(followed) {
    // By hand: a link to the fragment that the address has already would do nothing.
    this.#entries.container.addEventListener("click", (event) => {
      const entry = event.target.closest("a");
      if (entry === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      history.replaceState(null, "", entry.hash);
      followed(entry.hash);
    });
  }

  place(channels, stateOf) {
    const { first, more } = strip(channels, NARROW.matches ? ROWS : this.#abreast(), stateOf);
    this.ids = first.map(({ device_id }) => device_id);
    this.#entries.place(this.ids);
    this.#entries.container.hidden = first.length === 0;
    this.#more.hidden = more === 0;
    this.#more.textContent = `+${more} more`;
  }

  draw(id, face) {
    this.#entries.draw(id, face);
  }

  #abreast() {
    const width = innerWidth / Number.parseFloat(getComputedStyle(this.#entries.container).fontSize);
    return { most: Math.floor(width / ENTRY_EM), crowded: Math.floor((width - MORE_EM) / ENTRY_EM) };
  }
}
