/** Which page of tiles is shown, and when it turns. */

const PAGE_MS = 12_000;

export class Pager {
  page = 0;
  pages = 1;
  #paused = false;
  #element = document.querySelector(".pager");
  #timer = null;

  /** `next(page)` says which page comes after this one by itself; `moved()` is told that another is shown. */
  constructor({ next, moved }) {
    this.next = next;
    this.moved = moved;
    this.#button(".previous").addEventListener("click", () => this.#step(-1));
    this.#button(".next").addEventListener("click", () => this.#step(1));
    this.#button(".pause").addEventListener("click", () => this.#pause(!this.#paused));
    this.#wait();
  }

  /** Show this page and give it its full time. */
  show(page) {
    this.page = page;
    this.#wait();
    this.moved();
  }

  /** Show this page until somebody lets them turn again. */
  hold(page) {
    this.#pause(true);
    this.show(page);
  }

  /** Say how many pages there are now. */
  count(pages) {
    this.pages = pages;
    this.page = Math.min(this.page, Math.max(0, pages - 1));
    this.#element.hidden = pages < 2;
    const where = `${this.page + 1}/${pages}`;
    const said = this.#element.querySelector(".where");
    if (said.textContent !== where) said.textContent = where;
  }

  #step(by) {
    this.hold((this.page + by + this.pages) % this.pages);
  }

  #pause(paused) {
    this.#paused = paused;
    this.#button(".pause").setAttribute("aria-pressed", String(paused));
    this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    if (!this.#paused) this.#timer = setTimeout(() => this.show(this.next(this.page)), PAGE_MS);
  }

  #button(selector) {
    return this.#element.querySelector(selector);
  }
}
