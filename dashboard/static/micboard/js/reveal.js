/** Show some of many elements and hide the others, in the order of the page: a part each picture, so that none is late. */

const AT_ONCE = 60; // a screen of 4K shows 50

export class Reveal {
  #turn = 0;

  constructor(container) {
    this.container = container;
  }

  stop() {
    cancelAnimationFrame(this.#turn);
  }

  /** `isShown(element)` says who is to be seen; the first of the page are at once. */
  to(isShown) {
    this.stop();
    const elements = [...this.container.children];
    const go = (from) => {
      for (const element of elements.slice(from, from + AT_ONCE)) {
        const hidden = !isShown(element);
        if (element.hidden !== hidden) element.hidden = hidden;
      }
      if (from + AT_ONCE < elements.length) this.#turn = requestAnimationFrame(() => go(from + AT_ONCE));
    };
    go(0);
  }
}
