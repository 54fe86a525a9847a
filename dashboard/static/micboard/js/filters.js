/** The list's filters: what is typed and chosen, and the same in the address, so that reload and Back bring it again. */

import { narrows, searchFor, wishIn } from "./listed.js";

const ONE_BURST_MS = 1000;

export class Filters {
  wish = wishIn(location.search);
  #form = document.querySelector("#filters");
  #headings = document.querySelectorAll("thead [data-sort]");
  #typedAt = Number.NEGATIVE_INFINITY;

  /** `sorted()` is told when another order is asked for, `searched()` when others are. */
  constructor({ sorted, searched }) {
    this.sorted = sorted;
    this.searched = searched;
    this.#show();
    this.#form.addEventListener("input", ({ target, timeStamp }) => this.#read(target, timeStamp));
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.querySelector(".print").addEventListener("click", () => print());
    for (const heading of this.#headings) {
      heading.addEventListener("click", () => this.#sortBy(heading.dataset.sort));
    }
    for (const clear of document.querySelectorAll(".clear")) {
      clear.addEventListener("click", (event) => {
        event.preventDefault();
        this.#ask({ q: "", states: [], location: "" });
        this.#form.elements.q.focus();
      });
    }
    addEventListener("popstate", () => {
      this.wish = wishIn(location.search);
      this.#show();
      this.sorted();
    });
  }

  #read(target, at) {
    const { q, location: place, sort, state } = this.#form.elements;
    const states = [...state].filter(({ checked }) => checked).map(({ value }) => value);
    // Letters that follow each other are one step for Back.
    const goesOn = target === q && at - this.#typedAt < ONE_BURST_MS;
    this.#typedAt = target === q ? at : Number.NEGATIVE_INFINITY;
    this.#ask({ q: q.value.trim(), states, location: place?.value ?? "", sort: sort.value }, goesOn);
  }

  #sortBy(column) {
    this.#ask({ sort: this.wish.sort === column ? `-${column}` : column });
  }

  #ask(wish, goesOn = false) {
    const { sort } = this.wish;
    this.wish = { ...this.wish, ...wish };
    const search = searchFor(this.wish, location.search);
    if (search !== location.search) {
      const address = `${location.pathname}${search}`;
      if (goesOn) history.replaceState(null, "", address);
      else history.pushState(null, "", address);
    }
    this.#show();
    if (this.wish.sort === sort) this.searched();
    else this.sorted();
  }

  /** Show what is asked for on all controls; a text that says the same is left to whoever types it. */
  #show() {
    const { q, states, location: place, sort } = this.wish;
    const { elements } = this.#form;
    if (elements.q.value.trim() !== q) elements.q.value = q;
    for (const box of elements.state) box.checked = states.includes(box.value);
    if (elements.location) elements.location.value = place;
    elements.sort.value = sort;
    const column = sort.replace(/^-/, "");
    for (const heading of this.#headings) {
      if (heading.dataset.sort !== column) heading.parentElement.removeAttribute("aria-sort");
      else heading.parentElement.setAttribute("aria-sort", sort === column ? "ascending" : "descending");
    }
    this.#form.querySelector(".clear").hidden = !narrows(this.wish);
    const csv = this.#form.querySelector(".csv");
    csv.setAttribute("href", `${csv.pathname}${location.search}`);
  }
}
